"""Coupons: add promotion codes to the cart, remove them."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from orders.models import Cart
from orders.promotions import codes
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.web.cart import coupon_messages
from storefront.web.cart.views import code_problem
from storefront.web.core.order_links import see_other
from storefront.web.core.same_origin import from_our_pages
from storefront.web.core.visit import open_cart


@never_cache
@require_POST
@from_our_pages
def edit_codes(request: HttpRequest) -> HttpResponse:
    """Add or remove a coupon code, and redirect to the cart, which shows its effect."""
    now = timezone.now()
    cart = open_cart(request, now)
    if cart is None:
        return _back()
    if gone := request.POST.get("out", ""):
        codes.remove_code(cart=cart, code=gone, now=now)
        return _back()
    words, status = _refusal(request, cart)
    if words:
        return code_problem(request, cart, words, status)
    return _back()


def _refusal(request: HttpRequest, cart: Cart) -> tuple[str, int]:
    """Add the submitted code, or return why not, with the HTTP status."""
    code = request.POST.get("code", "")
    if not codes.normalize_code(code):
        return _("Enter a code."), HTTPStatus.UNPROCESSABLE_ENTITY
    if is_rate_limited(
        what="code", who=client_range(request), per_hour=codes.MAX_ATTEMPTS_PER_HOUR
    ):
        return _("Too many attempts. Wait an hour, then try again."), HTTPStatus.TOO_MANY_REQUESTS
    try:
        codes.apply_code(cart=cart, code=code, now=timezone.now())
    except codes.CodeRejectedError as error:
        return str(coupon_messages.MESSAGES[error.why]), HTTPStatus.UNPROCESSABLE_ENTITY
    except codes.TooManyCodesError:
        return _(
            "This cart already has the maximum number of codes. Remove one first."
        ), HTTPStatus.CONFLICT
    return "", HTTPStatus.OK


def _back() -> HttpResponse:
    return see_other(reverse("cart", fragment="codes"))
