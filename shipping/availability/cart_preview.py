"""Cart preview: route a hypothetical cart by any rules; reserve and save nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

from catalog.models import Channel, Listing, Variant
from catalog.pricing import policy
from orders.pricing import margins
from orders.pricing.margins import Margin
from orders.routing import decision_log, margin_filter
from orders.routing.candidates import Candidate
from orders.routing.delivery_quote import ShippingQuote
from orders.routing.engine import Plan
from orders.routing.margin_filter import Contribution, SaleAmount
from orders.routing.ranking import Rules
from orders.tax import rates
from shipping.availability.reach import load_reach
from shipping.rates import live_rates, quotes
from shipping.rates.quotes import LiveRates
from shipping.rates.refusal_reasons import RefusalReason
from storefront.lib.money import Money
from suppliers.models import StockLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How a cart would be routed and delivered.

    Shape:  ``line_margins`` are for lines that have a price and a source; ``reasons`` say which
            parcels no route carries; ``quotes`` and ``reasons`` use live rates if a postcode is
            given and the supplier answered, otherwise our routes; ``asks_live_rates``: a checkout
            would ask a supplier whose live rates are missing here
    """

    wanted: Mapping[int, int]
    variants: Mapping[int, Variant]
    plan: Plan
    quotes: Sequence[ShippingQuote]
    reasons: Sequence[RefusalReason]
    line_margins: Mapping[int, Margin]
    location_names: Mapping[int, str]
    asks_live_rates: bool

    def considered_sources(
        self, variant_id: int
    ) -> list[tuple[Candidate, str, Contribution | None]]:
        """Return the stock rows for a line, selected ones first, each with verdict and margin."""
        parts = self.plan.planned.get(variant_id)
        if parts is None:
            return []
        selected = {part.candidate.level_id: part for part in parts}
        quantity, sold = self.wanted[variant_id], decision_log.total_sale(parts)
        sources = []
        for candidate in self.plan.considered.get(variant_id, ()):
            if part := selected.get(candidate.level_id):
                contribution = margin_filter.contribution(candidate, part.quantity, part.sold)
                sources.append((candidate, decision_log.SELECTED, contribution))
                continue
            verdict = decision_log.verdict(
                candidate, decision_log.sole_source(parts), quantity, self.plan.rules, sold
            )
            contribution = (
                margin_filter.contribution(candidate, quantity, sold)
                if candidate.fits(quantity)
                else None
            )
            sources.append((candidate, verdict, contribution))
        return sorted(sources, key=lambda each: each[1] != decision_log.SELECTED)


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
    Raises: OpenTransactionError  with a postcode
    """
    variants = Variant.objects.select_related("product").in_bulk(list(wanted))
    reached = load_reach(
        pieces=variants, listed=None, channel=channel, country=country, now=now, rules=rules
    )
    costing = policy.load_costing(channel, now=now, country=country)
    on = now.date()
    by_table = rates.find_table_treatment(channel=channel, country=country, on=on)
    treatment = rates.find_treatment(
        channel=channel, country=country, region=region, postcode=postcode, on=on
    )
    listed = Listing.objects.on(channel).filter(variant__in=wanted)
    amounts = {
        each.variant_id: Money(each.price_amount * wanted[each.variant_id], channel.currency)
        for each in listed
        if each.price_amount is not None
    }
    sold = {key: SaleAmount.at(amount, by_table) for key, amount in amounts.items()}
    plan = reached.with_landed_costs(costing).plan(wanted.items(), sold=sold)
    live_charges: LiveRates = {}
    if postcode:
        live_charges = live_rates.get_for_plan(
            plan=plan, channel=channel, country=country, postcode=postcode, now=now
        )
    ids = {one.location_id for candidates in plan.considered.values() for one in candidates}
    locations = {
        place.pk: f"{place.code} ({place.country})"
        for place in StockLocation.objects.filter(pk__in=ids)
    }
    return Preview(
        wanted=wanted,
        variants=variants,
        plan=plan,
        quotes=quotes.quote_plan(
            plan=plan, country=country, now=now, pieces=variants, live_rates=live_charges
        ),
        reasons=quotes.refusal_reasons(
            plan=plan, country=country, now=now, pieces=variants, live_rates=live_charges
        ),
        line_margins=_line_margins(
            plan, {key: SaleAmount.at(amount, treatment) for key, amount in amounts.items()}
        ),
        location_names=locations,
        asks_live_rates=any(
            parcel.location_id in quotes.live_rate_locations(now) - live_charges.keys()
            for parcel in plan.parcels
        ),
    )


def _line_margins(plan: Plan, sold: Mapping[int, SaleAmount]) -> dict[int, Margin]:
    by_variant: dict[int, Margin] = {}
    for variant_id, parts in plan.planned.items():
        if variant_id not in sold or not all(part.candidate.landed for part in parts):
            continue
        part_margins = []
        before, quantity = 0, sum(part.quantity for part in parts)
        for part in parts:
            if part.candidate.landed is not None:
                paid = sold[variant_id].part(part.quantity, before=before, of=quantity)
                part_margins.append(
                    margins.line_margin(
                        part.candidate.landed,
                        quantity=part.quantity,
                        gross=paid.gross,
                        tax_rate=paid.tax_rate,
                    )
                )
            before += part.quantity
        by_variant[variant_id] = reduce(add, part_margins)
    return by_variant
