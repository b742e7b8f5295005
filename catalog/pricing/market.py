"""Market signals: store daily sales, read competitor prices and sales rates of variants.

The orders app reports the daily sales.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from catalog.models import Channel, CompetitorPrice, DailySales
from catalog.pricing import policy, repricing_queue
from catalog.pricing.landed_cost import ANY
from catalog.pricing.price_calculation import Market
from storefront.lib.db import bulk
from storefront.lib.money import Money


@transaction.atomic(durable=True)
def store_daily_sales(
    *, sold: Mapping[tuple[int, int, date], int], since: date, until: date, now: datetime
) -> int:
    """Replace the daily sales of a period by those of the orders; return how many changed.

    Idempotent. Rows without sales in ``sold`` are deleted.
    Shape:  ``sold`` maps (channel, variant, day) to units; days from ``since`` to ``until``
    Locks:  the rows of these days, in id order
    """
    present = {
        (row.channel_id, row.variant_id, row.day): row
        for row in DailySales.objects.filter(day__gte=since, day__lte=until)
        .select_for_update(of=["self"])
        .order_by("pk")
    }
    wanted = {key: units for key, units in sold.items() if units > 0 and since <= key[2] <= until}
    changed = {
        row: ["units"]
        for key, row in present.items()
        if key in wanted and bulk.set_changed(row, {"units": wanted[key]})
    }
    removed = [row for key, row in present.items() if key not in wanted]
    new = [
        DailySales(channel_id=channel_id, variant_id=variant_id, day=day, units=units)
        for (channel_id, variant_id, day), units in wanted.items()
        if (channel_id, variant_id, day) not in present
    ]
    DailySales.objects.filter(pk__in=[row.pk for row in removed]).delete()
    bulk.update(DailySales, changed)
    DailySales.objects.bulk_create(
        new,
        update_conflicts=True,
        unique_fields=["channel", "variant", "day"],
        update_fields=["units"],
    )
    touched = [*changed, *removed, *new]
    repricing_queue.enqueue_market_followers(
        variant_ids={row.variant_id for row in touched}, now=now
    )
    return len(touched)


# Older prices and less certain matches are ignored.
MAX_COMPETITOR_PRICE_AGE = timedelta(days=7)
MIN_CONFIDENCE = Decimal("0.80")
DEMAND_DAYS = 28


def load_signals(
    *, channel: Channel, available: Mapping[int, int], now: datetime
) -> dict[int, Market]:
    """Return the current signals by variant; variants without any are omitted.

    Shape:  ``available`` maps variants to quantities, which a refresh has not stored yet
    """
    variant_ids = list(available)
    lowest = _competitors(channel, variant_ids, now)
    sold = _sold_per_day(channel, variant_ids, now)
    return {
        variant_id: Market(
            competitor=lowest.get(variant_id),
            cover_days=available[variant_id] / sold[variant_id] if variant_id in sold else None,
        )
        for variant_id in lowest.keys() | sold.keys()
    }


def _competitors(channel: Channel, variant_ids: Sequence[int], now: datetime) -> dict[int, Decimal]:
    prices = CompetitorPrice.objects.filter(
        variant__in=variant_ids,
        as_of__gt=now - MAX_COMPETITOR_PRICE_AGE,
        confidence__gte=MIN_CONFIDENCE,
    ).values_list("variant_id", "amount", "currency", "has_tax")
    costing = policy.load_costing(channel, now=now)
    rates = costing.rates
    # Our tax is added to a price without tax. If no tax rate is known, such a price is skipped.
    terms = costing.terms.get((ANY, ANY))
    lowest: dict[int, Decimal] = {}
    for variant_id, amount, currency, has_tax in prices:
        if (
            currency not in rates
            or currency in costing.unconfirmed_rates
            or (terms is None and not has_tax)
        ):
            continue
        factor = 1 if has_tax or terms is None else 1 + terms.tax_rate
        price = Money(amount * rates[currency] * factor, channel.currency).rounded().amount
        if not price:  # below the smallest coin of our currency
            continue
        if variant_id not in lowest or price < lowest[variant_id]:
            lowest[variant_id] = price
    return lowest


def _sold_per_day(
    channel: Channel, variant_ids: Sequence[int], now: datetime
) -> dict[int, Decimal]:
    """Return average sales of today and the 27 days before; variants without sales are omitted."""
    first = now.date() - timedelta(days=DEMAND_DAYS - 1)
    sold = (
        DailySales.objects.filter(channel=channel, variant__in=variant_ids)
        .filter(day__gte=first, day__lte=now.date())
        .values_list("variant_id")
        .annotate(total=Sum("units"))
    )
    return {variant_id: Decimal(total) / DEMAND_DAYS for variant_id, total in sold}
