"""Listing states: compare what a store was last sent with what the channel sells now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database

from catalog.models.listings import STALE_AFTER
from catalog.pricing.history import load_reductions
from storefront.sales_channels.models import Connection
from storefront.sales_channels.platforms.base import ExternalVariant

NO_COMPARE_AT = Decimal(0)

# What the store may sell: nothing without a fresh stock figure, and nothing that cannot be sent to
# the country that most customers of the channel live in.
QUANTITY = """
CASE WHEN l.is_published AND p.status = 'live' AND l.price_amount > 0
    AND l.as_of >= %(fresh_since)s
    AND (cardinality(a.countries) = 0 OR a.countries @> ARRAY[%(country)s]::varchar[])
THEN GREATEST(l.available - %(buffer)s, 0) ELSE 0 END
"""
STATES = f"""
SELECT r.id, r.variant_id, v.sku, v.product_id, l.id, r.version, r.sent_at,
    r.sent_price, r.sent_compare_at, r.sent_quantity, l.price_amount, {QUANTITY} AS quantity,
    r.external_product_id, r.external_variant_id, r.external_inventory_id
FROM sales_channels_remotelisting r
JOIN catalog_variant v ON v.id = r.variant_id
JOIN catalog_product p ON p.id = v.product_id
LEFT JOIN catalog_listing l ON l.variant_id = r.variant_id AND l.channel_id = %(channel)s
LEFT JOIN catalog_deliveryarea a ON a.id = l.area_id
WHERE r.connection_id = %(connection)s AND r.id > %(after)s
"""  # noqa: S608 - our own SQL
NAMES = (
    *("pk", "variant_id", "sku", "product_id", "listing_id", "version", "sent_at"),
    *("sent_price", "sent_compare_at", "sent_quantity", "price", "quantity"),
)
DIRTY = " AND r.dirty_since IS NOT NULL AND r.external_variant_id <> ''"
# An unknown quantity may be too high.
DECREASED = f" AND (r.sent_quantity IS NULL OR r.sent_quantity > {QUANTITY})"
EXISTING = " AND r.external_variant_id <> ''"
PAGE = " ORDER BY r.id LIMIT %(limit)s"


@dataclass(slots=True, kw_only=True)
class ListingState:
    """One variant in a store. ``compare_at`` is ``NO_COMPARE_AT`` without a reduction.

    ``price`` is None if the channel has no price: then none is sent. A ``sent_…`` of None is unknown.
    """

    pk: int
    variant_id: int
    sku: str
    product_id: int
    listing_id: int | None
    version: int
    sent_at: datetime | None
    external: ExternalVariant
    sent_price: Decimal | None
    sent_compare_at: Decimal | None
    sent_quantity: int | None
    price: Decimal | None
    quantity: int
    compare_at: Decimal = NO_COMPARE_AT

    @property
    def has_other_price(self) -> bool:
        return self.price is not None and (
            self.sent_price != self.price or self.sent_compare_at != self.compare_at
        )

    @property
    def has_other_quantity(self) -> bool:
        return self.sent_quantity != self.quantity


def decreased(
    connection: Connection, *, limit: int, after: int, now: datetime
) -> list[ListingState]:
    """Return changed listings whose stock in the store may be too high; without reductions."""
    return _read(connection, DIRTY + DECREASED, limit=limit, after=after, now=now)


def changed(connection: Connection, *, limit: int, after: int, now: datetime) -> list[ListingState]:
    """Return changed listings that exist in the store."""
    rows = _read(connection, DIRTY, limit=limit, after=after, now=now)
    _add_reductions(rows, now=now)
    return rows


def existing(
    connection: Connection, *, limit: int, after: int, now: datetime
) -> list[ListingState]:
    """Return the listings that exist in the store."""
    rows = _read(connection, EXISTING, limit=limit, after=after, now=now)
    _add_reductions(rows, now=now)
    return rows


def of_products(
    connection: Connection, product_ids: Sequence[int], *, now: datetime
) -> list[ListingState]:
    """Return all listings of these products, also those that the store does not have."""
    condition = " AND v.product_id = ANY(%(products)s)"
    rows = _read(connection, condition, limit=100_000, after=0, now=now, products=list(product_ids))
    _add_reductions(rows, now=now)
    return rows


def _add_reductions(rows: Sequence[ListingState], *, now: datetime) -> None:
    listing_ids = [row.listing_id for row in rows if row.listing_id is not None]
    reductions = load_reductions(listing_ids=listing_ids, now=now)
    for row in rows:
        if row.listing_id in reductions:
            row.compare_at = reductions[row.listing_id].lowest


def _read(
    connection: Connection,
    condition: str,
    *,
    limit: int,
    after: int,
    now: datetime,
    **more: Any,
) -> list[ListingState]:
    params = {
        "connection": connection.pk,
        "channel": connection.channel_id,
        "country": connection.channel.default_country,
        "buffer": connection.stock_buffer,
        "fresh_since": now - STALE_AFTER,
        "limit": limit,
        "after": after,
        **more,
    }
    with database.cursor() as cursor:
        cursor.execute(STATES + condition + PAGE, params)
        return [_state(row) for row in cursor.fetchall()]


def _state(row: Sequence[Any]) -> ListingState:
    product_id, variant_id, inventory_id = row[len(NAMES) :]
    return ListingState(
        **dict(zip(NAMES, row, strict=False)),
        external=ExternalVariant(
            product_id=product_id, variant_id=variant_id, inventory_id=inventory_id
        ),
    )
