"""View as customer: show account and order pages to staff as their customer sees them, read-only.

A staff session belongs to one host. So the pages of all markets are shown on it, each with the
content of the order's market.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.markets.middleware import script_prefix
from catalog.markets.registry import market_of
from orders.models import Order
from orders.models.order import OrderQuerySet
from orders.privacy import orders_of_guest
from storefront.accounts import staff_sessions
from storefront.accounts.email_verification import verified_addresses
from storefront.accounts.models import User
from storefront.web.core.errors import error_page

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ACCOUNT_PAGES = frozenset(
    {
        *("account", "account_paid", "account_addresses", "account_address"),
        *("account_profile", "account_messages", "account_privacy"),
    }
)
ORDER_PAGES = frozenset({"order", "order_return", "order_problems", "order_address"})


class ViewAsMiddleware:
    """Reads the session only for pages that no cache stores, and for forms."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, _view: object, _args: object, known: dict[str, Any]
    ) -> HttpResponse | None:
        is_staff_page = request.path.startswith(settings.STAFF_PREFIX)
        if is_staff_page or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        is_read = request.method in SAFE_METHODS
        if is_read and name not in ACCOUNT_PAGES | ORDER_PAGES:
            return None
        viewed = staff_sessions.current_view(request)
        if viewed is None:
            return None
        user = User.objects.filter(pk=viewed.account_id or 0, is_staff=False).first()
        guest = Order.objects.filter(pk=viewed.order_id or 0).first()
        email = user.email if user else guest.email if guest else ""
        if not is_read:
            _set_banner(request, email)
            return _refuse(request)
        orders = _orders(user, guest)
        if name in ORDER_PAGES:
            order = _by_number(orders, known["number"])
            is_theirs = order is not None
        else:
            order, is_theirs = orders.first(), user is not None
        if is_theirs:
            _set_banner(request, email)
            request.user = user or AnonymousUser()
            if order is not None:
                request.market = market_of(order.channel_id)  # type: ignore[attr-defined]
        return None


def _set_banner(request: HttpRequest, email: str) -> None:
    with script_prefix("/"):  # staff pages belong to the whole site, not to a market
        end_url = reverse("supply:end_view")
    request.viewed_customer = {"email": email, "end_url": end_url}  # type: ignore[attr-defined]


def _refuse(request: HttpRequest) -> HttpResponse:
    return error_page(
        request,
        status=HTTPStatus.FORBIDDEN,
        title=_("You view the shop as a customer."),
        text=_("Nothing was changed: this view is read-only. End the view to use the shop."),
    )


def _orders(user: User | None, guest: Order | None) -> OrderQuerySet:
    """Return the orders of the customer that is viewed, newest first."""
    if user:
        return Order.objects.of(user.pk, verified_addresses(user))
    return orders_of_guest(guest.email.lower()) if guest else Order.objects.none()


def _by_number(orders: OrderQuerySet, number: str) -> Order | None:
    return None if "\0" in number else orders.filter(number=number).first()
