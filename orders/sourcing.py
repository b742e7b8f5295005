"""Read what the suppliers have, and decide where each line of a cart comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from catalog import policies
from catalog.landing import Costing
from catalog.models import Channel
from orders.routing import Candidate, Need, Plan, distance, route
from orders.weighing import Facts, Refusal, refusal
from storefront.lib.money import Money
from suppliers import rationing
from suppliers.models import StockLevel, SupplierOffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One stock row: what it could fill, or why it fills nothing.

    Shape:  ``level`` has ``free``, ``aged``, ``known_at`` and ``cost_known_at``
    """

    level: StockLevel
    refusal: Refusal | None
    candidate: Candidate | None


def plan(
    *,
    lines: Sequence[tuple[int, int]],
    channel: Channel,
    now: datetime,
    country: str = "",
    among: Callable[[list[Candidate]], list[Candidate]] = list,
) -> Plan:
    """Decide for ``(variant id, quantity)`` pairs; what cannot be had stands in ``missing``.

    Of two locations at one cost the nearer to ``country`` sends it; without one none is near.
    Who knows the routes chooses ``among`` the candidates (``shipping.promising``).
    """
    needs = [Need(variant_id=variant, quantity=quantity) for variant, quantity in lines]
    found = candidates(
        variant_ids=[need.variant_id for need in needs], channel=channel, country=country, now=now
    )
    return route(needs=needs, candidates=among(found))


def candidates(
    *, variant_ids: Sequence[int], channel: Channel, country: str, now: datetime
) -> list[Candidate]:
    """Read every stock row that could fill something: at its age, less the channel's buffer."""
    rows = weigh(variant_ids=variant_ids, channel=channel, country=country, now=now)
    return [row.candidate for row in rows if row.candidate is not None]


def weigh(
    *, variant_ids: Sequence[int], channel: Channel, country: str, now: datetime
) -> list[Weighed]:
    """Read every stock row of these variants, and say of each what it could fill.

    What goods land at is read only where there is a choice, or foreign money.
    """
    levels = list(
        StockLevel.objects.with_freshness(now)
        .with_available(now)
        .filter(offer__variant__in=variant_ids)
        .select_related("offer__supplier", "location")
    )
    judged = [(level, refusal(_facts(level, channel))) for level in levels]
    usable = [level.offer for level, reason in judged if reason is None]
    is_foreign = any(offer.currency != channel.currency for offer in usable)
    costing = None
    if is_foreign or len(usable) > len({offer.variant_id for offer in usable}):
        costing = policies.costing_of(channel, now=now, country=country)
    return [_weighed(*one, channel, costing, country, now) for one in judged]


def _facts(level: StockLevel, channel: Channel) -> Facts:
    offer, known = level.offer, cast(Any, level)
    return Facts(
        is_bought_from=offer.supplier.status == offer.supplier.Status.ACTIVE,
        status=offer.status,
        lacks_evidence=bool(offer.missing_evidence),
        has_cost=bool(offer.cost_amount),
        has_fresh_cost=bool(known.has_fresh_cost),
        has_fresh_stock=bool(known.has_fresh_stock),
        left=rationing.left(known.free, kept=channel.buffer),
    )


def _weighed(  # noqa: PLR0913, PLR0917 - one row, and all that it is weighed by
    level: StockLevel,
    reason: Refusal | None,
    channel: Channel,
    costing: Costing | None,
    country: str,
    now: datetime,
) -> Weighed:
    offer = level.offer
    if reason or not offer.cost_amount or not offer.variant_id:
        return Weighed(level=level, refusal=reason, candidate=None)
    wholesale = cost = Money(offer.cost_amount, offer.currency)
    if offer.currency != channel.currency:
        rate = costing.rates.get(offer.currency) if costing else None
        if rate is None:  # nobody can tell its cost; another offer may make a price all the same
            return Weighed(level=level, refusal=Refusal.NO_RATE, candidate=None)
        cost = wholesale.converted(rate=rate, currency=channel.currency)
    origin = level.location.country
    candidate = Candidate(
        level_id=level.pk,
        offer_id=offer.pk,
        variant_id=offer.variant_id,
        supplier_id=offer.supplier_id,
        location_id=level.location_id,
        country=origin,
        available=rationing.left(cast(Any, level).free, kept=channel.buffer),
        cost=cost,
        wholesale=wholesale,
        landed=costing.landed(wholesale, origins=(origin,), supplier_code=offer.supplier.code)
        if costing
        else None,
        lead_days=lead_days(offer, now),
        distance=distance(origin, country),
        minimum=offer.minimum_quantity,
        pack=offer.pack_size,
    )
    return Weighed(level=level, refusal=None, candidate=candidate)


def lead_days(offer: SupplierOffer, now: datetime) -> int:
    """Count the days until it is handed over; an order after the cut-off waits for tomorrow."""
    supplier = offer.supplier
    days = supplier.lead_days if offer.lead_days is None else offer.lead_days
    is_late = supplier.cut_off_hour is not None and now.hour >= supplier.cut_off_hour
    return days + is_late
