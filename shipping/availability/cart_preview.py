"""Cart preview: route a hypothetical cart by any rules; reserve and save nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

from catalog.models import Channel, Listing, Variant
from catalog.pricing import policy
from orders.pricing import margins
from orders.pricing.margins import Account
from orders.routing import decision_log, margin_filter
from orders.routing.candidates import Candidate
from orders.routing.delivery_quote import ShippingQuote
from orders.routing.engine import Plan
from orders.routing.margin_filter import Left, Sold
from orders.routing.ranking import Rules
from orders.tax import rates
from shipping.availability.reach import reach
from shipping.rates import live_rates, quotes
from shipping.rates.quotes import Told
from shipping.rates.refusal_reasons import Reason
from storefront.lib.money import Money
from suppliers.models import StockLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How a cart would be routed and delivered.

    Shape:  ``accounts`` are the margins of lines that have a price and a source; ``reasons`` say
            which parcels no route carries; ``quotes`` and ``reasons`` follow our routes, unless a
            postcode is given and the supplier answered; ``is_asked_live``: a real cart would ask a
            supplier
    """

    wanted: Mapping[int, int]
    variants: Mapping[int, Variant]
    plan: Plan
    quotes: Sequence[ShippingQuote]
    reasons: Sequence[Reason]
    accounts: Mapping[int, Account]
    places: Mapping[int, str]
    is_asked_live: bool

    def weighed(self, variant_id: int) -> list[tuple[Candidate, str, Left | None]]:
        """Return the stock rows that could fill a line, chosen ones first.

        Shape:  each with its verdict and the margin that the line would leave from there
        """
        parts = self.plan.planned.get(variant_id)
        if parts is None:
            return []
        mine = {part.candidate.level_id: part for part in parts}
        quantity, sold = self.wanted[variant_id], decision_log.whole(parts)
        found = []
        for one in self.plan.considered.get(variant_id, ()):
            if part := mine.get(one.level_id):
                left = margin_filter.left(one, part.quantity, part.sold)
                found.append((one, decision_log.TAKEN, left))
                continue
            verdict = decision_log.verdict(
                one, decision_log.alone(parts), quantity, self.plan.rules, sold
            )
            left = margin_filter.left(one, quantity, sold) if one.fits(quantity) else None
            found.append((one, verdict, left))
        return sorted(found, key=lambda each: each[1] != decision_log.TAKEN)


def preview(  # noqa: PLR0913 - what, where to, by which rules
    *,
    wanted: Mapping[int, int],
    channel: Channel,
    country: str,
    rules: Rules,
    now: datetime,
    region: str = "",
    postcode: str = "",
) -> Preview:
    """Route these quantities to a country, including variants that are not for sale now.

    Routing uses the tax of the country, as carts do. Margins use the tax of the region and
    postcode. With a postcode, suppliers are asked for live rates.
    Shape:  ``wanted`` maps variants to quantities
    Raises: HeldTransactionError  with a postcode
    """
    variants = Variant.objects.select_related("product").in_bulk(list(wanted))
    reached = reach(
        pieces=variants, listed=None, channel=channel, country=country, now=now, rules=rules
    )
    costing = policy.costing_of(channel, now=now, country=country)
    on = now.date()
    by_table = rates.by_table(channel=channel, country=country, on=on)
    there = rates.treatment(
        channel=channel, country=country, region=region, postcode=postcode, on=on
    )
    listed = Listing.objects.on(channel).filter(variant__in=wanted)
    amounts = {
        each.variant_id: Money(each.price_amount * wanted[each.variant_id], channel.currency)
        for each in listed
        if each.price_amount is not None
    }
    sold = {key: Sold.at(amount, by_table) for key, amount in amounts.items()}
    plan = reached.landed_by(costing).plan(wanted.items(), sold=sold)
    told: Told = {}
    if postcode:
        told = live_rates.ask_for(
            plan=plan, channel=channel, country=country, postcode=postcode, now=now
        )
    ids = {one.location_id for found in plan.considered.values() for one in found}
    places = {
        place.pk: f"{place.code} ({place.country})"
        for place in StockLocation.objects.filter(pk__in=ids)
    }
    return Preview(
        wanted=wanted,
        variants=variants,
        plan=plan,
        quotes=quotes.for_plan(plan=plan, country=country, now=now, pieces=variants, told=told),
        reasons=quotes.reasons(plan=plan, country=country, now=now, pieces=variants, told=told),
        accounts=_accounts(plan, {key: Sold.at(amount, there) for key, amount in amounts.items()}),
        places=places,
        is_asked_live=any(
            parcel.location_id in quotes.asked_places(now) - told.keys() for parcel in plan.parcels
        ),
    )


def _accounts(plan: Plan, sold: Mapping[int, Sold]) -> dict[int, Account]:
    found: dict[int, Account] = {}
    for variant_id, parts in plan.planned.items():
        if variant_id not in sold or not all(part.candidate.landed for part in parts):
            continue
        accounts = []
        before, quantity = 0, sum(part.quantity for part in parts)
        for part in parts:
            if part.candidate.landed is not None:
                paid = sold[variant_id].part(part.quantity, before=before, of=quantity)
                accounts.append(
                    margins.of_line(
                        part.candidate.landed,
                        quantity=part.quantity,
                        gross=paid.gross,
                        tax_rate=paid.tax_rate,
                    )
                )
            before += part.quantity
        found[variant_id] = reduce(add, accounts)
    return found
