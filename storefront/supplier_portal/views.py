"""Portal page: show a purchase order to its supplier, receive its answers, parcels and deliveries."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.safety.documents import MAX_BYTES, InvalidDocumentError
from orders.accounting import supplier_documents
from orders.address_changes import change_requests
from orders.address_changes.corrections import AddressLockedError
from orders.cancellation.supplier_answers import NoPendingRequestError
from orders.models import PurchaseOrder
from shipping.carriers.registry import CARRIERS
from shipping.models import Parcel
from shipping.shipments.shipments import NotShippableError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from storefront.supplier_portal import actions
from storefront.supplier_portal.access import (
    OrderAccess,
    has_too_many_forms,
    order_form,
    order_page,
    render_page,
)
from storefront.supplier_portal.forms import AnswerForm, DocumentForm, ParcelForm
from storefront.supplier_portal.purchase_order import Page, load_page

Status = PurchaseOrder.Status

# The message after a form was sent, by the code in the URL (``?done=``).
MESSAGES: dict[str, tuple[str, Promise]] = {
    "answered": ("good", gettext_lazy("We received your answer. Thank you.")),
    "shipped": ("good", gettext_lazy("The parcel is saved. We e-mail the customer.")),
    "arrived": ("good", gettext_lazy("Marked as delivered.")),
    "stopped": ("good", gettext_lazy("The order is stopped. Thank you.")),
    "goes": ("good", gettext_lazy("Cancellation rejected. Please ship it as ordered.")),
    "filed": ("good", gettext_lazy("The document is saved. Thank you.")),
    "late": ("bad", gettext_lazy("This can no longer be changed here. Please contact us.")),
}


def form_view(
    view: Callable[[HttpRequest, OrderAccess], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Wrap a view of a form: a repeated or outdated form redirects instead of failing."""

    @wraps(view)
    def limited_view(request: HttpRequest, access: OrderAccess) -> HttpResponse:
        if has_too_many_forms(access.purchase_order.number):
            return _show(
                request,
                access,
                load_page(access.purchase_order),
                problem=_("Too many submissions in one hour. Try again later, or contact us."),
                status=HTTPStatus.TOO_MANY_REQUESTS,
            )
        try:
            return view(request, access)
        except (
            InvalidTransitionError,
            ConcurrentUpdateError,
            NoPendingRequestError,
            AddressLockedError,
            NotShippableError,
        ):
            return _back(access, "late")

    return order_form(limited_view)


@order_page
def page(request: HttpRequest, access: OrderAccess) -> HttpResponse:
    message = MESSAGES.get(request.GET.get("done", ""))
    return _show(request, access, load_page(access.purchase_order), message=message)


@form_view
def answer(request: HttpRequest, access: OrderAccess) -> HttpResponse:
    purchase_order = access.purchase_order
    shown = load_page(purchase_order)
    if not shown.can_refuse:
        return _back(access, "answered" if shown.is_answered else "late")
    form = AnswerForm(request.POST, lines=shown.active_lines)
    if not form.is_valid():
        return _show(request, access, shown, answer=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    refused = form.refused()
    is_full_rejection = len(refused) == len(shown.active_lines) and not any(
        line.ships for line in refused
    )
    actions.acknowledge(
        purchase_order=purchase_order,
        refused=refused,
        is_full_rejection=is_full_rejection,
        unit_costs=form.unit_costs(),
        ships_by=form.cleaned_data["ships_by"],
        now=timezone.now(),
    )
    return _back(access, "answered")


@form_view
def parcel(request: HttpRequest, access: OrderAccess) -> HttpResponse:
    purchase_order = access.purchase_order
    shown = load_page(purchase_order)
    form = ParcelForm(request.POST, lines=shown.remaining)
    form.full_clean()
    number = form.cleaned_data.get("number")
    if number and any(box.number == number for box in shown.parcels):
        return _back(access, "shipped")  # the form was sent twice
    if not shown.remaining:
        return _back(access, "late")
    if form.is_valid():
        result = actions.ship(
            purchase_order=purchase_order,
            carrier=form.cleaned_data["carrier"],
            number=form.cleaned_data["number"],
            units=form.units(),
            now=timezone.now(),
        )
        if result.parcels:
            return _back(access, "shipped")
        form.add_error("number", _("This tracking number belongs to another order."))
    return _show(request, access, shown, parcel=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@form_view
def arrived(request: HttpRequest, access: OrderAccess) -> HttpResponse:
    purchase_order = access.purchase_order
    parcels = Parcel.objects.filter(shipment__purchase_order=purchase_order).exclude(number="")
    delivered = parcels.filter(number=request.POST.get("number", "")).first()
    if delivered is None:
        return _back(access, "late")
    actions.confirm_delivery(purchase_order=purchase_order, parcel=delivered, now=timezone.now())
    return _back(access, "arrived")


@form_view
def stop(request: HttpRequest, access: OrderAccess) -> HttpResponse:
    purchase_order = access.purchase_order
    if purchase_order.status == Status.CANCELED:  # the form was sent twice
        return _back(access, "stopped")
    if not load_page(purchase_order).can_cancel:
        return _back(access, "late")
    is_stopped = request.POST.get("said", "yes") != "no"
    actions.answer_cancellation(
        purchase_order=purchase_order, is_stopped=is_stopped, now=timezone.now()
    )
    return _back(access, "stopped" if is_stopped else "goes")


@form_view
def answer_address_change(request: HttpRequest, access: OrderAccess) -> HttpResponse:
    purchase_order = access.purchase_order
    change_request = change_requests.pending_request(purchase_order)
    response = request.POST.get("said", "")
    if (
        change_request is None
        or str(change_request.pk) != request.POST.get("change_request", "")
        or response not in {"yes", "no"}
    ):
        return _back(access, "late")
    actor = f"supplier {purchase_order.supplier.code}"
    change_requests.record_answer(
        change_request=change_request, is_yes=response == "yes", actor=actor, now=timezone.now()
    )
    return _back(access, "answered")


@form_view
def document(request: HttpRequest, access: OrderAccess) -> HttpResponse:
    """Store an invoice or a packing list for staff."""
    form = DocumentForm(request.POST, request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            supplier_documents.add_document(
                purchase_order=access.purchase_order,
                kind=form.cleaned_data["kind"],
                content=upload.read(MAX_BYTES + 1),
                now=timezone.now(),
            )
        except InvalidDocumentError as error:
            form.add_error("file", str(error))
        except supplier_documents.TooManyDocumentsError:
            text = _("This order has %(most)d documents already. Contact us to send more.")
            form.add_error("file", text % {"most": supplier_documents.MAX_DOCUMENTS})
        else:
            return _back(access, "filed")
    shown = load_page(access.purchase_order)
    return _show(request, access, shown, document=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def headline(shown: Page) -> str:
    """Return what the supplier should do now, in a few words."""
    if shown.is_canceled:
        return _("Canceled. Please do not ship it.")
    if shown.is_finished:
        return _("Completed. Thank you.")
    if not shown.remaining:
        return _("Everything has shipped. Thank you.")
    if shown.is_answered:
        return _("Ship it, and enter the tracking number.")
    return _("You have a new order.")


def _show(  # noqa: PLR0913 - all parts of one page
    request: HttpRequest,
    access: OrderAccess,
    shown: Page,
    *,
    answer: AnswerForm | None = None,
    parcel: ParcelForm | None = None,
    document: DocumentForm | None = None,
    message: tuple[str, Promise] | None = None,
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    context = {
        "shown": shown,
        "order": shown.purchase_order,
        "base": access.path,
        "list_path": access.list_path,
        "title": headline(shown),
        "answer_form": answer or AnswerForm(lines=shown.active_lines),
        "parcel_form": parcel or ParcelForm(lines=shown.remaining),
        "document_form": document or DocumentForm(),
        "wrong": [form for form in (answer, parcel, document) if form is not None and form.errors],
        "carriers": [carrier.name for carrier in CARRIERS],
        "message": message,
        "problem": problem,
    }
    path = access.path if request.method == "POST" else ""
    return render_page(request, "purchase_order", context, status, path=path)


def _back(access: OrderAccess, word: str) -> HttpResponse:
    return HttpResponseRedirect(f"{access.path}?done={word}", status=HTTPStatus.SEE_OTHER)
