"""View as customer: show account and order pages to staff as their customer sees them, read-only."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from catalog.markets.middleware import script_prefix
from orders.models import Order
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
        if name in ACCOUNT_PAGES:
            is_theirs = user is not None
        else:
            is_theirs = _is_theirs(known["number"], user, guest)
        if is_theirs:
            _set_banner(request, email)
            request.user = user or AnonymousUser()
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


def _is_theirs(number: str, user: User | None, guest: Order | None) -> bool:
    """Return whether an order belongs to the customer that is viewed."""
    if "\0" in number:
        return False
    if user:
        return Order.objects.of(user.pk, verified_addresses(user)).filter(number=number).exists()
    return guest is not None and (
        orders_of_guest(guest.email.lower()).filter(number=number).exists()
    )
