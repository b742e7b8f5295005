"""Delivery methods: quote a cart in the fewest parcels, and in separate parcels if faster.

Pages and the API use this module, so that both offer the same methods at the same prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from orders.models import Cart
from orders.routing.delivery_quote import ShippingQuote
from orders.routing.engine import Plan
from shipping.availability.availability import Looked
from shipping.rates import live_rates, quotes
from shipping.rates.quotes import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """The delivery methods of a cart.

    Shape:  ``quotes`` of the fewest parcels first, then of separate parcels, each cheapest first;
            ``told`` are the live rates for the fewest parcels
    """

    quotes: Sequence[ShippingQuote] = ()
    told: Told = field(default_factory=dict)


def offered(
    *, cart: Cart, looked: Looked, country: str, now: datetime, postcode: str | None = None
) -> Offered:
    """Return a quote per delivery method; none if a line cannot be ordered as it is.

    Shape:  ``postcode`` as in ``live_rates.ask``
    """
    if not looked.plan.parcels or looked.short:
        return Offered()

    def quoted(plan: Plan) -> tuple[list[ShippingQuote], Told]:
        told = live_rates.ask(cart=cart, plan=plan, country=country, now=now, postcode=postcode)
        found = quotes.for_plan(
            plan=plan, country=country, now=now, pieces=looked.pieces, told=told
        )
        return sorted(found, key=quotes.outlay), told

    joint, told = quoted(looked.plan)
    if looked.apart is None or not joint:
        return Offered(quotes=joint, told=told)
    apart, _ = quoted(looked.apart)
    sooner = [replace(one, is_split=True) for one in apart if _is_sooner(one, joint)]
    return Offered(quotes=[*joint, *sooner], told=told)


def _is_sooner(split: ShippingQuote, joint: Sequence[ShippingQuote]) -> bool:
    """Test whether a line arrives sooner than by the same tier in the fewest parcels."""
    other = next((quote for quote in joint if quote.tier == split.tier), joint[0])
    arrivals = other.arrivals
    return any(last < arrivals[line][1] for line, (_, last) in split.arrivals.items())
