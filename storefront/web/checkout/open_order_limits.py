"""Open order limits: tell a customer which unpaid orders block a new one, and until when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.cart.lines import Read
from orders.checkout import network_limits, open_order_limits
from orders.models import Cart

type CartView = Callable[[HttpRequest, Cart, Read | None, datetime], HttpResponse]

WORDS: dict[type[open_order_limits.HeldError], tuple[Promise, Promise]] = {
    open_order_limits.HeldAlreadyError: (
        _("You hold it already."),
        _(
            "An order of yours holds it and waits for its payment. Pay that order, or give it up:"
            " then order anew."
        ),
    ),
    open_order_limits.TooManyOpenError: (
        _("Some orders wait for their payment."),
        _(
            "Three unpaid orders are the most that one shopper can have at a time. Pay one of"
            " yours, or give one up: then order anew."
        ),
    ),
    open_order_limits.HeldTooLongError: (
        _("You ordered it before, and did not pay."),
        _("Nobody holds a light longer without paying, so that others can have it too."),
    ),
    network_limits.NetworkLimitError: (
        _("Too much is reserved and not paid"),
        _(
            "Unpaid orders from your internet connection reserve as much as we allow for one"
            " connection. Pay or cancel one of them, or order fewer units."
        ),
    ),
}


def tells_what_is_held(view: CartView) -> CartView:
    """Let a page that places an order say why it did not, where its shopper holds too much."""

    @wraps(view)
    def told(request: HttpRequest, cart: Cart, known: Read | None, now: datetime) -> HttpResponse:
        try:
            return view(request, cart, known, now)
        except open_order_limits.HeldError as error:
            return _page(request, error)

    return told


def _page(request: HttpRequest, error: open_order_limits.HeldError) -> HttpResponse:
    """Say why nothing was ordered; link only to orders that are surely his."""
    title, words = WORDS[type(error)]
    context = {
        "title": title,
        "words": words,
        "until": error.until,
        "is_resting": isinstance(
            error, open_order_limits.HeldTooLongError | network_limits.NetworkLimitError
        ),
        "held": error.orders,
    }
    return render(
        request, "web/checkout/open_order_limit.html", context, status=HTTPStatus.CONFLICT
    )
