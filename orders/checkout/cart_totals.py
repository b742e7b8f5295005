"""Cart totals: add up items, delivery, promotions and tax of a cart for its destination.

The page that shows a total and the order that charges it call ``calculate`` with the same cart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Self

from catalog.models import Channel
from orders.models import Cart
from orders.pricing import totals as pricing_totals
from orders.pricing.totals import PricedLine, ShippingCharge, TaxTreatment, Totals
from orders.promotions import promotions
from orders.promotions.promotions import ApplicablePromotions, CartDiscounts
from orders.routing.delivery_quote import ShippingQuote
from orders.tax import rates
from orders.tax.rates import CountryRate
from storefront.lib.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyerContext:
    """E-mail, region and tax treatment of the buyer, as far as known.

    Creating one may call a tax service: no lock may be held.
    """

    email: str
    region: str
    treatment: TaxTreatment

    @classmethod
    def at(
        cls,
        address: Address,
        *,
        email: str,
        channel: Channel,
        on: date,
        tax: CountryRate | None = None,
    ) -> Self:
        treatment = rates.find_treatment(
            channel=channel,
            country=address.country,
            region=address.region,
            postcode=address.postcode,
            on=on,
            country_rate=tax,
        )
        return cls(email=email, region=address.region, treatment=treatment)

    @classmethod
    def of_cart(cls, cart: Cart, *, country: str, on: date, tax: CountryRate | None = None) -> Self:
        """Build it from a cart; an address in another country than ``country`` is ignored."""
        known = cart.ship_to if cart.ship_to.get("country") == country else {}
        treatment = rates.find_treatment(
            channel=cart.channel,
            country=country,
            region=known.get("region", ""),
            postcode=known.get("postcode", ""),
            on=on,
            country_rate=tax,
        )
        return cls(email=cart.email, region=known.get("region", ""), treatment=treatment)


@dataclass(frozen=True, slots=True, kw_only=True)
class CartTotals:
    """The totals of a cart, with the discounts that were applied."""

    totals: Totals
    discounts: CartDiscounts


def quote_shipping_charges(
    quote: ShippingQuote | None, *, line_ids: Mapping[int, int]
) -> list[ShippingCharge]:
    """Return the shipping charge of each parcel of a quote; ``line_ids`` maps variants to lines."""
    if quote is None:
        return []
    units = {
        variant_id: sum(line.quantity for line in parts)
        for variant_id, parts in quote.planned.items()
    }
    return [
        ShippingCharge(
            amount=quoted.price.rounded(),
            line_fractions={
                line_ids[line.variant_id]: Fraction(line.quantity, units[line.variant_id])
                for line in quoted.parcel.lines
            },
        )
        for quoted in quote.parcels
    ]


def calculate(  # noqa: PLR0913 - the parts of one record
    *,
    cart: Cart,
    wanted: Mapping[int, PricedLine],
    shipping_charges: Sequence[ShippingCharge],
    buyer: BuyerContext,
    now: datetime,
    may_promote: bool = True,
    applicable_promotions: ApplicablePromotions | None = None,
) -> CartTotals:
    """Compute the totals of a cart.

    Shape:  ``wanted`` by line id; ``may_promote`` as read by ``cart.lines``;
            ``applicable_promotions`` if they were read already for this request
    """
    if applicable_promotions is None:
        applicable_promotions = promotions.find_applicable(
            cart=cart, wanted=wanted, email=buyer.email, now=now, may_promote=may_promote
        )
    discounts = promotions.calculate(applicable_promotions, shipping_charges)
    totals = pricing_totals.calculate(
        lines={key: each.unit * each.quantity for key, each in wanted.items()},
        shipping_charges=shipping_charges,
        currency=cart.channel.currency,
        treatment=buyer.treatment,
        deductions=discounts.outcome.deductions,
    )
    return CartTotals(totals=totals, discounts=discounts)
