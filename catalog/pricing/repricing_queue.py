"""Repricing queue: add variants whose price inputs changed.

``catalog.listings.repricing`` recalculates them.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from catalog.models import PriceBook, PriceRule, RepricingRequest, Variant

BATCH = 1000
FOLLOWS_MARKET = (
    Q(undercut_rate__isnull=False)
    | Q(low_cover_days__isnull=False)
    | Q(high_cover_days__isnull=False)
)


def enqueue(*, variant_ids: Iterable[int], now: datetime) -> None:
    RepricingRequest.objects.bulk_create(
        (RepricingRequest(variant_id=variant_id, requested_at=now) for variant_id in variant_ids),
        batch_size=BATCH,
    )


def enqueue_products(*, product_ids: Iterable[int], now: datetime) -> None:
    """Queue the variants of products whose category or brand changed: rules match on these."""
    variants = Variant.objects.filter(product__in=product_ids).order_by("pk")
    enqueue(variant_ids=variants.values_list("pk", flat=True), now=now)


def enqueue_market_followers(*, variant_ids: Iterable[int], now: datetime) -> None:
    live = PriceRule.objects.filter(book__status=PriceBook.Status.LIVE)
    if live.filter(FOLLOWS_MARKET).exists():
        enqueue(variant_ids=sorted(variant_ids), now=now)
