"""Portal page: show a purchase order to its supplier, receive its answers, parcels and deliveries.

The link is the only credential; no account and no cookie is used. A form therefore needs no CSRF
token: another site cannot know the URL to which it would have to post.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from orders import links
from orders.address_changes import change_requests
from orders.address_changes.corrections import AddressLockedError
from orders.cancellation.supplier_answers import NoPendingRequestError
from orders.models import PurchaseOrder
from shipping.carriers.registry import CARRIERS
from shipping.models import Parcel
from shipping.shipments.shipments import NotShippableError
from storefront.accounts import security_log
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from storefront.supplier_portal import actions
from storefront.supplier_portal.forms import AnswerForm, ParcelForm
from storefront.supplier_portal.purchase_order import Page, load_page

WRONG_KEYS_PER_HOUR = 60
FORMS_PER_HOUR = 240
Status = PurchaseOrder.Status

# The message after a form was sent, by the code in the URL (``?done=``).
MESSAGES: dict[str, tuple[str, Promise]] = {
    "answered": ("good", gettext_lazy("We received your answer. Thank you.")),
    "shipped": ("good", gettext_lazy("The parcel is saved. We e-mail the customer.")),
    "arrived": ("good", gettext_lazy("Marked as delivered.")),
    "stopped": ("good", gettext_lazy("The order is stopped. Thank you.")),
    "goes": ("good", gettext_lazy("Cancellation rejected. Please ship it as ordered.")),
    "late": ("bad", gettext_lazy("This can no longer be changed here. Please contact us.")),
}

type View = Callable[[HttpRequest, PurchaseOrder], HttpResponse]


def with_access_key(view: View) -> Callable[[HttpRequest, str, str], HttpResponse]:
    """Restrict a view to holders of the link, and keep the link out of referrers and indexes."""

    @wraps(view)
    def checked_view(request: HttpRequest, number: str, key: str) -> HttpResponse:
        try:
            purchase_order = links.find_purchase(number=number, key=key, now=timezone.now())
        except links.ExpiredLinkError:
            text = _("The purchase order was closed long ago. Contact us if you need it.")
            return _error(request, HTTPStatus.GONE, _("This link has expired."), text)
        if purchase_order is None:
            link, failed = security_log.Event.SUPPLIER_LINK, security_log.Result.FAILED
            security_log.record(link, actor=request.user, result=failed, purchase_order=number)
            network = client_range(request)
            if is_rate_limited(what="portal-key", who=network, per_hour=WRONG_KEYS_PER_HOUR):
                title, text = _("Too many invalid links."), _("Try again in an hour.")
                return _error(request, HTTPStatus.TOO_MANY_REQUESTS, title, text)
            text = _("Use the link in our latest e-mail, or reply to that e-mail.")
            return _error(request, HTTPStatus.NOT_FOUND, _("This link does not work."), text)
        if request.method == "POST":
            action = request.path.strip("/").rpartition("/")[2]
            link, actor = security_log.Event.SUPPLIER_LINK, f"supplier:{purchase_order.supplier_id}"
            security_log.record(link, actor=actor, purchase_order=number, change=action)
        response = view(request, purchase_order)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return checked_view


def _error(request: HttpRequest, status: HTTPStatus, title: str, text: str) -> HttpResponse:
    shown = {"title": title, "text": text}
    return render(request, "web/layout/error_page.html", shown, status=status)


def form_view(view: View) -> Callable[[HttpRequest, str, str], HttpResponse]:
    """Wrap a view of a form: a repeated or outdated form redirects instead of failing."""

    @wraps(view)
    def limited_view(request: HttpRequest, purchase_order: PurchaseOrder) -> HttpResponse:
        if is_rate_limited(what="portal", who=purchase_order.number, per_hour=FORMS_PER_HOUR):
            return _show(
                request,
                load_page(purchase_order),
                problem=_("Too many submissions in one hour. Try again later, or contact us."),
                status=HTTPStatus.TOO_MANY_REQUESTS,
            )
        try:
            return view(request, purchase_order)
        except (
            InvalidTransitionError,
            ConcurrentUpdateError,
            NoPendingRequestError,
            AddressLockedError,
            NotShippableError,
        ):
            return _back(purchase_order, "late")

    return never_cache(csrf_exempt(require_POST(with_access_key(limited_view))))


@never_cache
@require_safe
@with_access_key
def page(request: HttpRequest, purchase_order: PurchaseOrder) -> HttpResponse:
    return _show(
        request, load_page(purchase_order), message=MESSAGES.get(request.GET.get("done", ""))
    )


@form_view
def answer(request: HttpRequest, purchase_order: PurchaseOrder) -> HttpResponse:
    shown = load_page(purchase_order)
    if not shown.can_refuse:
        return _back(purchase_order, "answered" if shown.is_answered else "late")
    form = AnswerForm(request.POST, lines=shown.active_lines)
    if not form.is_valid():
        return _show(request, shown, answer=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
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
    return _back(purchase_order, "answered")


@form_view
def parcel(request: HttpRequest, purchase_order: PurchaseOrder) -> HttpResponse:
    shown = load_page(purchase_order)
    form = ParcelForm(request.POST, lines=shown.remaining)
    form.full_clean()
    number = form.cleaned_data.get("number")
    if number and any(box.number == number for box in shown.parcels):
        return _back(purchase_order, "shipped")  # the form was sent twice
    if not shown.remaining:
        return _back(purchase_order, "late")
    if form.is_valid():
        result = actions.ship(
            purchase_order=purchase_order,
            carrier=form.cleaned_data["carrier"],
            number=form.cleaned_data["number"],
            units=form.units(),
            now=timezone.now(),
        )
        if result.parcels:
            return _back(purchase_order, "shipped")
        form.add_error("number", _("This tracking number belongs to another order."))
    return _show(request, shown, parcel=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@form_view
def arrived(request: HttpRequest, purchase_order: PurchaseOrder) -> HttpResponse:
    parcels = Parcel.objects.filter(shipment__purchase_order=purchase_order).exclude(number="")
    delivered = parcels.filter(number=request.POST.get("number", "")).first()
    if delivered is None:
        return _back(purchase_order, "late")
    actions.confirm_delivery(purchase_order=purchase_order, parcel=delivered, now=timezone.now())
    return _back(purchase_order, "arrived")


@form_view
def stop(request: HttpRequest, purchase_order: PurchaseOrder) -> HttpResponse:
    if purchase_order.status == Status.CANCELED:  # the form was sent twice
        return _back(purchase_order, "stopped")
    if not load_page(purchase_order).can_cancel:
        return _back(purchase_order, "late")
    is_stopped = request.POST.get("said", "yes") != "no"
    actions.answer_cancellation(
        purchase_order=purchase_order, is_stopped=is_stopped, now=timezone.now()
    )
    return _back(purchase_order, "stopped" if is_stopped else "goes")


@form_view
def answer_address_change(request: HttpRequest, purchase_order: PurchaseOrder) -> HttpResponse:
    change_request = change_requests.pending_request(purchase_order)
    response = request.POST.get("said", "")
    if (
        change_request is None
        or str(change_request.pk) != request.POST.get("change_request", "")
        or response not in {"yes", "no"}
    ):
        return _back(purchase_order, "late")
    actor = f"supplier {purchase_order.supplier.code}"
    change_requests.record_answer(
        change_request=change_request, is_yes=response == "yes", actor=actor, now=timezone.now()
    )
    return _back(purchase_order, "answered")


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
    shown: Page,
    *,
    answer: AnswerForm | None = None,
    parcel: ParcelForm | None = None,
    message: tuple[str, Promise] | None = None,
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    context = {
        "shown": shown,
        "order": shown.purchase_order,
        "title": headline(shown),
        "answer_form": answer or AnswerForm(lines=shown.active_lines),
        "parcel_form": parcel or ParcelForm(lines=shown.remaining),
        "wrong": [form for form in (answer, parcel) if form is not None and form.errors],
        "carriers": [carrier.name for carrier in CARRIERS],
        "message": message,
        "problem": problem,
    }
    return render(request, "supplier_portal/purchase_order.html", context, status=status)


def _back(purchase_order: PurchaseOrder, word: str) -> HttpResponse:
    path = reverse("purchase", args=[purchase_order.number, purchase_order.access_key])
    return HttpResponseRedirect(f"{path}?done={word}", status=HTTPStatus.SEE_OTHER)
