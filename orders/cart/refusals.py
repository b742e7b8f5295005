"""Cart refusals: say why a quantity of an item cannot be put into a cart."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.cart import carts

type Refusal = carts.NotForSaleError | carts.NotEnoughError | carts.TooManyError
REFUSALS = (carts.NotForSaleError, carts.NotEnoughError, carts.TooManyError)


def refusal_message(error: Refusal, country_name: Callable[[str], str]) -> str:
    """Return why a quantity is not available."""
    if isinstance(error, carts.NotEnoughError):
        return ngettext(
            "Only %(most)d available right now.",
            "Only %(most)d available right now.",
            error.available,
        ) % {"most": error.available}
    if isinstance(error, carts.TooManyError):
        return _("A cart can hold at most %(limit)d products.") % {"limit": error.limit}
    if isinstance(error, carts.NotDeliverableError):
        params = {"country": country_name(error.country)}
        if error.is_restricted:
            return (
                _("This item is restricted in %(country)s, so we cannot deliver it there.") % params
            )
        return _("We cannot deliver this to %(country)s.") % params
    if isinstance(error, carts.NoPriceError):
        return _("The price is being checked, so this item is not available right now.")
    return _("This item has just sold out.")
