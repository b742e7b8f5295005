"""Coupons: add promotion codes to the cart, remove them."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from orders.promotions import codes
from storefront.lib.security.client_ip import address_of
from storefront.lib.security.rate_limit import is_too_often
from storefront.web.cart.views import show_problem
from storefront.web.core.same_origin import from_our_pages
from storefront.web.core.visit import open_cart


@never_cache
@require_POST
@from_our_pages
def write(request: HttpRequest) -> HttpResponse:
    """Keep a code, or take one out, and lead back to the cart, which tells what it does."""
    now = timezone.now()
    cart = open_cart(request, now)
    if cart is None:
        return _back()
    if gone := request.POST.get("out", ""):
        codes.take_out_code(cart=cart, code=gone, now=now)
        return _back()
    code = codes.plain_code(request.POST.get("code", ""))
    if not code:
        words = _("Write the code first.")
        return show_problem(request, cart, words, HTTPStatus.UNPROCESSABLE_ENTITY)
    if is_too_often(what="code", who=address_of(request), per_hour=codes.TRIES_PER_HOUR):
        words = _("Too many codes were tried. Wait an hour.")
        return show_problem(request, cart, words, HTTPStatus.TOO_MANY_REQUESTS)
    try:
        codes.write_code(cart=cart, code=code, now=now)
    except codes.TooManyCodesError:
        words = _("A cart takes no more codes. Take one out first.")
        return show_problem(request, cart, words, HTTPStatus.CONFLICT)
    return _back()


def _back() -> HttpResponse:
    where = reverse("cart") + "#codes"
    return HttpResponseRedirect(where, status=HTTPStatus.SEE_OTHER)
