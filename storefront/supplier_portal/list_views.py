"""Portal list: show all orders of a supplier, confirm several, exchange files of tracking numbers."""

from http import HTTPStatus
from urllib.parse import urlencode

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from storefront.lib.staff.list_actions import csv_response
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from storefront.supplier_portal import actions, order_list, tracking_file
from storefront.supplier_portal.access import ListAccess, list_form, list_page, render_page
from storefront.supplier_portal.purchase_order import load_page
from storefront.supplier_portal.tracking_file import Outcome, UnreadableFileError

MAX_CONFIRMED = 100  # orders of one submission
DEFAULT_FILTER = "to_confirm"


@list_page
def show(request: HttpRequest, access: ListAccess) -> HttpResponse:
    return _show(request, access)


@list_form
def confirm(request: HttpRequest, access: ListAccess) -> HttpResponse:
    """Confirm each chosen order as a whole."""
    numbers = list(dict.fromkeys(request.POST.getlist("order")))[:MAX_CONFIRMED]
    if not numbers:
        return _show(request, access, problem=_("Choose at least one order."))
    outcomes = [_confirm(access, number) for number in numbers]
    return _results(request, access, title=_("Confirmed orders"), outcomes=outcomes)


@list_form
def upload(request: HttpRequest, access: ListAccess) -> HttpResponse:
    """Import a file of tracking numbers."""
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        return _show(request, access, problem=_("Choose a file."))
    if (file.size or 0) > tracking_file.MAX_BYTES:
        return _show(request, access, problem=_("The file is larger than 2 MB."))
    try:
        outcomes = tracking_file.import_file(
            supplier=access.supplier, content=file.read(), now=timezone.now()
        )
    except UnreadableFileError as error:
        return _show(request, access, problem=str(error))
    return _results(request, access, title=_("Tracking numbers"), outcomes=outcomes)


@list_page
def download(_request: HttpRequest, access: ListAccess) -> HttpResponse:
    """Return the open orders as a CSV file, to be filled in and uploaded."""
    rows = tracking_file.export_open_orders(access.supplier)
    return csv_response(rows, f"{access.supplier.code}-orders.csv")


def _confirm(access: ListAccess, number: str) -> Outcome:
    purchase_order = order_list.find_order(supplier=access.supplier, number=number)
    if purchase_order is None:
        return Outcome(order=number[:40], kind="bad", text=_("There is no such order."))
    shown = load_page(purchase_order)
    if shown.is_answered:
        return Outcome(order=number, kind="", text=_("Already confirmed. Nothing changed."))
    if shown.can_cancel:
        text = _("Open this order: a cancellation waits for your answer.")
        return Outcome(order=number, kind="bad", text=text)
    try:
        is_late = not shown.can_refuse
        if not is_late:
            actions.acknowledge(
                purchase_order=purchase_order,
                refused=(),
                is_full_rejection=False,
                unit_costs={},
                ships_by=None,
                now=timezone.now(),
            )
    except (InvalidTransitionError, ConcurrentUpdateError):
        is_late = True
    if is_late:
        text = _("This can no longer be changed here. Please contact us.")
        return Outcome(order=number, kind="bad", text=text)
    return Outcome(order=number, kind="good", text=_("Confirmed. Thank you."))


def _results(
    request: HttpRequest, access: ListAccess, *, title: str, outcomes: list[Outcome]
) -> HttpResponse:
    context = {
        "title": title,
        "outcomes": outcomes,
        "failed": sum(outcome.kind == "bad" for outcome in outcomes),
        "has_rows": any(outcome.row_number for outcome in outcomes),
        "base": access.path,
        "supplier": access.supplier,
    }
    return render_page(request, "results", context, path=access.path)


def _show(request: HttpRequest, access: ListAccess, *, problem: str = "") -> HttpResponse:
    wanted = request.GET.get("show", "")
    chosen = wanted if wanted in order_list.FILTERS else DEFAULT_FILTER
    search = request.GET.get("q", "")[: order_list.MAX_SEARCH_LENGTH]
    found = order_list.load_list(
        supplier=access.supplier,
        chosen=chosen,
        search=search,
        page=request.GET.get("page", ""),
        now=timezone.now(),
    )
    context = {
        "found": found,
        "chosen": chosen,
        "search_text": search,
        "filters": [
            (name, label, found.counts[name]) for name, label in order_list.FILTER_LABELS.items()
        ],
        "query": urlencode({"show": chosen, "q": search}),
        "search_query": urlencode({"q": search}),
        "base": access.path,
        "supplier": access.supplier,
        "problem": problem,
        "can_confirm": any(entry.is_to_confirm for entry in found.entries),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    path = access.path if request.method == "POST" else ""
    return render_page(request, "order_list", context, status, path=path)
