"""Coupon messages: explain why a code in the cart gives no discount."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.promotions.codes import Closed
from orders.promotions.engine import Refusal
from orders.promotions.promotions import Found
from storefront.web.core.formats import money

SENTENCES: dict[Closed | Refusal, str | Promise] = {
    Closed.UNKNOWN: gettext_lazy("This code is not valid. Check the spelling."),
    Closed.NOT_YET: gettext_lazy("This code is not valid yet."),
    Closed.OVER: gettext_lazy("This code has expired."),
    Closed.USED_UP: gettext_lazy("This code has reached its usage limit."),
    Refusal.NOTHING_FITS: gettext_lazy("This code does not apply to the items in your cart."),
    Refusal.BELOW_FLOOR: gettext_lazy("The items in your cart are already at their lowest price."),
    Refusal.NOT_COMBINED: gettext_lazy(
        "Another discount saves you more, and the two cannot be combined."
    ),
}


def sentences(found: Found, language: str) -> dict[str, str]:
    """Return the reason for each code of the cart that gives no discount."""
    return {code: _sentence(found, code, why, language) for code, why in found.refused.items()}


def _sentence(found: Found, code: str, why: Closed | Refusal, language: str) -> str:
    if why is Refusal.BELOW_MINIMUM:
        least = money(found.minimums[code], language)
        return _("This code requires a subtotal of at least %(least)s.") % {"least": least}
    return str(SENTENCES[why])
