"""Price history: read past prices, landed costs and reductions, choose the time of a new entry."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max

from catalog.models import Listing, PriceChange
from catalog.pricing.price_reduction import (
    WINDOW,
    PricePoint,
    Reduction,
    current_reduction,
    lowest_before,
)
from storefront.lib.line_charts import PriceStep

MAX_PRICES = 500
ONE_MICROSECOND = timedelta(microseconds=1)


def load_prices(*, listing: Listing) -> list[PriceStep]:
    """Return the newest prices, oldest first, each with its landed cost."""
    changes = PriceChange.objects.filter(listing=listing).order_by("-at", "-pk")
    newest = changes.values_list("at", "amount", "breakdown")[:MAX_PRICES]
    return [
        PriceStep(at=at, price=amount, landed=landed_cost_in(breakdown))
        for at, amount, breakdown in newest
    ][::-1]


def lowest_before_current(*, listing: Listing) -> Decimal | None:
    """Return the lowest price of the 30 days before the current price; None if there was none.

    It must be stated with an announced reduction (``price_reduction``).
    """
    changes = PriceChange.objects.filter(listing=listing).order_by("-at", "-pk")
    current = changes.first()
    if current is None:
        return None
    points: list[PricePoint] = []
    rows = changes.filter(pk__lt=current.pk).values_list("at", "amount")
    for at, amount in rows[:MAX_PRICES]:
        points.append(PricePoint(at, amount))
        if at <= current.at - WINDOW:  # in force at the start of the 30 days
            break
    return lowest_before(points[::-1], since=current.at)


def load_reductions(*, listing_ids: Collection[int], now: datetime) -> dict[int, Reduction]:
    """Return the reductions that may be shown for current prices, by listing; two queries.

    The product page reads them by SQL of its own (``catalog.products.detail_query``).
    """
    promoted = Listing.objects.filter(
        pk__in=listing_ids, rule__is_promotion=True, rule__ends_at__gt=now
    )
    columns = ("pk", "price_amount", "rule__starts_at", "rule__ends_at")
    terms = {
        pk: (price, starts_at, ends_at)
        for pk, price, starts_at, ends_at in promoted.values_list(*columns)
        if price is not None and starts_at is not None and ends_at is not None
    }
    if not terms:
        return {}
    points: dict[int, list[PricePoint]] = defaultdict(list)
    changes = PriceChange.objects.filter(listing__in=terms).order_by("listing", "at", "pk")
    for pk, at, amount, is_promotion, starts_at in changes.values_list(
        "listing", "at", "amount", "rule__is_promotion", "rule__starts_at"
    ):
        first_needed = terms[pk][1] - WINDOW
        if at <= first_needed:
            points[pk].clear()  # only the price in force 30 days before counts
        is_reduced = bool(is_promotion) and starts_at == terms[pk][1]
        points[pk].append(PricePoint(at, amount, is_reduced))
    found = {
        pk: current_reduction(points[pk], price=price, until=ends_at, now=now)
        for pk, (price, _, ends_at) in terms.items()
    }
    return {pk: reduction for pk, reduction in found.items() if reduction is not None}


def change_times(*, listing_ids: Collection[int], now: datetime) -> dict[int, datetime]:
    """Return the time to store with the next change, for listings last changed at or after ``now``.

    Clocks of machines differ, and a run uses the time of its start. The change is dated right after
    the last one, so that the history keeps the order of writing.
    """
    if not listing_ids:
        return {}
    later = PriceChange.objects.filter(listing__in=listing_ids, at__gte=now)
    newest = later.values_list("listing").annotate(newest=Max("at"))
    return {listing_id: at + ONE_MICROSECOND for listing_id, at in newest}


def landed_cost_in(breakdown: Mapping[str, Any]) -> Decimal | None:
    for code, amount, _note in breakdown.get("steps", ()):
        if code == "landed" and amount is not None:
            return Decimal(amount)
    return None
