"""Delivery methods: quote a cart in the fewest parcels, and in separate parcels if faster.

Pages and the API use this module, so that both offer the same methods at the same prices.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from orders.models import Cart
from orders.routing.delivery_quote import ShippingQuote
from orders.routing.engine import Plan
from shipping.availability.availability import CheckedCart
from shipping.rates import live_rates, quotes
from shipping.rates.quotes import LiveRates


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMethods:
    """The delivery methods of a cart.

    Shape:  ``quotes`` lists the methods with the fewest parcels, then those with separate parcels,
            both cheapest first; ``live_rates`` belong to the fewest parcels
    """

    quotes: Sequence[ShippingQuote] = ()
    live_rates: LiveRates = field(default_factory=dict)


def quote_delivery_methods(
    *,
    cart: Cart,
    checked_cart: CheckedCart,
    country: str,
    now: datetime,
    postcode: str | None = None,
) -> DeliveryMethods:
    """Return a quote per delivery method; none if a line cannot be ordered as it is.

    Shape:  ``postcode`` as in ``live_rates.get_for_cart``
    """
    if not checked_cart.plan.parcels or checked_cart.short:
        return DeliveryMethods()

    def quoted(plan: Plan) -> tuple[list[ShippingQuote], LiveRates]:
        live_charges = live_rates.get_for_cart(
            cart=cart, plan=plan, country=country, now=now, postcode=postcode
        )
        plan_quotes = quotes.quote_plan(
            plan=plan, country=country, now=now, pieces=checked_cart.pieces, live_rates=live_charges
        )
        return sorted(plan_quotes, key=quotes.sort_key), live_charges

    joint, live_charges = quoted(checked_cart.plan)
    if checked_cart.separate_plan is None or not joint:
        return DeliveryMethods(quotes=joint, live_rates=live_charges)
    separate, _ = quoted(checked_cart.separate_plan)
    sooner = [replace(one, is_split=True) for one in separate if _is_sooner(one, joint)]
    return DeliveryMethods(quotes=[*joint, *sooner], live_rates=live_charges)


def _is_sooner(split: ShippingQuote, joint: Sequence[ShippingQuote]) -> bool:
    """Return whether a line arrives sooner than in the fewest parcels of the same tier."""
    other = next((quote for quote in joint if quote.tier == split.tier), joint[0])
    arrivals = other.arrivals
    return any(last < arrivals[line][1] for line, (_, last) in split.arrivals.items())
