"""Visit: read channel, country, theme and cart of a request from cookies, without a session."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, wraps
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from catalog.markets.middleware import request_market
from catalog.markets.registry import Market, market_of
from catalog.models import Category, Channel
from catalog.products import shop
from orders.cart import account_cart, carts, lines
from orders.cart.lines import CartContent
from orders.models import Cart, Order
from orders.models.cart import CART_RETENTION
from storefront.identity.current import may_sell

READS = ["GET", "HEAD", "POST"]


# Names of the main market; others append their channel, as their carts are separate.
COUNT_COOKIE = "fara_cart_count"  # read by a script, so that a page can be cached for all visitors
UNPAID_COOKIE = "fara_unpaid"  # order number; read by a script, as the count is
COUNTRY_COOKIE = "fara_country"
THEME_COOKIE = "fara_theme"
THEMES = ("light", "dark")
YEAR_S = 31_536_000
SALT = "storefront.web.cart"  # part of signed cookies: must not change


class ShopClosedError(Exception):
    """The shop has no identity or no market yet. Staff add both in the admin."""


def requires_open_shop(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Close a page of the catalog, cart or checkout while the shop may not sell.

    Pages of orders, accounts and suppliers stay open, so that customers can see, cancel and return
    what they bought.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require_identity()
        return view(request, *args, **kwargs)

    return guarded


def require_identity() -> None:
    if not may_sell():
        raise ShopClosedError("the shop has no identity: enter it in the admin")


class Visit:
    """Market, channel, country and theme of one request, each read at most once."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._known: Channel | None = None

    def set_channel(self, channel: Channel) -> None:
        """Use the channel of a cart that was read, to save a query."""
        if self.sells_on(channel):
            self._known = channel

    def sells_on(self, channel: Channel) -> bool:
        """Return whether a channel is the one of this market."""
        return channel.code == self.market.code

    @cached_property
    def market(self) -> Market:
        if (market := request_market(self._request)) is None:
            raise ShopClosedError("no channel is sold on our own site")
        return market

    @cached_property
    def _shop(self) -> tuple[Channel, list[Category]]:
        if (loaded := shop.load_channel(self.market.code)) is None:
            raise ShopClosedError(f"no channel is called {self.market.code!r}")
        return loaded

    @property
    def channel(self) -> Channel:
        return self._known or self._shop[0]

    @property
    def categories(self) -> list[Category]:
        return self._shop[1]

    @cached_property
    def country(self) -> str:
        chosen = wanted_country(self._request)
        known = self.channel.countries
        return chosen if chosen in known else self.channel.default_country

    @property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE


def visit(request: HttpRequest) -> Visit:
    if (known := getattr(request, "visit", None)) is None:
        known = request.visit = Visit(request)  # type: ignore[attr-defined]
    return known


def wanted_country(request: HttpRequest) -> str:
    """Return the country code in the cookie; "" if it is missing or malformed."""
    code = request.COOKIES.get(COUNTRY_COOKIE, "")
    is_code = len(code) == 2 and code.isascii() and code.isupper()  # noqa: PLR2004 - ISO 3166-1
    return code if is_code else ""


def theme_of(request: HttpRequest) -> str:
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return theme if theme in THEMES else ""


def cart_token(request: HttpRequest) -> str:
    """Return the token in the cart cookie; "" if it is missing, forged or malformed."""
    raw = request.COOKIES.get(_cookie(settings.CART_COOKIE_NAME, request_market(request)), "")
    try:
        return signing.Signer(salt=SALT).unsign(raw) if raw else ""
    except signing.BadSignature:
        return ""


def customer_id(request: HttpRequest) -> int | None:
    """Return the id of the signed-in customer; None for staff and guests."""
    user = request.user
    return None if not user.is_authenticated or user.is_staff else user.pk


def open_cart_with_lines(
    request: HttpRequest, now: datetime
) -> tuple[Cart, CartContent | None] | None:
    """Return the open cart, and its content if one query can read both."""
    token = cart_token(request)
    here = visit(request)
    found = lines.find(token=token, now=now) if token else None
    if found and here.sells_on(found[0].channel):
        here.set_channel(found[0].channel)
        return found
    cart = open_cart(request, now)
    return None if cart is None else (cart, None)


def open_cart(request: HttpRequest, now: datetime) -> Cart | None:
    """Return the browser's cart on this market, else that of the account, else None."""
    token, here = cart_token(request), visit(request)
    cart = carts.find(token=token, now=now) if token else None
    if cart is not None and not here.sells_on(cart.channel):
        cart = None
    if cart is None and (owner_id := customer_id(request)):
        cart = account_cart.account_cart(owner_id=owner_id, channel=here.channel, now=now)
    if cart is not None:
        here.set_channel(cart.channel)
    return cart


def set_cart_cookie(response: HttpResponse, cart: Cart, count: int) -> None:
    """Set the cart cookie of its market for 30 days, and its count for the badge."""
    age_s, market = int(CART_RETENTION.total_seconds()), market_of(cart.channel_id)
    response.set_cookie(
        _cookie(settings.CART_COOKIE_NAME, market),
        signing.Signer(salt=SALT).sign(cart.token),
        max_age=age_s,
        httponly=True,
        samesite="Lax",
        secure=settings.IS_PRODUCTION,
    )
    set_public_cookie(response, _cookie(COUNT_COOKIE, market), str(count), max_age_s=age_s)


def count_cookie(request: HttpRequest) -> str:
    """Return the name of the cookie with the number of units in the cart of this market."""
    return _cookie(COUNT_COOKIE, request_market(request))


def unpaid_cookie(request: HttpRequest) -> str:
    """Return the name of the cookie with the number of an unpaid order of this market."""
    return _cookie(UNPAID_COOKIE, request_market(request))


def _cookie(name: str, market: Market | None) -> str:
    """Return the name of a market's cookie.

    Markets with a path share a host, and ``__Host-`` cookies must have the path "/".
    """
    return name if market is None or market.is_main else f"{name}_{market.code}"


def set_unpaid_cookie(response: HttpResponse, order: Order, now: datetime) -> None:
    """Set the cookie by which pages show an unpaid order, until its payment is due."""
    held_s = max(int((order.payment_due_at - now).total_seconds()), 0)
    name = _cookie(UNPAID_COOKIE, market_of(order.channel_id))
    set_public_cookie(response, name, order.number, max_age_s=held_s)


def delete_unpaid_cookie(request: HttpRequest, response: HttpResponse, order: Order) -> None:
    name = _cookie(UNPAID_COOKIE, market_of(order.channel_id))
    if request.COOKIES.get(name) == order.number:
        response.delete_cookie(name, samesite="Lax")


def delete_cart_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """Delete the cookies of this market's cart."""
    market = request_market(request)
    response.delete_cookie(_cookie(settings.CART_COOKIE_NAME, market), samesite="Lax")
    response.delete_cookie(_cookie(COUNT_COOKIE, market), samesite="Lax")


def set_public_cookie(
    response: HttpResponse, cookie: str, value: str, max_age_s: int = YEAR_S
) -> None:
    """Set a cookie without personal data: a theme, a country, a count."""
    response.set_cookie(
        cookie, value, max_age=max_age_s, samesite="Lax", secure=settings.IS_PRODUCTION
    )
