"""Price history: read a listing's past prices and landed costs, time the next change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max

from catalog.models import Listing, PriceChange
from storefront.lib.line_charts import Step

MOST = 500
A_MOMENT = timedelta(microseconds=1)


def read(*, listing: Listing) -> list[Step]:
    """Return its newest prices, oldest first, each with the landed cost that it was made of."""
    changes = PriceChange.objects.filter(listing=listing).order_by("-at", "-pk")
    newest = changes.values_list("at", "amount", "made_of")[:MOST]
    return [Step(at=at, price=amount, landed=landed_in(made_of)) for at, amount, made_of in newest][
        ::-1
    ]


def moments(*, listing_ids: Collection[int], now: datetime) -> dict[int, datetime]:
    """Say when a change counts that follows later ones: right after them; others count now.

    A run knows the time of its beginning or of another machine. The order of the history is
    the order in which it was written, whatever the clocks say.
    """
    if not listing_ids:
        return {}
    later = PriceChange.objects.filter(listing__in=listing_ids, at__gte=now)
    newest = later.values_list("listing").annotate(newest=Max("at"))
    return {listing_id: at + A_MOMENT for listing_id, at in newest}


def landed_in(made_of: Mapping[str, Any]) -> Decimal | None:
    """Find the landed cost among the steps; prices that are older than these have none."""
    for code, amount, _note in made_of.get("steps", ()):
        if code == "landed" and amount is not None:
            return Decimal(amount)
    return None
