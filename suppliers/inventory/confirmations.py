"""Stock confirmations: record what a report confirms, queue variants whose stock aged.

Listings follow the age of stock even while a supplier reports nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from storefront.lib.db.transactions import requires_transaction
from suppliers.inventory import freshness, invalidation
from suppliers.models import StockLocation, Supplier
from suppliers.runs.staging import run

LONG_AGO = timedelta(days=3650)

# Rows that were confirmed together cross an age step together, and only then they are scanned.
QUEUE_STOCK_CONFIRMED_TOGETHER = """
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT DISTINCT o.variant_id
FROM suppliers_stocklevel l
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
JOIN suppliers_stocklocation p ON p.id = l.location_id
WHERE l.location_id = ANY(%(locations)s) AND l.reported_quantity > 0
  AND o.variant_id IS NOT NULL AND (%(all)s OR NOT l.is_unconfirmed AND l.as_of <= p.stock_confirmed_at)
"""
# Rows reported on their own, or unconfirmed, are found by their own ``as_of``.
QUEUE_STOCK_CONFIRMED_ALONE = """
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT DISTINCT o.variant_id
FROM unnest(%(location_ids)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
  AS crossed(location_id, since, till)
JOIN suppliers_stocklevel l ON l.location_id = crossed.location_id
  AND l.as_of >= crossed.since AND l.as_of < crossed.till
JOIN suppliers_stocklocation p ON p.id = l.location_id
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
WHERE l.reported_quantity > 0 AND o.variant_id IS NOT NULL
  AND (l.is_unconfirmed OR p.stock_confirmed_at IS NULL OR l.as_of > p.stock_confirmed_at)
"""
QUEUE_COSTS_CONFIRMED_TOGETHER = """
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT DISTINCT o.variant_id
FROM suppliers_supplieroffer o JOIN suppliers_supplier s ON s.id = o.supplier_id
WHERE o.supplier_id = %(supplier)s AND o.variant_id IS NOT NULL
  AND NOT o.is_cost_unconfirmed AND o.cost_reported_at <= s.costs_confirmed_at
"""
QUEUE_COSTS_CONFIRMED_ALONE = """
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT DISTINCT o.variant_id
FROM suppliers_supplieroffer o JOIN suppliers_supplier s ON s.id = o.supplier_id
WHERE o.supplier_id = %(supplier)s AND o.variant_id IS NOT NULL
  AND o.cost_reported_at >= %(since)s AND o.cost_reported_at < %(till)s
  AND (o.is_cost_unconfirmed OR s.costs_confirmed_at IS NULL OR o.cost_reported_at > s.costs_confirmed_at)
"""
# Rows that had decayed and now count in full again.
QUEUE_REFRESHED = """
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT DISTINCT o.variant_id
FROM suppliers_stocklocation p
JOIN suppliers_supplier s ON s.id = p.supplier_id
JOIN suppliers_stocklevel l ON l.location_id = p.id
JOIN suppliers_supplieroffer o ON o.id = l.offer_id AND o.supplier_id = p.supplier_id
WHERE p.supplier_id = %(supplier)s AND o.variant_id IS NOT NULL AND l.reported_quantity > 0
  AND ({in_scope}) AND NOT l.is_unconfirmed
  AND (p.stock_confirmed_at IS NULL OR p.stock_confirmed_at < LEAST(%(as_of)s, %(now)s - make_interval(
    mins => LEAST(s.stock_fresh_for_min, s.stock_age_shown_after_min))))
  AND GREATEST(l.as_of, p.stock_confirmed_at) < %(now)s - make_interval(
    mins => LEAST(s.stock_fresh_for_min, s.stock_age_shown_after_min))
"""
# Confirms figures that were queried one by one and are unchanged.
CONFIRM_ROWS = """
WITH confirmed AS (
  UPDATE suppliers_stocklevel l SET as_of = %(as_of)s, received_at = %(received_at)s
  FROM suppliers_supplieroffer o, suppliers_supplier s
  WHERE l.offer_id = ANY(%(covered)s) AND o.id = l.offer_id AND s.id = o.supplier_id
    AND (%(levels)s::bigint[] IS NULL OR l.id = ANY(%(levels)s))
    AND l.as_of < %(as_of)s AND NOT l.is_unconfirmed
  RETURNING o.variant_id, l.reported_quantity > 0 AND old.as_of < %(as_of)s - make_interval(
    mins => LEAST(s.stock_fresh_for_min, s.stock_age_shown_after_min)) AS was_old
)
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT DISTINCT variant_id FROM confirmed WHERE was_old AND variant_id IS NOT NULL
"""
# An answer does not make rows unconfirmed that were reported after its query.
MARK_UNCONFIRMED = """
WITH locked AS (
  SELECT l.id, p.stock_confirmed_at
  FROM suppliers_stocklevel l
  JOIN suppliers_supplieroffer o ON o.id = l.offer_id
  JOIN suppliers_stocklocation p ON p.id = l.location_id
  WHERE o.supplier_id = %(supplier)s AND o.status <> 'discontinued' AND NOT l.is_unconfirmed
    AND ({which}) AND l.as_of <= %(as_of)s
  ORDER BY l.id
  FOR NO KEY UPDATE OF l
)
UPDATE suppliers_stocklevel l
SET is_unconfirmed = true,
  as_of = GREATEST(l.as_of, COALESCE(locked.stock_confirmed_at, l.as_of))
FROM locked WHERE l.id = locked.id
"""
MARK_PENDING_COSTS = """
UPDATE suppliers_supplieroffer o
SET is_cost_unconfirmed = true, cost_reported_at = GREATEST(o.cost_reported_at, s.costs_confirmed_at)
FROM suppliers_supplier s
WHERE o.supplier_id = %(supplier)s AND s.id = o.supplier_id AND NOT o.is_cost_unconfirmed
  AND (o.supplier_sku = ANY(%(refused)s) OR o.id IN (
    SELECT offer_id FROM suppliers_pendingchange WHERE run_id = %(run)s AND kind = 'cost'))
"""
MARK_UNREPORTED_COSTS = """
UPDATE suppliers_supplieroffer o
SET is_cost_unconfirmed = true, cost_reported_at = GREATEST(o.cost_reported_at, s.costs_confirmed_at)
FROM suppliers_supplier s
WHERE o.supplier_id = %(supplier)s AND s.id = o.supplier_id AND NOT o.is_cost_unconfirmed
  AND (o.product_external_id = ANY(%(unreadable)s) OR (%(is_full_list)s
    AND o.id IN (
      SELECT n.offer_id
      FROM feed_cost_diff n JOIN suppliers_supplieroffer k ON k.id = n.offer_id
      WHERE n.sku IS NULL OR n.external_id <> k.product_external_id
    ) AND NOT EXISTS (
      SELECT 1 FROM feed_costs c WHERE c.sku = o.supplier_sku AND c.external_id = o.product_external_id
    )))
"""
MARK_REPORTED_COSTS = """
WITH reported AS (
  UPDATE suppliers_supplieroffer o SET is_cost_unconfirmed = false, cost_reported_at = %(as_of)s
  FROM feed_costs c
  WHERE o.supplier_id = %(supplier)s AND o.is_cost_unconfirmed
    AND c.sku = o.supplier_sku AND c.external_id = o.product_external_id AND c.sku <> ALL(%(refused)s)
  RETURNING o.variant_id
), young AS (
  SELECT o.variant_id FROM suppliers_supplieroffer o
  JOIN suppliers_supplier s ON s.id = o.supplier_id
  WHERE o.supplier_id = %(supplier)s AND NOT o.is_cost_unconfirmed
    AND s.costs_confirmed_at < %(as_of)s - make_interval(mins => s.cost_expires_after_min)
)
INSERT INTO suppliers_pendingpublication (variant_id)
SELECT variant_id FROM reported WHERE variant_id IS NOT NULL
UNION SELECT variant_id FROM young WHERE variant_id IS NOT NULL
"""
CONFIRM_COSTS = """
UPDATE suppliers_supplier SET costs_confirmed_at = GREATEST(costs_confirmed_at, %(as_of)s)
WHERE id = %(supplier)s
"""


@transaction.atomic(durable=True)
def queue_aged(*, now: datetime) -> int:
    """Queue variants whose stock or cost crossed an age step since the last call; return the count.

    The run time depends on the rows that crossed a step, not on the size of the catalog. After a
    change of a supplier's freshness policy, all its rows count as crossed.

    Locks: the suppliers, their locations, then those of ``invalidation``, each in id order
    """
    suppliers = Supplier.objects.select_for_update(of=["self"], no_key=True).order_by("pk")
    by_id = {supplier.pk: supplier for supplier in suppliers}
    locations = list(
        StockLocation.objects.select_for_update(of=["self"], no_key=True).order_by("pk")
    )
    queued = _queue_aged_stock(by_id, locations, now)
    for supplier in by_id.values():
        queued += _queue_aged_costs(supplier, now)
        supplier.costs_aged_until = now
    queued += invalidation.queue_invalidated()
    for location in locations:
        location.aged_until, location.freshness_key = now, by_id[location.supplier_id].freshness_key
    Supplier.objects.bulk_update(by_id.values(), ["costs_aged_until"], batch_size=500)
    StockLocation.objects.bulk_update(locations, ["aged_until", "freshness_key"], batch_size=500)
    return queued


def _queue_aged_stock(
    by_id: dict[int, Supplier], locations: list[StockLocation], now: datetime
) -> int:
    rescaled, together = [], []
    location_ids: list[int] = []
    starts: list[datetime] = []
    ends: list[datetime] = []
    for location in locations:
        supplier = by_id[location.supplier_id]
        if location.freshness_key and location.freshness_key != supplier.freshness_key:
            rescaled.append(location.pk)
            continue
        since = location.aged_until or now - LONG_AGO
        ages = freshness.decay_steps(freshness.decay_terms(supplier))
        confirmed_at = location.stock_confirmed_at
        if confirmed_at and any(since - age <= confirmed_at < now - age for age in ages):
            together.append(location.pk)
        for age in ages:
            location_ids.append(location.pk)
            starts.append(since - age)
            ends.append(now - age)
    queued = run(
        QUEUE_STOCK_CONFIRMED_ALONE, {"location_ids": location_ids, "starts": starts, "ends": ends}
    )
    for ids, is_all in ((rescaled, True), (together, False)):
        if ids:
            queued += run(QUEUE_STOCK_CONFIRMED_TOGETHER, {"locations": ids, "all": is_all})
    return queued


def _queue_aged_costs(supplier: Supplier, now: datetime) -> int:
    age = timedelta(minutes=supplier.cost_expires_after_min)
    since, till = (supplier.costs_aged_until or now - LONG_AGO) - age, now - age
    params = {"supplier": supplier.pk, "since": since, "till": till}
    queued = run(QUEUE_COSTS_CONFIRMED_ALONE, params)
    if supplier.costs_confirmed_at and since <= supplier.costs_confirmed_at < till:
        queued += run(QUEUE_COSTS_CONFIRMED_TOGETHER, params)
    return queued


@requires_transaction
def queue_refreshed(*, in_scope: str, params: Mapping[str, Any]) -> None:
    """Queue the variants whose stock had decayed. Call before ``stock_confirmed_at`` is set.

    Shape: ``in_scope`` is the SQL condition for an offer ``o`` in scope
    """
    run(QUEUE_REFRESHED.format(in_scope=in_scope), params)


@requires_transaction
def mark_unconfirmed(*, which: str, params: Mapping[str, Any]) -> None:
    """Mark rows unconfirmed: ``stock_confirmed_at`` does not apply to them until they are reported again.

    Shape: ``which`` is the SQL condition on offer ``o``, row ``l`` and location ``p``
    Locks: the rows, in id order
    """
    run(MARK_UNCONFIRMED.format(which=which), params)


@requires_transaction
def mark_costs_unconfirmed(*, params: Mapping[str, Any]) -> None:
    run(MARK_PENDING_COSTS, params)


@requires_transaction
def confirm_stock(
    *,
    covered: Iterable[int],
    as_of: datetime,
    received_at: datetime,
    level_ids: Sequence[int] | None = None,
) -> None:
    """Record that the figures of these offers were reported and are unchanged.

    Shape: ``level_ids`` are the stock rows of a partial report; None: all of these offers
    Locks: their stock rows
    """
    params = {
        "covered": list(covered),
        "levels": level_ids,
        "as_of": as_of,
        "received_at": received_at,
    }
    run(CONFIRM_ROWS, params)


@requires_transaction
def confirm_costs(
    *,
    supplier: Supplier,
    unreadable: Iterable[str],
    refused: Iterable[str],
    is_full_list: bool,
    as_of: datetime,
) -> None:
    """Record that all costs of a supplier are confirmed, except those it did not report.

    Shape: ``unreadable`` are products without a valid answer, ``refused`` SKUs with an
        implausible cost; ``is_full_list``: costs missing from the stage are unconfirmed too
    """
    params = {
        "supplier": supplier.pk,
        "unreadable": list(unreadable),
        "refused": list(refused),
        "is_full_list": is_full_list,
        "as_of": as_of,
    }
    run(MARK_UNREPORTED_COSTS, params)
    run(MARK_REPORTED_COSTS, params)
    run(CONFIRM_COSTS, params)
