"""What the market says of our goods: competitors' prices, and how fast they sell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from catalog.models import Channel, CompetitorPrice, SalesTally
from catalog.pricing import policy
from catalog.pricing.landed_cost import ANY
from storefront.lib.money import Money

# What is older, or less surely the same goods, is not believed.
MAX_AGE = timedelta(days=7)
LEAST_CONFIDENCE = Decimal("0.80")
DEMAND_DAYS = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the market says of one variant; None where nobody knows.

    Units:  ``competitor`` in the channel's currency, with tax; ``sold_per_day`` over the last
            28 days; ``cover_days`` is what is available, divided by it
    """

    competitor: Money | None
    sold_per_day: Decimal | None
    cover_days: Decimal | None


def read(*, channel: Channel, available: Mapping[int, int], now: datetime) -> dict[int, Signals]:
    """Return what is fresh and believable, by variant; nothing is told of the others.

    Shape:  ``available`` says of each variant how many can be had: a refresh knows it before
            the listing does
    """
    variant_ids = list(available)
    lowest = _competitors(channel, variant_ids, now)
    sold = _sold_per_day(channel, variant_ids, now)
    told = lowest.keys() | sold.keys()
    return {
        variant_id: Signals(
            competitor=lowest.get(variant_id),
            sold_per_day=sold.get(variant_id),
            cover_days=available[variant_id] / sold[variant_id] if variant_id in sold else None,
        )
        for variant_id in told
    }


def _competitors(channel: Channel, variant_ids: Sequence[int], now: datetime) -> dict[int, Money]:
    prices = CompetitorPrice.objects.filter(
        variant__in=variant_ids, as_of__gt=now - MAX_AGE, confidence__gte=LEAST_CONFIDENCE
    ).values_list("variant_id", "amount", "currency", "has_tax")
    costing = policy.costing_of(channel, now=now)
    rates = costing.rates
    # Without tax it is compared as it would be asked here; without a rate of tax, not at all.
    terms = costing.terms.get((ANY, ANY))
    found: dict[int, Money] = {}
    for variant_id, amount, currency, has_tax in prices:
        if currency not in rates or currency in costing.doubts or (terms is None and not has_tax):
            continue
        factor = 1 if has_tax or terms is None else 1 + terms.tax_rate
        price = Money(amount * rates[currency] * factor, channel.currency).rounded()
        if not price:  # too little to be paid in our money: nobody can meet it
            continue
        if variant_id not in found or price < found[variant_id]:
            found[variant_id] = price
    return found


def _sold_per_day(
    channel: Channel, variant_ids: Sequence[int], now: datetime
) -> dict[int, Decimal]:
    """Sum up the day of today and the 27 before it; what sold nothing is left out."""
    first = now.date() - timedelta(days=DEMAND_DAYS - 1)
    sold = (
        SalesTally.objects.filter(channel=channel, variant__in=variant_ids)
        .filter(day__gte=first, day__lte=now.date())
        .values_list("variant_id")
        .annotate(total=Sum("units"))
    )
    return {variant_id: Decimal(total) / DEMAND_DAYS for variant_id, total in sold}
