"""Item cancellation: show what can still be canceled of each parcel, cancel the chosen units."""

from collections.abc import Mapping
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orders.cancellation import cancellation, items, tasks
from orders.cancellation.items import Outcome, Scope
from orders.models import Order
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.lib.tasks import enqueue
from storefront.web.core.order_links import find_order, to_order
from storefront.web.core.visit import READS
from storefront.web.orders.actions import ALL_PACKED
from storefront.web.orders.address_change import UNPAID

CANCELLATIONS_PER_HOUR = 30  # per order
MAX_DIGITS = 15  # of a number in the form
ENDED = gettext_lazy("This order is canceled.")
SCOPE_TEXTS: Mapping[Scope, Promise] = {
    Scope.UNITS: gettext_lazy("No supplier has these items yet. They are canceled at once."),
    Scope.ALL: gettext_lazy("These items can be canceled at once, but only all together."),
    Scope.REQUEST: gettext_lazy(
        "The supplier has these items and can cancel them only all together. We ask the supplier"
        " and e-mail you the answer."
    ),
    Scope.REQUESTED: gettext_lazy("You asked to cancel it, and the supplier has not answered yet."),
    Scope.NOTHING: gettext_lazy("These items have shipped. You can return them after delivery."),
}
# Code of the message on the order page, by outcomes; other combinations are "in-part".
CODES: Mapping[frozenset[Outcome], str] = {
    frozenset(): "items",  # canceled before: the second request of a double click
    frozenset({Outcome.CANCELED}): "items",
    frozenset({Outcome.REQUESTED}): "asked",
    frozenset({Outcome.TOGETHER}): "together",
    frozenset({Outcome.LATE}): "late",
}


class InvalidUnitsError(Exception):
    """The message says what to enter."""


@never_cache
@require_http_methods(READS)
def choose(request: HttpRequest, number: str, key: str) -> HttpResponse:
    """Show what can be canceled, and cancel what the customer chose."""
    order = find_order(number, key)
    problem, status = "", HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if is_rate_limited(what="cancel-items", who=order.number, per_hour=CANCELLATIONS_PER_HOUR):
            problem = _("Too many changes in one hour. Try again later, or contact us.")
            status = HTTPStatus.TOO_MANY_REQUESTS
        else:
            try:
                return to_order(order, cancel=_cancel(order, read_units_to_keep(request.POST)))
            except InvalidUnitsError as error:
                problem = str(error)
    context = {
        "order": order,
        "groups": [] if order.status not in order.ACTIVE else items.find_groups(order),
        "closed": _closed_text(order),
        "texts": SCOPE_TEXTS,
        "typed": request.POST,
        "problem": problem,
    }
    return render(request, "web/orders/order_items.html", context, status=status)


def _cancel(order: Order, keep: Mapping[int, int]) -> str:
    """Cancel down to the units to keep, and return the code of the message."""
    try:
        outcomes = items.cancel_items(
            order=order,
            keep=keep,
            reason="canceled by the customer",
            actor="customer",
            now=timezone.now(),
        )
    except cancellation.TooLateError:
        return "late"
    enqueue(tasks.process_cancellation, order_id=order.pk)
    if order.status == Order.Status.CANCELED:
        return "stopped"
    return CODES.get(frozenset(outcomes), "in-part")


def read_units_to_keep(posted: QueryDict) -> dict[int, int]:
    """Return the units to keep by order line id, of the lines that the customer chose.

    Shape:  ``units_<line>`` of ``of_<line>`` are canceled, which is the quantity on the page that
            the customer saw; ``all`` names the lines of a parcel that is canceled whole
    Raises: InvalidUnitsError  a quantity is invalid, or nothing was chosen
    """
    keep = {
        line_id: 0
        for together in posted.getlist("all")
        for name in together.split(",")
        if (line_id := _number(name)) is not None
    }
    for name, text in posted.items():
        prefix, _separator, line = name.partition("_")
        if prefix != "units" or not str(text).strip() or (line_id := _number(line)) is None:
            continue
        units, most = _number(str(text).strip()), _number(posted.get(f"of_{line}", ""))
        if units is None or most is None or units > most:
            raise InvalidUnitsError(
                _("Enter how many to cancel, from 0 to %(most)d.") % {"most": most or 0}
            )
        if units:
            keep[line_id] = most - units
    if not keep:
        raise InvalidUnitsError(_("Choose what to cancel."))
    return keep


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def _closed_text(order: Order) -> Promise | None:
    """Return why nothing of an order can be canceled here, or None."""
    if order.status == Order.Status.PENDING_PAYMENT:
        return UNPAID
    if order.status in {Order.Status.CANCELED, Order.Status.EXPIRED}:
        return ENDED
    return ALL_PACKED if order.status == Order.Status.COMPLETED else None
