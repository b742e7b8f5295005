"""Another address for an order, as its shopper asks for it: one form, and words for each end."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orders import links
from orders.addresses import change_requests, corrections
from orders.addresses.change_requests import Chance, Wished
from orders.cancellation import requests
from orders.models import Order
from orders.purchasing import tasks
from storefront.lib.security.rate_limit import is_too_often
from storefront.lib.tasks import wake
from storefront.web.core.address_form import CheckoutAddressForm
from storefront.web.core.visit import READS, visit
from storefront.web.orders import backorder_choice, showing_addresses
from storefront.web.orders.tracking import purchases_of

CHANGES_PER_HOUR = 20  # of one order
BY_SHOPPER = "asked for by the shopper"
NEWS: dict[str, tuple[str, Promise]] = {
    "changed": ("good", gettext_lazy("It goes to the new address. An e-mail says so, too.")),
    "partly": (
        "",
        gettext_lazy(
            "What had not left yet goes to the new address. With each parcel stands where it goes."
        ),
    ),
    "asked": (
        "",
        gettext_lazy(
            "Your new address is noted. With each parcel stands where it goes; once a supplier"
            " answers, we write to you."
        ),
    ),
    "same": ("good", gettext_lazy("It goes to this address already.")),
}
OVER = gettext_lazy("This order is over: its address cannot be changed any more.")
UNPAID = gettext_lazy("It is not paid yet. Pay it first, or give it up and order anew.")
STOPPING = gettext_lazy("You asked to cancel it, and its supplier has not answered yet.")
ASKED = gettext_lazy(
    "We have asked a supplier to send it to the address that you gave last. Once he has answered,"
    " which we tell you by mail, you can give another one."
)
GONE = gettext_lazy("All of it has left: it goes to the old address. Its carrier may still help.")


class AnotherAddressForm(CheckoutAddressForm):
    """Where an order goes instead, in the country that it was paid for."""

    email = None  # type: ignore[assignment]  # Django's way to leave a field out
    has_fixed_country = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = _("Another country has other prices: cancel it, and order anew.")
        self.fields["country"].error_messages["invalid_choice"] = words


@never_cache
@require_http_methods(READS)
def change(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Show where it goes, and take in where it shall go."""
    found = links.find(number=number, key=key)
    if found is None:
        raise Http404
    problem, status = _why_not(found), HTTPStatus.OK
    form = _form(request, found)
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if is_too_often(what="readdress", who=found.number, per_hour=CHANGES_PER_HOUR):
            told = _("Too many changes in one hour. Try again later, or write to us.")
            status = HTTPStatus.TOO_MANY_REQUESTS
            return _show(request, found, form, told=told, problem=problem, status=status)
        if form.is_valid() and problem not in {OVER, UNPAID, STOPPING}:
            try:
                return _back(found, _take(found, form))
            except (corrections.SameError, change_requests.PartlyThereError) as there:
                return _back(
                    found, "same" if isinstance(there, corrections.SameError) else "partly"
                )
            except corrections.StillWrongError as wrong:
                for field, words in wrong.fields.items():
                    form.add_error(field, str(words))
            except corrections.SettledError as settled:
                found.refresh_from_db()
                problem = _why_not(found) or _end_of(settled)
        if problem:
            status = HTTPStatus.CONFLICT
    return _show(request, found, form, problem=problem, status=status)


def _take(found: Order, form: AnotherAddressForm) -> str:
    """Send it there, and name the news.

    Raises: correcting.SettledError, correcting.StillWrongError  nothing is written
    """
    assert form.chosen is not None  # noqa: S101 - a valid form has chosen
    note = {name: value for name, value in form.note.items() if name not in {"staff", "also"}}
    wished = change_requests.send_elsewhere(
        order=found,
        ship_to=form.chosen,
        reason=note.get("reason") or BY_SHOPPER,
        actor="shopper",
        now=timezone.now(),
        noted=note,
    )
    wake(tasks.send_due)
    return _word(wished)


def _word(wished: Wished | None) -> str:
    if wished is None or not (wished.asked or wished.late):
        return "changed"
    return "asked" if wished.asked else "partly"


def _why_not(found: Order) -> Promise | None:
    """Say why where it goes cannot be changed now; None where it can."""
    purchases = purchases_of(found)
    wished = showing_addresses.wishes_of(found)
    questions = backorder_choice.open_questions(found)
    chance = showing_addresses.can_ask(found, purchases, wished, questions)
    if chance is None:
        if found.status == Order.Status.PENDING_PAYMENT:
            return UNPAID
        is_stopping = requests.wish_among(purchases) == requests.Wish.ASKED
        return STOPPING if is_stopping and found.status in showing_addresses.PAID else OVER
    return {Chance.ASKED: ASKED, Chance.GONE: GONE}.get(chance)


def _end_of(settled: corrections.SettledError) -> Promise:
    ends: dict[type[Exception], Promise] = {
        corrections.OverError: OVER,
        change_requests.WaitingError: ASKED,
    }
    return ends.get(type(settled), GONE)


def _form(request: HttpRequest, found: Order) -> AnotherAddressForm:
    known = showing_addresses.latest(found, showing_addresses.wishes_of(found))
    return AnotherAddressForm(
        request.POST if request.method == "POST" else None,
        initial=asdict(known),
        noted=found.address_check,
        countries=[known.country],
        language=visit(request).language,
    )


def _show(  # noqa: PLR0913 - the page, what was typed on it, and what is said to that
    request: HttpRequest,
    found: Order,
    form: AnotherAddressForm,
    *,
    problem: Promise | None,
    status: HTTPStatus,
    told: str = "",
) -> HttpResponse:
    context = {"order": found, "form": form, "problem": problem, "told": told}
    return render(request, "web/orders/order_address.html", context, status=status)


def _back(found: Order, word: str) -> HttpResponseRedirect:
    path = reverse("order", args=[found.number, found.access_key])
    return HttpResponseRedirect(f"{path}?address={word}", status=HTTPStatus.SEE_OTHER)
