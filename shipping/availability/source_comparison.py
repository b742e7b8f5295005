"""Put all stock rows of one variant side by side: which one is taken, and why no other is.

It decides nothing: it asks what checkout asks, and keeps the answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog.models import Channel, Listing, Variant
from orders.routing import decision_log, margin_filter, stock_query
from orders.routing.candidates import Candidate, Misfit, Refusal
from orders.routing.engine import Plan, Worse, against
from orders.routing.margin_filter import Left, Unearning
from orders.routing.stock_query import Weighed
from shipping.availability import reach, sale_amounts
from shipping.rates import quotes
from shipping.rates.refusal_reasons import reason_for
from storefront.lib.money import Money
from suppliers.shipping_services.selection import load_of


class Way(StrEnum):
    """What the routes make of a stock row."""

    TAKEN = "taken"
    NOT_CARRIED = "not_carried"  # no route carries one of it to this country
    PARCEL_TOO_SMALL = "parcel_too_small"  # not so many of it in one parcel


type Verdict = Way | Refusal | Misfit | Unearning | Worse


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One stock row, and why it is taken or not.

    Shape:  ``sentence`` says what stands against the routes; ``most`` is what one parcel can
            bring from here, ``units`` how many are taken; ``left`` what these, or else the line,
            would leave at the price of now
    """

    row: Weighed
    verdict: Verdict
    sentence: str = ""
    most: int = 0
    units: int = 0
    left: Left | None = None


def compare(
    *, variant: Variant, quantity: int, country: str, channel: Channel, now: datetime
) -> list[Compared]:
    """Say of each stock row what checkout would make of it for one line of so many.

    The one that is taken comes first, then those that could be, cheapest first.
    """
    pieces = {variant.pk: variant}
    reached = reach.reach(pieces=pieces, listed=None, channel=channel, country=country, now=now)
    listing = Listing.objects.on(channel).filter(variant=variant).first()
    amounts = {}
    if listing is not None and listing.price_amount is not None:
        amounts = {variant.pk: Money(listing.price_amount * quantity, channel.currency)}
    sold = sale_amounts.sold(amounts=amounts, reached=reached, channel=channel)
    plan = reached.plan([(variant.pk, quantity)], sold=sold)
    rows = stock_query.weigh(variant_ids=[variant.pk], channel=channel, country=country, now=now)
    found = [_judged(row, variant, quantity, country, plan, now) for row in rows]
    return sorted(found, key=lambda one: _place(one, quantity))


def _judged(  # noqa: PLR0913, PLR0917 - one row, and all that it is compared by
    row: Weighed,
    variant: Variant,
    quantity: int,
    country: str,
    plan: Plan,
    now: datetime,
) -> Compared:
    if row.refusal is not None or row.candidate is None:
        return Compared(row=row, verdict=row.refusal or Refusal.NO_COST)
    able = reach.carried(row.candidate, variant, country=country, now=now)
    if able is None and row.candidate.at_least(1) is None:  # fewer are left than he sells at all
        return Compared(row=row, verdict=row.candidate.misfit(quantity) or Misfit.TOO_FEW)
    if able is None:
        return Compared(
            row=row, verdict=Way.NOT_CARRIED, sentence=_why(row.candidate, variant, country, now)
        )
    most = able.at_most(able.available)
    parts = plan.planned.get(variant.pk, ())
    for part in parts:
        if part.candidate.level_id == able.level_id:
            left = margin_filter.left(able, part.quantity, part.sold)
            return Compared(row=row, verdict=Way.TAKEN, most=most, left=left, units=part.quantity)
    taken = decision_log.alone(parts)
    sold = decision_log.whole(parts) if parts else None
    left = margin_filter.left(able, quantity, sold)
    considered = plan.considered.get(variant.pk, ())
    able = next((one for one in considered if one.level_id == able.level_id), able)
    reason: Verdict
    reason = against(able, taken=taken, quantity=quantity, rules=plan.rules, sold=sold)
    if reason == Misfit.TOO_FEW and row.candidate.available >= quantity:
        reason = Way.PARCEL_TOO_SMALL
    return Compared(row=row, verdict=reason, most=most, left=left)


def _why(candidate: Candidate, variant: Variant, country: str, now: datetime) -> str:
    routes = quotes.routes_from(
        candidate.location_id, country=country, currency=candidate.cost.currency, now=now
    )
    # The least that he sends, because that is what no route carries.
    load = load_of(variant, candidate.at_least(1) or 1)
    return reason_for(
        routes=routes,
        load=load,
        country_from=candidate.country,
        country_to=country,
        tier="",
        is_forbidden=country in candidate.not_sent_to,
    ).sentence


def _place(one: Compared, quantity: int) -> tuple[object, ...]:
    candidate, level = one.row.candidate, one.row.level
    if candidate is None:
        return (2, level.offer_id, level.pk)
    return (one.verdict != Way.TAKEN, *candidate.outlay(quantity), candidate.distance, level.pk)
