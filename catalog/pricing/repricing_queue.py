"""Repricing queue: add variants whose price inputs changed.

``catalog.listings.repricing`` recalculates them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from catalog.models import PriceBook, PriceRule, Variant, WaitingPrice

BATCH = 1000
FOLLOWS = (
    Q(undercut_rate__isnull=False)
    | Q(low_cover_days__isnull=False)
    | Q(high_cover_days__isnull=False)
)


def ask(*, variant_ids: Iterable[int], now: datetime) -> None:
    """Queue variants for repricing after a change of their price inputs."""
    WaitingPrice.objects.bulk_create(
        (WaitingPrice(variant_id=variant_id, asked_at=now) for variant_id in variant_ids),
        batch_size=BATCH,
    )


def follow_shelf(*, product_ids: Iterable[int], now: datetime) -> None:
    """Queue the variants of products whose category or brand changed: rules match on these."""
    variants = Variant.objects.filter(product__in=product_ids).order_by("pk")
    ask(variant_ids=variants.values_list("pk", flat=True), now=now)


def follow_market(*, variant_ids: Iterable[int], now: datetime) -> None:
    """Queue variants after a market change, if any live rule follows the market."""
    live = PriceRule.objects.filter(book__status=PriceBook.Status.LIVE)
    if live.filter(FOLLOWS).exists():
        ask(variant_ids=sorted(variant_ids), now=now)
