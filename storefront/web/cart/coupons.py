"""Coupons: add a promotion code to the cart, or say why not."""

from http import HTTPStatus

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.models import Cart
from orders.promotions import codes, labels
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited


def apply_code(request: HttpRequest, cart: Cart) -> tuple[str, int]:
    """Add the submitted code, or return why not, with the HTTP status."""
    code = request.POST.get("code", "")
    if not codes.normalize_code(code):
        return str(labels.NO_CODE), HTTPStatus.UNPROCESSABLE_ENTITY
    if is_rate_limited(
        what="code", who=client_range(request), per_hour=codes.MAX_ATTEMPTS_PER_HOUR
    ):
        return _("Too many attempts. Wait an hour, then try again."), HTTPStatus.TOO_MANY_REQUESTS
    try:
        codes.apply_code(cart=cart, code=code, now=timezone.now())
    except codes.CodeRejectedError as error:
        return str(labels.REJECTIONS[error.why]), HTTPStatus.UNPROCESSABLE_ENTITY
    except codes.TooManyCodesError:
        return str(labels.TOO_MANY_CODES), HTTPStatus.CONFLICT
    return "", HTTPStatus.OK
