"""Coupons: add a promotion code to the cart, explain why a code gives no discount."""

from http import HTTPStatus

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Cart
from orders.promotions import codes
from orders.promotions.codes import CodeRejection
from orders.promotions.engine import PromotionRejection
from orders.promotions.promotions import CartDiscounts
from storefront.lib.security.client_ip import client_range
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.web.core.formats import money

MESSAGES: dict[CodeRejection | PromotionRejection, str | Promise] = {
    CodeRejection.UNKNOWN: gettext_lazy("This code is not valid. Check the spelling."),
    CodeRejection.NOT_STARTED: gettext_lazy("This code is not valid yet."),
    CodeRejection.EXPIRED: gettext_lazy("This code has expired."),
    CodeRejection.USED_UP: gettext_lazy("This code has reached its usage limit."),
    PromotionRejection.NOT_APPLICABLE: gettext_lazy(
        "This code does not apply to the items in your cart."
    ),
    PromotionRejection.BELOW_MIN_MARGIN: gettext_lazy(
        "The items in your cart are already at their lowest price."
    ),
    PromotionRejection.NOT_COMBINED: gettext_lazy(
        "Another discount saves you more, and the two cannot be combined."
    ),
}


def messages(discounts: CartDiscounts, language: str) -> dict[str, str]:
    """Return the reason for each code of the cart that gives no discount."""
    return {
        code: _sentence(discounts, code, reason, language)
        for code, reason in discounts.refused.items()
    }


def _sentence(
    discounts: CartDiscounts, code: str, reason: CodeRejection | PromotionRejection, language: str
) -> str:
    if reason is PromotionRejection.BELOW_MINIMUM:
        minimum = money(discounts.minimums[code], language)
        return _("This code requires a subtotal of at least %(least)s.") % {"least": minimum}
    return str(MESSAGES[reason])


def apply_code(request: HttpRequest, cart: Cart) -> tuple[str, int]:
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
        return str(MESSAGES[error.why]), HTTPStatus.UNPROCESSABLE_ENTITY
    except codes.TooManyCodesError:
        return _(
            "This cart already has the maximum number of codes. Remove one first."
        ), HTTPStatus.CONFLICT
    return "", HTTPStatus.OK
