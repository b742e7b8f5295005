"""Facet counts: count whole categories ahead, read and invalidate the counts.

So a plain list page does not scan every card.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from catalog.models import Category, Channel, FacetCount
from catalog.models.listings import STALE_AFTER
from catalog.search import conditions, facets
from catalog.search.filters import ProductFilter
from storefront.lib.db.transactions import requires_transaction

# Stock figures expire without any change of a card.
MAX_AGE = timedelta(minutes=10)
RECOUNT_AFTER = timedelta(minutes=5)
CACHED_SQL = f"""
    SELECT numbers::json, (
        SELECT COALESCE(sum(many::int), 0)::int FROM jsonb_each_text(in_stock) AS sent(area, many)
        WHERE area::bigint IN ({conditions.AREAS})
    ), (
        SELECT COALESCE(json_object_agg(origin, total), '{{}}') FROM (
            SELECT split_part(way, ':', 1) AS origin, sum(many::int) AS total
            FROM jsonb_each_text(origins) AS sent(way, many)
            WHERE split_part(way, ':', 2)::bigint IN ({conditions.AREAS})
            GROUP BY 1
        ) AS counted
    )
    FROM catalog_facetcount
    WHERE channel_id = %s AND category_id IS NOT DISTINCT FROM %s AND counted_at >= %s
"""  # noqa: S608 - made of constants
_LOCK = 0x5E1F  # the first half of an advisory lock; the second is the channel


@requires_transaction
def invalidate(*, channel: Channel) -> None:
    """Delete the counts of a channel after a change of its cards."""
    FacetCount.objects.filter(channel=channel).delete()


@requires_transaction
def block_counting(*, channel: Channel) -> None:
    """Block counting until this transaction commits.

    Locks:  an advisory lock of the channel, shared with all writers of its cards
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [_LOCK, channel.pk])


def get_cached(
    *, channel: Channel, category: Category | None, country: str, now: datetime
) -> Sequence[Any] | None:
    """Return the current counts of a whole category for a country, if stored."""
    with connection.cursor() as cursor:
        cursor.execute(
            CACHED_SQL,
            [country, country, channel.pk, category.pk if category else None, now - MAX_AGE],
        )
        row = cursor.fetchone()
    if not row:
        return None
    (total, _anywhere, _routes, *others), in_stock, origins = row
    return [total, in_stock, origins, *others]


@transaction.atomic(durable=True)
def count_due(*, channel: Channel, now: datetime) -> int:
    """Count the categories of a channel whose counts are missing or old.

    Skipped while cards are being changed: pages then count for themselves.
    Locks:  an advisory lock of the channel: no card changes while we count
    """
    categories: list[Category | None] = [None, *Category.objects.order_by("pk")]
    counted = set(
        FacetCount.objects.filter(channel=channel, counted_at__gte=now - RECOUNT_AFTER).values_list(
            "category", flat=True
        )
    )
    due = [
        category for category in categories if (category.pk if category else None) not in counted
    ]
    if not due:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK, channel.pk])
        if cursor.fetchone() != (True,):
            return 0
    fresh_since = now - STALE_AFTER
    FacetCount.objects.bulk_create(
        [
            FacetCount(
                channel=channel,
                category=category,
                **_count_category(channel, category, fresh_since=fresh_since),
                counted_at=now,
            )
            for category in due
        ],
        update_conflicts=True,
        unique_fields=["channel", "category"],
        update_fields=["numbers", "in_stock", "origins", "counted_at"],
    )
    return len(due)


def _count_category(
    channel: Channel, category: Category | None, *, fresh_since: datetime
) -> dict[str, Any]:
    everything = conditions.base_condition(
        channel_id=channel.pk, category_id=category.pk if category else None, terms=[]
    )
    in_stock = conditions.is_fresh(fresh_since)
    row = facets.count_values(base=everything, query=ProductFilter(), in_stock=in_stock)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT area_id, count(*) FROM catalog_productcard WHERE {everything.text}"  # noqa: S608
            f" AND {in_stock.text} AND area_id IS NOT NULL GROUP BY area_id",
            [*everything.values, *in_stock.values],
        )
        by_area = dict(cursor.fetchall())
    return {
        "numbers": [str(number) if isinstance(number, Decimal) else number for number in row],
        "in_stock": by_area,
        "origins": row[2],
    }
