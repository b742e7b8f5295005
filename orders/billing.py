"""Say what a cart comes to where it goes: goods, ways, promotions and tax, in one bill.

The page that shows a total and the order that charges it ask here, with the same cart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orders import promotions, taxes, totaling
from orders.cart_view import Wanted
from orders.models import Cart
from orders.promotions import Found
from orders.totaling import Totals
from storefront.lib.address import Address
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Who buys, and where it goes, as far as he has said so."""

    country: str
    region: str = ""
    postcode: str = ""
    email: str = ""

    @classmethod
    def at(cls, address: Address, *, email: str) -> Buyer:
        return cls(
            country=address.country,
            region=address.region,
            postcode=address.postcode,
            email=email,
        )

    @classmethod
    def of_cart(cls, cart: Cart, *, country: str) -> Buyer:
        """Read what a cart knows; an address in another country says nothing of this one."""
        known = cart.ship_to if cart.ship_to.get("country") == country else {}
        return cls(
            country=country,
            region=known.get("region", ""),
            postcode=known.get("postcode", ""),
            email=cart.email,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a shopper pays, and what promotions did to it."""

    totals: Totals
    found: Found


def bill(
    *,
    cart: Cart,
    wanted: Mapping[int, Wanted],
    parcels: Sequence[Money],
    buyer: Buyer,
    now: datetime,
) -> Bill:
    """Add a cart up.

    Shape:  ``wanted`` by the id of the line, ``parcels`` what each way costs
    """
    currency = cart.channel.currency
    found = promotions.look(
        cart=cart,
        wanted=wanted,
        delivery=Money.total(parcels, currency),
        email=buyer.email,
        now=now,
    )
    totals = totaling.add_up(
        lines={key: each.unit * each.quantity for key, each in wanted.items()},
        parcels=parcels,
        currency=currency,
        treatment=taxes.treatment(
            channel=cart.channel,
            country=buyer.country,
            region=buyer.region,
            postcode=buyer.postcode,
            on=now.date(),
        ),
        deductions=found.outcome.deductions,
    )
    return Bill(totals=totals, found=found)
