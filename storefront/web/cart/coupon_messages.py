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
    Closed.UNKNOWN: gettext_lazy("We know no such code. Check how it is written."),
    Closed.NOT_YET: gettext_lazy("This code does not hold yet."),
    Closed.OVER: gettext_lazy("This code no longer holds."),
    Closed.USED_UP: gettext_lazy("This code has been used as often as it may be."),
    Refusal.NOTHING_FITS: gettext_lazy("Nothing in the cart is what this code is for."),
    Refusal.BELOW_FLOOR: gettext_lazy("What is in the cart is at its lowest price already."),
    Refusal.NOT_COMBINED: gettext_lazy("Another discount saves you more, and both do not combine."),
}


def sentences(found: Found, language: str) -> dict[str, str]:
    """Return the reason for each code of the cart that gives no discount."""
    return {code: _sentence(found, code, why, language) for code, why in found.refused.items()}


def _sentence(found: Found, code: str, why: Closed | Refusal, language: str) -> str:
    if why is Refusal.BELOW_MINIMUM:
        least = money(found.minimums[code], language)
        return _("It holds from %(least)s of goods on.") % {"least": least}
    return str(SENTENCES[why])
