"""Open order limits: show a customer which unpaid orders block a new one, and until when."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.checkout import network_limits, open_order_limits

MESSAGES: dict[type[open_order_limits.OpenOrderLimitError], tuple[Promise, Promise]] = {
    open_order_limits.AlreadyReservedError: (
        _("You already have an unpaid order with this item"),
        _("Pay or cancel it before you order again."),
    ),
    open_order_limits.TooManyOpenError: (
        _("Too many unpaid orders"),
        _(
            "You can have at most three unpaid orders at a time. Pay or cancel one before you"
            " order again."
        ),
    ),
    open_order_limits.ReservationExhaustedError: (
        _("You ordered this item before and did not pay"),
        _("Unpaid items are reserved for a limited time only, so that others can buy them."),
    ),
    network_limits.NetworkLimitError: (
        _("Too much is reserved and not paid"),
        _(
            "Unpaid orders from your internet connection reserve as much as we allow for one"
            " connection. Pay or cancel one of them, or order fewer units."
        ),
    ),
    network_limits.StockShareError: (
        _("Too many units for one order"),
        _("An unpaid order reserves at most half of the units in stock. Order fewer units."),
    ),
}


def show_open_order_limit(
    request: HttpRequest, error: open_order_limits.OpenOrderLimitError
) -> HttpResponse:
    """Show why the order was refused; links only to orders that are certainly the customer's."""
    title, text = MESSAGES[type(error)]
    context = {
        "title": title,
        "text": text,
        "until": error.until,
        "is_resting": isinstance(
            error, open_order_limits.ReservationExhaustedError | network_limits.NetworkLimitError
        ),
        "held": error.orders,
    }
    return render(
        request, "web/checkout/open_order_limit.html", context, status=HTTPStatus.CONFLICT
    )
