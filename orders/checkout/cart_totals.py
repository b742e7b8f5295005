"""Cart totals: add up items, delivery, promotions and tax of a cart for its destination.

The page that shows a total and the order that charges it call ``bill`` with the same cart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from catalog.models import Channel
from orders.models import Cart
from orders.pricing import totals as pricing_totals
from orders.pricing.totals import PricedLine, Totals, Treatment, Way
from orders.promotions import promotions
from orders.promotions.promotions import Found, Held
from orders.routing.delivery_quote import ShippingQuote
from orders.tax import rates
from orders.tax.rates import CountryRate
from storefront.lib.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """E-mail, region and tax treatment of the buyer, as far as known.

    Creating one may call a tax service: no lock may be held.
    """

    email: str
    region: str
    treatment: Treatment

    @classmethod
    def at(
        cls,
        address: Address,
        *,
        email: str,
        channel: Channel,
        on: date,
        tax: CountryRate | None = None,
    ) -> Buyer:
        treatment = rates.treatment(
            channel=channel,
            country=address.country,
            region=address.region,
            postcode=address.postcode,
            on=on,
            known=tax,
        )
        return cls(email=email, region=address.region, treatment=treatment)

    @classmethod
    def of_cart(
        cls, cart: Cart, *, country: str, on: date, tax: CountryRate | None = None
    ) -> Buyer:
        """Build it from a cart; an address in another country than ``country`` is ignored."""
        known = cart.ship_to if cart.ship_to.get("country") == country else {}
        treatment = rates.treatment(
            channel=cart.channel,
            country=country,
            region=known.get("region", ""),
            postcode=known.get("postcode", ""),
            on=on,
            known=tax,
        )
        return cls(email=cart.email, region=known.get("region", ""), treatment=treatment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """The totals of a cart, with the discounts that were applied."""

    totals: Totals
    found: Found


def ways_of(quote: ShippingQuote | None, *, keys: Mapping[int, int]) -> list[Way]:
    """Return the shipping charge of each parcel of a quote; ``keys`` maps variants to lines."""
    if quote is None:
        return []
    units = {
        variant_id: sum(line.quantity for line in parts)
        for variant_id, parts in quote.planned.items()
    }
    return [
        Way(
            amount=quoted.price.rounded(),
            brings={
                keys[line.variant_id]: Fraction(line.quantity, units[line.variant_id])
                for line in quoted.parcel.lines
            },
        )
        for quoted in quote.parcels
    ]


def bill(  # noqa: PLR0913 - the parts of one record
    *,
    cart: Cart,
    wanted: Mapping[int, PricedLine],
    ways: Sequence[Way],
    buyer: Buyer,
    now: datetime,
    may_promote: bool = True,
    held: Held | None = None,
) -> Bill:
    """Compute the totals of a cart.

    Shape:  ``wanted`` by line id; ``may_promote`` as read by ``cart.lines``; ``held``: its
            promotions, if they were read already for this request
    """
    if held is None:
        held = promotions.read(
            cart=cart, wanted=wanted, email=buyer.email, now=now, may_promote=may_promote
        )
    found = promotions.count(held, ways)
    totals = pricing_totals.add_up(
        lines={key: each.unit * each.quantity for key, each in wanted.items()},
        ways=ways,
        currency=cart.channel.currency,
        treatment=buyer.treatment,
        deductions=found.outcome.deductions,
    )
    return Bill(totals=totals, found=found)
