"""Pending changes: add changes of a store, fold them into the rows that are to be sent.

Triggers add most rows (``migrations/sql/changes.sql``), while a store is published to. ``fold`` and
all that changes listings and products of a store run under its lock (``publishing.run``).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from catalog.models.listings import STALE_AFTER
from storefront.sales_channels.models import (
    Connection,
    PendingChange,
    RemoteListing,
    RemoteProduct,
)

FOLD_LIMIT = 20_000
Effect = PendingChange.Effect

QUEUE_PUBLISHED = """
INSERT INTO sales_channels_pendingchange (connection_id, product_id, effect, at)
SELECT %(connection)s, product_id, %(effect)s, %(now)s FROM (
    SELECT DISTINCT v.product_id
    FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
    WHERE l.channel_id = %(channel)s AND l.is_published
    UNION
    SELECT product_id FROM sales_channels_remoteproduct WHERE connection_id = %(connection)s
) AS known
"""
# What a store still offers although its stock figure is too old to sell.
QUEUE_STALE = """
INSERT INTO sales_channels_pendingchange (connection_id, variant_id, at)
SELECT r.connection_id, r.variant_id, %(now)s
FROM sales_channels_remotelisting r
JOIN sales_channels_connection c ON c.id = r.connection_id
JOIN catalog_listing l ON l.channel_id = c.channel_id AND l.variant_id = r.variant_id
WHERE r.sent_quantity > 0 AND r.dirty_since IS NULL AND l.as_of < %(fresh_since)s
    AND c.status = 'active' AND c.is_publishing
"""
TAKE = """
DELETE FROM sales_channels_pendingchange WHERE id IN (
    SELECT id FROM sales_channels_pendingchange
    WHERE connection_id = %(connection)s ORDER BY id LIMIT %(limit)s
) RETURNING variant_id, product_id, effect, at
"""
# A product concerns all its variants: they may be new, moved or withdrawn. A variant that the store
# does not have waits for its product. New rows are in the order of products, in which they are sent:
# some platforms take one batch for each product.
MARK_LISTINGS = """
INSERT INTO sales_channels_remotelisting AS r (
    connection_id, variant_id, dirty_since, version, problem,
    external_product_id, external_variant_id, external_inventory_id
)
SELECT %(connection)s, queued.variant_id, min(queued.at), 1, '', '', '', ''
FROM (
    SELECT q.* FROM unnest(%(variants)s::bigint[], %(variant_ats)s::timestamptz[]) AS q(variant_id, at)
    JOIN sales_channels_remotelisting known ON known.variant_id = q.variant_id
    WHERE known.connection_id = %(connection)s AND known.external_variant_id <> ''
    UNION ALL
    SELECT v.id, q.at
    FROM unnest(%(products)s::bigint[], %(product_ats)s::timestamptz[]) AS q(product_id, at)
    JOIN catalog_variant v ON v.product_id = q.product_id
) AS queued
JOIN catalog_variant v ON v.id = queued.variant_id
WHERE EXISTS (
    SELECT FROM catalog_listing l
    WHERE l.variant_id = v.id AND l.channel_id = %(channel)s AND l.is_published
) OR EXISTS (
    SELECT FROM sales_channels_remotelisting known
    WHERE known.connection_id = %(connection)s AND known.variant_id = v.id
)
GROUP BY v.product_id, queued.variant_id ORDER BY v.product_id, queued.variant_id
ON CONFLICT (connection_id, variant_id) DO UPDATE SET
    dirty_since = COALESCE(r.dirty_since, EXCLUDED.dirty_since),
    version = r.version + 1, problem = '', problem_at = NULL
"""
MARK_PRODUCTS = """
INSERT INTO sales_channels_remoteproduct AS r (
    connection_id, product_id, dirty_since, version, problem, external_id, content_digest, is_active
)
SELECT %(connection)s, q.product_id, min(q.at), 1, '', '', '', false
FROM unnest(%(products)s::bigint[], %(product_ats)s::timestamptz[]) AS q(product_id, at)
JOIN catalog_product p ON p.id = q.product_id
GROUP BY q.product_id
ON CONFLICT (connection_id, product_id) DO UPDATE SET
    dirty_since = COALESCE(r.dirty_since, EXCLUDED.dirty_since),
    version = r.version + 1, problem = '', problem_at = NULL
"""


def stores_with_changes() -> list[int]:
    """Return the ids of connections that publish, and whose store lacks a change."""
    dirty = {"connection": OuterRef("pk"), "dirty_since__isnull": False}
    has_changes = (
        Exists(PendingChange.objects.filter(connection=OuterRef("pk")))
        | Exists(RemoteListing.objects.filter(**dirty))
        | Exists(RemoteProduct.objects.filter(**dirty))
    )
    found = Connection.objects.publishing().filter(has_changes).order_by("pk")
    return list(found.values_list("pk", flat=True))


def queue_all(connection: Connection, *, now: datetime, effect: str = Effect.COMPARE) -> None:
    """Queue all published products of the channel, and all that the store has of ours."""
    params: dict[str, Any] = {
        "connection": connection.pk,
        "channel": connection.channel_id,
        "effect": effect,
        "now": now,
    }
    with database.cursor() as cursor:
        cursor.execute(QUEUE_PUBLISHED, params)


def queue(
    connection: Connection,
    *,
    effect: str,
    now: datetime,
    variant_ids: Iterable[int] = (),
    product_ids: Iterable[int] = (),
) -> None:
    new = partial(PendingChange, connection=connection, effect=effect, at=now)
    rows = [new(variant_id=pk) for pk in variant_ids] + [new(product_id=pk) for pk in product_ids]
    PendingChange.objects.bulk_create(rows, batch_size=1000)


def queue_stale(*, now: datetime) -> int:
    """Queue what stores offer with a stock figure that is too old; return the number of rows."""
    with database.cursor() as cursor:
        cursor.execute(QUEUE_STALE, {"now": now, "fresh_since": now - STALE_AFTER})
        return int(cursor.rowcount)


def fold(connection: Connection) -> int:
    """Mark what the queue names as changed, empty the queue; return the number of its rows.

    The caller holds the lock of the store.
    """
    folded = 0
    while True:
        count = _fold_some(connection)
        folded += count
        if count < FOLD_LIMIT:
            return folded


@transaction.atomic(durable=True)
def _fold_some(connection: Connection) -> int:
    with database.cursor() as cursor:
        cursor.execute(TAKE, {"connection": connection.pk, "limit": FOLD_LIMIT})
        taken = cursor.fetchall()
        if not taken:
            return 0
        of_variants = [(variant, at) for variant, _, _, at in taken if variant is not None]
        of_products = [(product, at) for _, product, _, at in taken if product is not None]
        params: dict[str, Any] = {
            "connection": connection.pk,
            "channel": connection.channel_id,
            "variants": [pk for pk, _ in of_variants],
            "variant_ats": [at for _, at in of_variants],
            "products": [pk for pk, _ in of_products],
            "product_ats": [at for _, at in of_products],
        }
        cursor.execute(MARK_LISTINGS, params)
        if of_products:
            cursor.execute(MARK_PRODUCTS, params)
    _forget_sent(connection, [row for row in taken if row[2] != Effect.COMPARE])
    return len(taken)


def _forget_sent(connection: Connection, taken: Sequence[tuple[Any, ...]]) -> None:
    """Treat what the store has as unknown; after ``RECREATE`` also the ids of it."""
    if not taken:
        return
    listings = RemoteListing.objects.filter(connection=connection)
    products = RemoteProduct.objects.filter(connection=connection)
    variant_ids = {variant for variant, _, _, _ in taken if variant is not None}
    product_ids = {product for _, product, _, _ in taken if product is not None}
    listings.filter(Q(variant__in=variant_ids) | Q(variant__product__in=product_ids)).update(
        sent_price=None, sent_compare_at=None, sent_quantity=None
    )
    products.filter(product__in=product_ids).update(content_digest="")
    gone_variants = {variant for variant, _, effect, _ in taken if effect == Effect.RECREATE}
    gone_products = {product for _, product, effect, _ in taken if effect == Effect.RECREATE}
    listings.filter(Q(variant__in=gone_variants) | Q(variant__product__in=gone_products)).update(
        external_product_id="", external_variant_id="", external_inventory_id=""
    )
    products.filter(product__in=gone_products).update(external_id="", is_active=False)
