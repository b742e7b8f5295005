"""Checkout refusals: say why nothing was ordered, to customers and to staff who order for them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.checkout import checkout
from orders.promotions.redemptions import LimitReachedError

SOLD = _("An item in the cart has just sold out. Nothing was ordered.")
REFUSALS: dict[type[Exception], Promise] = {
    checkout.PriceChangedError: _(
        "The total changed in the meantime. Nothing was ordered. This is the new total:"
    ),
    checkout.ArrivalChangedError: _(
        "The delivery date changed in the meantime. Nothing was ordered. This is the new date:"
    ),
    checkout.UnavailableError: SOLD,
    checkout.UnpricedError: _(
        "The price of an item in the cart is being checked. Nothing was ordered."
    ),
    checkout.QuoteOutdatedError: SOLD,
    checkout.NothingToPayError: _(
        "The total cannot be zero. Remove a discount code from the cart. Nothing was ordered."
    ),
    LimitReachedError: _(
        "A discount has just reached its usage limit. Nothing was ordered. This is"
        " the total without it:"
    ),
}
