"""Reorder: put the items of an order back into the customer's cart."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from orders.cart import account_cart, carts, reorder
from orders.checkout import open_order_limits
from orders.models import Cart, Order
from storefront.web.core import visit_counts
from storefront.web.core.order_links import see_other
from storefront.web.core.visit import cart_token, customer_id, open_cart, set_cart_cookie, visit

RELEASED, AGAIN = "released", "again"  # in the URL: why the items are in the cart


def put_back(request: HttpRequest, order: Order, *, why: str) -> HttpResponse:
    """Add the items of an order to the open cart, or to a new one, and redirect to it."""
    now = timezone.now()
    cart = open_cart(request, now) or _new_cart(request, now)
    try:
        # Only a release adds units: it happens once, but "order again" can be clicked twice.
        reorder.refill(ordered=order.cart, cart=cart, now=now, adds=why == RELEASED)
    except carts.PlacedCartError:  # placed in another tab just now
        return see_other(reverse("cart"))
    response = see_other(reverse("cart", query={"back": why}))
    set_cart_cookie(response, cart, carts.count(cart))
    if cart.created_at == now:
        visit_counts.count(request, visit_counts.NEW_CART)
    return response


def _new_cart(request: HttpRequest, now: datetime) -> Cart:
    here = visit(request)
    context: dict[str, Any] = {
        "channel": here.channel,
        "country": here.country,
        "locale": here.language,
        "now": now,
    }
    owner_id = customer_id(request)
    if owner_id is not None:
        cart = account_cart.create(owner_id=owner_id, **context)
    else:
        cart = carts.open_cart(**context)
    open_order_limits.link_session(cart=cart, token=cart_token(request))
    return cart
