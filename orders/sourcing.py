"""Read what the suppliers have, and decide where each line of a cart comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django.db.models import Q

from catalog.models import Channel, ExchangeRate
from orders.routing import Candidate, Need, Plan, distance, route
from storefront.lib.money import Money
from suppliers.models import StockLevel, SupplierOffer


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
    levels = list(
        StockLevel.objects.fresh(now)
        .with_available(now)
        .filter(
            offer__variant__in=variant_ids,
            offer__status="active",
            offer__cost_amount__gt=0,
            offer__missing_evidence="",
            offer__supplier__status="active",
        )
        .filter(Q(free__gt=channel.buffer))
        .select_related("offer__supplier", "location")
    )
    rates = _rates(channel, {level.offer.currency for level in levels})
    found = []
    for level in levels:
        offer = level.offer
        if not offer.cost_amount or not offer.variant_id:
            continue
        wholesale = cost = Money(offer.cost_amount, offer.currency)
        if offer.currency != channel.currency:
            if offer.currency not in rates:
                continue  # no price can be made of it, so nothing can be sold of it
            cost = cost.converted(rate=rates[offer.currency], currency=channel.currency)
        found.append(
            Candidate(
                level_id=level.pk,
                offer_id=offer.pk,
                variant_id=offer.variant_id,
                supplier_id=offer.supplier_id,
                location_id=level.location_id,
                country=level.location.country,
                available=cast(Any, level).free - channel.buffer,
                cost=cost,
                wholesale=wholesale,
                lead_days=_lead_days(offer, now),
                distance=distance(level.location.country, country),
                minimum=offer.minimum_quantity,
                pack=offer.pack_size,
            )
        )
    return found


def _rates(channel: Channel, currencies: set[str]) -> dict[str, Decimal]:
    """Return what one unit of each currency is worth in the channel's, where others are asked."""
    foreign = currencies - {channel.currency}
    if not foreign:
        return {}
    rates = ExchangeRate.objects.filter(quote=channel.currency, base__in=foreign)
    return dict(rates.values_list("base", "rate"))


def _lead_days(offer: SupplierOffer, now: datetime) -> int:
    """Count the days until it is handed over; an order after the cut-off waits for tomorrow."""
    supplier = offer.supplier
    days = supplier.lead_days if offer.lead_days is None else offer.lead_days
    is_late = supplier.cut_off_hour is not None and now.hour >= supplier.cut_off_hour
    return days + is_late
