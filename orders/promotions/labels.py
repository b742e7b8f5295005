"""Promotion labels: say why a code gives no discount."""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.promotions.codes import CodeRejection
from orders.promotions.engine import PromotionRejection
from orders.promotions.promotions import CartDiscounts
from storefront.lib.money import Money

REJECTIONS: dict[CodeRejection | PromotionRejection, str | Promise] = {
    CodeRejection.UNKNOWN: gettext_lazy("This code is not valid. Check the spelling."),
    CodeRejection.NOT_STARTED: gettext_lazy("This code is not valid yet."),
    CodeRejection.EXPIRED: gettext_lazy("This code has expired."),
    CodeRejection.USED_UP: gettext_lazy("This code has reached its usage limit."),
    PromotionRejection.NOT_APPLICABLE: gettext_lazy("This code does not apply to these items."),
    PromotionRejection.BELOW_MIN_MARGIN: gettext_lazy(
        "These items are already at their lowest price."
    ),
    PromotionRejection.NOT_COMBINED: gettext_lazy(
        "Another discount saves you more, and the two cannot be combined."
    ),
}
NO_CODE = gettext_lazy("Enter a code.")
TOO_MANY_CODES = gettext_lazy(
    "This cart already has the maximum number of codes. Remove one first."
)


def rejections(discounts: CartDiscounts, money: Callable[[Money], str]) -> dict[str, str]:
    """Return the reason for each code of the cart that gives no discount."""
    return {
        code: _sentence(discounts, code, reason, money)
        for code, reason in discounts.refused.items()
    }


def _sentence(
    discounts: CartDiscounts,
    code: str,
    reason: CodeRejection | PromotionRejection,
    money: Callable[[Money], str],
) -> str:
    if reason is PromotionRejection.BELOW_MINIMUM:
        minimum = money(discounts.minimums[code])
        return _("This code requires a subtotal of at least %(least)s.") % {"least": minimum}
    return str(REJECTIONS[reason])
