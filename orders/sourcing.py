"""Read what the suppliers have, and decide where each line of a cart comes from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django.db.models import Q

from catalog.models import Channel, ExchangeRate
from orders.routing import Candidate, Need, Plan, distance, route
from storefront.lib.money import Money
from suppliers.models import StockLevel


def plan(
    *, lines: Sequence[tuple[int, int]], channel: Channel, now: datetime, country: str = ""
) -> Plan:
    """Decide for ``(variant id, quantity)`` pairs; what cannot be had stands in ``missing``.

    Of two locations at one cost the nearer to ``country`` sends it; without one none is near.
    """
    needs = [Need(variant_id=variant, quantity=quantity) for variant, quantity in lines]
    rates = {rate.base: rate.rate for rate in ExchangeRate.objects.filter(quote=channel.currency)}
    levels = (
        StockLevel.objects.fresh(now)
        .with_available(now)
        .filter(
            offer__variant__in=[need.variant_id for need in needs],
            offer__status="active",
            offer__cost_amount__gt=0,
            offer__missing_evidence="",
            offer__supplier__status="active",
        )
        .filter(Q(free__gt=0))
        .select_related("offer__supplier", "location")
    )
    candidates = []
    for level in levels:
        offer = level.offer
        if not offer.cost_amount or not offer.variant_id:
            continue
        wholesale = cost = Money(offer.cost_amount, offer.currency)
        if offer.currency != channel.currency:
            if offer.currency not in rates:
                continue  # no price can be made of it, so nothing can be sold of it
            cost = cost.converted(rate=rates[offer.currency], currency=channel.currency)
        candidates.append(
            Candidate(
                level_id=level.pk,
                offer_id=offer.pk,
                variant_id=offer.variant_id,
                supplier_id=offer.supplier_id,
                location_id=level.location_id,
                country=level.location.country,
                available=cast(Any, level).free,
                cost=cost,
                wholesale=wholesale,
                lead_days=offer.supplier.lead_days,
                distance=distance(level.location.country, country),
            )
        )
    return route(needs=needs, candidates=candidates)
