"""Portal page: show a purchase order to its supplier, receive its answers, parcels and deliveries.

The link is the only credential; no account and no cookie is used. A form therefore needs no CSRF
token: another site cannot know the URL to which it would have to post.
"""

from __future__ import annotations

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
from shipping.models import Parcel
from shipping.shipments import carriers
from shipping.shipments.shipments import NotShippableError
from storefront.accounts import security_log
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from storefront.supplier_portal import actions, purchase_order
from storefront.supplier_portal.forms import AnswerForm, ParcelForm
from storefront.supplier_portal.purchase_order import Page

WRONG_KEYS_PER_HOUR = 60
FORMS_PER_HOUR = 240
Status = PurchaseOrder.Status

# Message after a form was sent; its code is in the URL.
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
    def opened(request: HttpRequest, number: str, key: str) -> HttpResponse:
        try:
            found = links.find_purchase(number=number, key=key, now=timezone.now())
        except links.ExpiredLinkError:
            words = _("The purchase order was closed long ago. Contact us if you need it.")
            return _error(request, HTTPStatus.GONE, _("This link has expired."), words)
        if found is None:
            link, failed = security_log.Event.SUPPLIER_LINK, security_log.Result.FAILED
            security_log.record(link, actor=request.user, result=failed, purchase_order=number)
            who = client_range(request)
            if is_rate_limited(what="portal-key", who=who, per_hour=WRONG_KEYS_PER_HOUR):
                title, words = _("Too many invalid links."), _("Try again in an hour.")
                return _error(request, HTTPStatus.TOO_MANY_REQUESTS, title, words)
            words = _("Use the link in our latest e-mail, or reply to that e-mail.")
            return _error(request, HTTPStatus.NOT_FOUND, _("This link does not work."), words)
        if request.method == "POST":
            said = request.path.strip("/").rpartition("/")[2]
            link, actor = security_log.Event.SUPPLIER_LINK, f"supplier:{found.supplier_id}"
            security_log.record(link, actor=actor, purchase_order=number, change=said)
        response = view(request, found)
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return opened


def _error(request: HttpRequest, status: HTTPStatus, title: str, words: str) -> HttpResponse:
    shown = {"title": title, "words": words}
    return render(request, "web/layout/error_page.html", shown, status=status)


def form_view(view: View) -> Callable[[HttpRequest, str, str], HttpResponse]:
    """Wrap a view of a form: a repeated or outdated form redirects instead of failing."""

    @wraps(view)
    def taken(request: HttpRequest, found: PurchaseOrder) -> HttpResponse:
        if is_rate_limited(what="portal", who=found.number, per_hour=FORMS_PER_HOUR):
            page = purchase_order.load_page(found)
            return _show(
                request,
                page,
                problem=_("Too many submissions in one hour. Try again later, or contact us."),
                status=HTTPStatus.TOO_MANY_REQUESTS,
            )
        try:
            return view(request, found)
        except (
            InvalidTransitionError,
            ConcurrentUpdateError,
            NoPendingRequestError,
            AddressLockedError,
            NotShippableError,
        ):
            return _back(found, "late")

    return never_cache(csrf_exempt(require_POST(with_access_key(taken))))


@never_cache
@require_safe
@with_access_key
def page(request: HttpRequest, found: PurchaseOrder) -> HttpResponse:
    return _show(
        request, purchase_order.load_page(found), news=MESSAGES.get(request.GET.get("done", ""))
    )


@form_view
def answer(request: HttpRequest, found: PurchaseOrder) -> HttpResponse:
    shown = purchase_order.load_page(found)
    if not shown.can_refuse:
        return _back(found, "answered" if shown.is_answered else "late")
    given = AnswerForm(request.POST, lines=shown.live)
    if not given.is_valid():
        return _show(request, shown, answer=given, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    refused = given.refused()
    is_whole = len(refused) == len(shown.live) and not any(line.ships for line in refused)
    actions.acknowledge(
        purchase_order=found,
        refused=refused,
        is_whole=is_whole,
        unit_costs=given.unit_costs(),
        ships_by=given.cleaned_data["ships_by"],
        now=timezone.now(),
    )
    return _back(found, "answered")


@form_view
def parcel(request: HttpRequest, found: PurchaseOrder) -> HttpResponse:
    shown = purchase_order.load_page(found)
    given = ParcelForm(request.POST, lines=shown.left)
    given.full_clean()
    number = given.cleaned_data.get("number")
    if number and any(box.number == number for box in shown.boxes):
        return _back(found, "shipped")  # the form was sent twice
    if not shown.left:
        return _back(found, "late")
    if given.is_valid():
        taken = actions.ship(
            purchase_order=found,
            carrier=given.cleaned_data["carrier"],
            number=given.cleaned_data["number"],
            units=given.units(),
            now=timezone.now(),
        )
        if taken.parcels:
            return _back(found, "shipped")
        given.add_error("number", _("This tracking number belongs to another order."))
    return _show(request, shown, parcel=given, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@form_view
def arrived(request: HttpRequest, found: PurchaseOrder) -> HttpResponse:
    parcels = Parcel.objects.filter(shipment__purchase_order=found).exclude(number="")
    meant = parcels.filter(number=request.POST.get("number", "")).first()
    if meant is None:
        return _back(found, "late")
    actions.confirm_delivery(purchase_order=found, parcel=meant, now=timezone.now())
    return _back(found, "arrived")


@form_view
def stop(request: HttpRequest, found: PurchaseOrder) -> HttpResponse:
    if found.status == Status.CANCELED:  # the form was sent twice
        return _back(found, "stopped")
    if not purchase_order.load_page(found).can_cancel:
        return _back(found, "late")
    is_stopped = request.POST.get("said", "yes") != "no"
    actions.answer_cancellation(purchase_order=found, is_stopped=is_stopped, now=timezone.now())
    return _back(found, "stopped" if is_stopped else "goes")


@form_view
def answer_address_change(request: HttpRequest, found: PurchaseOrder) -> HttpResponse:
    change_request = change_requests.pending_request(found)
    said = request.POST.get("said", "")
    if (
        change_request is None
        or str(change_request.pk) != request.POST.get("change_request", "")
        or said not in {"yes", "no"}
    ):
        return _back(found, "late")
    who = f"supplier {found.supplier.code}"
    change_requests.record_answer(
        change_request=change_request, is_yes=said == "yes", actor=who, now=timezone.now()
    )
    return _back(found, "answered")


def headline(shown: Page) -> str:
    """Return what the supplier should do now, in a few words."""
    if shown.is_canceled:
        return _("Canceled. Please do not ship it.")
    if shown.is_over:
        return _("Completed. Thank you.")
    if not shown.left:
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
    news: tuple[str, Promise] | None = None,
    problem: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    context = {
        "shown": shown,
        "order": shown.purchase_order,
        "title": headline(shown),
        "answer_form": answer or AnswerForm(lines=shown.live),
        "parcel_form": parcel or ParcelForm(lines=shown.left),
        "wrong": [one for one in (answer, parcel) if one is not None and one.errors],
        "carriers": [one.name for one in carriers.CARRIERS],
        "news": news,
        "problem": problem,
    }
    return render(request, "supplier_portal/purchase_order.html", context, status=status)


def _back(found: PurchaseOrder, word: str) -> HttpResponse:
    path = reverse("purchase", args=[found.number, found.access_key])
    return HttpResponseRedirect(f"{path}?done={word}", status=HTTPStatus.SEE_OTHER)
