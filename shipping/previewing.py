"""Route a cart that nobody has, by any rules: nothing is held, and nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalog import policies
from catalog.models import Channel, Listing, Variant
from orders import earning, noting, taxes
from orders.delivery import ShippingQuote
from orders.earning import Account
from orders.ranking import Rules
from orders.routing import Candidate, Plan
from shipping import quotes
from shipping.reaching import reach
from shipping.refusing import Reason
from storefront.lib.money import Money
from suppliers.models import StockLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How a cart would be sent.

    Shape:  ``accounts`` set a line's price against what it costs, where it has a price and a
            place; ``reasons`` say what no route carries; ``quotes`` and ``reasons`` are of our
            table, also where ``is_asked_live`` says that a real cart asks a supplier
    """

    wanted: Mapping[int, int]
    variants: Mapping[int, Variant]
    plan: Plan
    quotes: Sequence[ShippingQuote]
    reasons: Sequence[Reason]
    accounts: Mapping[int, Account]
    places: Mapping[int, str]
    is_asked_live: bool

    def weighed(self, variant_id: int) -> list[tuple[Candidate, str]]:
        """Return the places that could send a line, with what was against each; taken first."""
        taken = taken_of(self.plan).get(variant_id)
        if taken is None:
            return []
        quantity = self.wanted[variant_id]
        found = [
            (one, noting.verdict(one, taken, quantity, self.plan.rules))
            for one in self.plan.considered.get(variant_id, ())
        ]
        return sorted(found, key=lambda pair: pair[1] != noting.TAKEN)


def taken_of(plan: Plan) -> dict[int, Candidate]:
    return {line.variant_id: line.candidate for parcel in plan.parcels for line in parcel.lines}


def preview(
    *,
    wanted: Mapping[int, int],
    channel: Channel,
    country: str,
    rules: Rules,
    now: datetime,
) -> Preview:
    """Route so many of these variants to a country, also of what is not for sale now.

    Shape:  ``wanted`` maps variants to how many
    """
    variants = Variant.objects.select_related("product").in_bulk(list(wanted))
    reached = reach(
        pieces=variants, listed=None, channel=channel, country=country, now=now, rules=rules
    )
    plan = reached.plan(wanted.items())
    ids = {one.location_id for found in plan.considered.values() for one in found}
    places = {
        place.pk: f"{place.code} ({place.country})"
        for place in StockLocation.objects.filter(pk__in=ids)
    }
    return Preview(
        wanted=wanted,
        variants=variants,
        plan=plan,
        quotes=quotes.for_plan(plan=plan, country=country, now=now, pieces=variants),
        reasons=quotes.reasons(plan=plan, country=country, now=now, pieces=variants),
        accounts=_accounts(plan, wanted, channel, country, now),
        places=places,
        is_asked_live=any(
            parcel.location_id in quotes.asked_places(now) for parcel in plan.parcels
        ),
    )


def _accounts(
    plan: Plan, wanted: Mapping[int, int], channel: Channel, country: str, now: datetime
) -> dict[int, Account]:
    costing = policies.costing_of(channel, now=now, country=country)
    tax = taxes.treatment(channel=channel, country=country, on=now.date())
    asked = Listing.objects.on(channel).filter(variant__in=wanted)
    prices = {each.variant_id: each.price_amount for each in asked}
    found = {}
    for variant_id, one in taken_of(plan).items():
        landed = costing.landed(
            one.wholesale, origins=(one.country,), supplier_code=one.supplier_code
        )
        price = prices.get(variant_id)
        if landed is None or price is None:
            continue
        with_tax = price * (1 + tax.rate) if tax.is_added else price
        gross = Money(with_tax * wanted[variant_id], channel.currency)
        found[variant_id] = earning.of_line(
            landed, quantity=wanted[variant_id], gross=gross, tax_rate=tax.rate
        )
    return found
