"""Source comparison: list all stock rows of a variant with the reason for or against each.

It runs the code of the checkout and records the results; it decides nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog.models import Channel, Listing, Variant
from orders.routing import decision_log, margin_filter, stock_query
from orders.routing.candidates import Candidate, QuantityRefusal
from orders.routing.engine import Drawback, Plan, reason_against
from orders.routing.margin_filter import Contribution, MarginReason
from orders.routing.stock_query import AssessedStock
from shipping.availability import reach, sale_amounts
from shipping.rates import quotes
from shipping.rates.refusal_reasons import explain_refusal
from storefront.lib.money import Money
from suppliers.inventory.availability import UnavailableReason
from suppliers.shipping_services.selection import parcel_load


class RouteStatus(StrEnum):
    SELECTED = "selected"
    NOT_CARRIED = "not_carried"  # no route carries one unit to this country
    PARCEL_TOO_SMALL = "parcel_too_small"  # one parcel takes fewer units than ordered


type Verdict = RouteStatus | UnavailableReason | QuantityRefusal | MarginReason | Drawback


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSource:
    """One stock row and why it is selected or not.

    Shape:  ``sentence`` explains why no route carries it; ``most`` is the maximum of one parcel
            from this location; ``units`` is the planned quantity; ``contribution`` is for
            ``units``, or for the whole line if none are planned, at the current price
    """

    row: AssessedStock
    verdict: Verdict
    sentence: str = ""
    most: int = 0
    units: int = 0
    contribution: Contribution | None = None


def compare_sources(
    *, variant: Variant, quantity: int, country: str, channel: Channel, now: datetime
) -> list[ComparedSource]:
    """Return each stock row with what checkout would decide for one line of this quantity.

    Chosen rows come first, then possible ones, cheapest first.
    """
    pieces = {variant.pk: variant}
    reached = reach.load_reach(
        pieces=pieces, listed=None, channel=channel, country=country, now=now
    )
    listing = Listing.objects.on(channel).filter(variant=variant).first()
    amounts = {}
    if listing is not None and listing.price_amount is not None:
        amounts = {variant.pk: Money(listing.price_amount * quantity, channel.currency)}
    sold = sale_amounts.by_variant(amounts=amounts, reached=reached, channel=channel)
    plan = reached.plan([(variant.pk, quantity)], sold=sold)
    rows = stock_query.assess(variant_ids=[variant.pk], channel=channel, country=country, now=now)
    compared = [_compare_row(row, variant, quantity, country, plan, now) for row in rows]
    return sorted(compared, key=lambda source: _sort_key(source, quantity))


def _compare_row(  # noqa: PLR0913, PLR0917 - one row and everything that decides about it
    row: AssessedStock, variant: Variant, quantity: int, country: str, plan: Plan, now: datetime
) -> ComparedSource:
    if row.reasons or row.candidate is None:
        return ComparedSource(row=row, verdict=next(iter(row.reasons), UnavailableReason.NO_COST))
    able = reach.cap_to_parcel(row.candidate, variant, country=country, now=now)
    if able is None and row.candidate.smallest_sellable(1) is None:  # below the minimum order
        return ComparedSource(
            row=row, verdict=row.candidate.quantity_refusal(quantity) or QuantityRefusal.TOO_FEW
        )
    if able is None:
        return ComparedSource(
            row=row,
            verdict=RouteStatus.NOT_CARRIED,
            sentence=_refusal_sentence(row.candidate, variant, country, now),
        )
    most = able.largest_sellable(able.available)
    parts = plan.planned.get(variant.pk, ())
    for part in parts:
        if part.candidate.level_id == able.level_id:
            contribution = margin_filter.contribution(able, part.quantity, part.sold)
            return ComparedSource(
                row=row,
                verdict=RouteStatus.SELECTED,
                most=most,
                contribution=contribution,
                units=part.quantity,
            )
    source = decision_log.sole_source(parts)
    sold = decision_log.total_sale(parts) if parts else None
    contribution = margin_filter.contribution(able, quantity, sold)
    considered = plan.considered.get(variant.pk, ())
    able = next(
        (candidate for candidate in considered if candidate.level_id == able.level_id), able
    )
    reason: Verdict
    reason = reason_against(able, chosen=source, quantity=quantity, rules=plan.rules, sold=sold)
    if reason == QuantityRefusal.TOO_FEW and row.candidate.available >= quantity:
        reason = RouteStatus.PARCEL_TOO_SMALL
    return ComparedSource(row=row, verdict=reason, most=most, contribution=contribution)


def _refusal_sentence(candidate: Candidate, variant: Variant, country: str, now: datetime) -> str:
    routes = quotes.routes_from(
        candidate.location_id, country=country, currency=candidate.cost.currency, now=now
    )
    # No route carries even the minimum order quantity, so the reason is about that.
    load = parcel_load(variant, candidate.smallest_sellable(1) or 1)
    return explain_refusal(
        routes=routes,
        load=load,
        country_from=candidate.country,
        country_to=country,
        tier="",
        is_restricted=country in candidate.restricted_countries,
    ).sentence


def _sort_key(source: ComparedSource, quantity: int) -> tuple[object, ...]:
    candidate, level = source.row.candidate, source.row.level
    if candidate is None:
        return (2, level.offer_id, level.pk)
    return (
        source.verdict != RouteStatus.SELECTED,
        *candidate.outlay(quantity),
        candidate.distance,
        level.pk,
    )
