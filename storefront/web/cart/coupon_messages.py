"""Coupon messages: explain why a code in the cart gives no discount."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.promotions.codes import CodeRejection
from orders.promotions.engine import PromotionRejection
from orders.promotions.promotions import CartDiscounts
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


def messages(found: CartDiscounts, language: str) -> dict[str, str]:
    """Return the reason for each code of the cart that gives no discount."""
    return {code: _sentence(found, code, why, language) for code, why in found.refused.items()}


def _sentence(
    found: CartDiscounts, code: str, why: CodeRejection | PromotionRejection, language: str
) -> str:
    if why is PromotionRejection.BELOW_MINIMUM:
        least = money(found.minimums[code], language)
        return _("This code requires a subtotal of at least %(least)s.") % {"least": least}
    return str(MESSAGES[why])
