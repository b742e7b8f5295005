"""Price history: read a listing's past prices and landed costs, choose the time of a new entry."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max

from catalog.models import Listing, PriceChange
from catalog.pricing.price_reduction import WINDOW, PricePoint, lowest_before
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
