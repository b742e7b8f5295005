"""Stock confirmations: record what a report confirms, queue variants whose stock aged.

Listings follow the age of stock even while a supplier reports nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from storefront.lib.db.transactions import needs_transaction
from suppliers.inventory import freshness, invalidation
from suppliers.models import StockLocation, Supplier
from suppliers.runs.staging import run

LONG_AGO = timedelta(days=3650)

# Rows confirmed together age together: they are scanned only when that confirmation crosses a step.
TOGETHER = """
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT o.variant_id
FROM suppliers_stocklevel l
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
JOIN suppliers_stocklocation p ON p.id = l.location_id
WHERE l.location_id = ANY(%(locations)s) AND l.reported_quantity > 0
  AND o.variant_id IS NOT NULL AND (%(all)s OR NOT l.is_silent AND l.as_of <= p.stock_as_of)
"""
# Rows reported on their own, or unconfirmed, are found by their own ``as_of``.
ALONE = """
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT o.variant_id
FROM unnest(%(places)s::bigint[], %(froms)s::timestamptz[], %(tos)s::timestamptz[])
  AS crossed(location_id, since, till)
JOIN suppliers_stocklevel l ON l.location_id = crossed.location_id
  AND l.as_of >= crossed.since AND l.as_of < crossed.till
JOIN suppliers_stocklocation p ON p.id = l.location_id
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
WHERE l.reported_quantity > 0 AND o.variant_id IS NOT NULL
  AND (l.is_silent OR p.stock_as_of IS NULL OR l.as_of > p.stock_as_of)
"""
COSTS_TOGETHER = """
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT o.variant_id
FROM suppliers_supplieroffer o JOIN suppliers_supplier s ON s.id = o.supplier_id
WHERE o.supplier_id = %(supplier)s AND o.variant_id IS NOT NULL
  AND NOT o.is_cost_silent AND o.cost_as_of <= s.costs_as_of
"""
COSTS_ALONE = """
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT o.variant_id
FROM suppliers_supplieroffer o JOIN suppliers_supplier s ON s.id = o.supplier_id
WHERE o.supplier_id = %(supplier)s AND o.variant_id IS NOT NULL
  AND o.cost_as_of >= %(since)s AND o.cost_as_of < %(till)s
  AND (o.is_cost_silent OR s.costs_as_of IS NULL OR o.cost_as_of > s.costs_as_of)
"""
# Rows that had decayed and now count in full again.
YOUNG_AGAIN = """
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT o.variant_id
FROM suppliers_stocklocation p
JOIN suppliers_supplier s ON s.id = p.supplier_id
JOIN suppliers_stocklevel l ON l.location_id = p.id
JOIN suppliers_supplieroffer o ON o.id = l.offer_id
WHERE p.supplier_id = %(supplier)s AND o.variant_id IS NOT NULL AND l.reported_quantity > 0
  AND ({spoken}) AND NOT l.is_silent
  AND (p.stock_as_of IS NULL OR p.stock_as_of < LEAST(%(as_of)s, %(now)s - make_interval(
    mins => LEAST(s.stock_believed_min, s.stock_told_min))))
  AND GREATEST(l.as_of, p.stock_as_of) < %(now)s - make_interval(
    mins => LEAST(s.stock_believed_min, s.stock_told_min))
"""
# A figure that was queried on its own and is unchanged.
CONFIRMED = """
WITH confirmed AS (
  UPDATE suppliers_stocklevel l SET as_of = %(as_of)s, received_at = %(received_at)s
  FROM suppliers_supplieroffer o, suppliers_supplier s
  WHERE l.offer_id = ANY(%(covered)s) AND o.id = l.offer_id AND s.id = o.supplier_id
    AND l.as_of < %(as_of)s AND NOT l.is_silent
  RETURNING o.variant_id, l.reported_quantity > 0 AND old.as_of < %(as_of)s - make_interval(
    mins => LEAST(s.stock_believed_min, s.stock_told_min)) AS was_old
)
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT variant_id FROM confirmed WHERE was_old AND variant_id IS NOT NULL
"""
# A row that was reported after we asked does not become unconfirmed by this answer.
SILENT = """
WITH locked AS (
  SELECT l.id, p.stock_as_of
  FROM suppliers_stocklevel l
  JOIN suppliers_supplieroffer o ON o.id = l.offer_id
  JOIN suppliers_stocklocation p ON p.id = l.location_id
  WHERE o.supplier_id = %(supplier)s AND o.status <> 'gone' AND NOT l.is_silent
    AND ({which}) AND l.as_of <= %(as_of)s
  ORDER BY l.id
  FOR NO KEY UPDATE OF l
)
UPDATE suppliers_stocklevel l
SET is_silent = true,
  as_of = GREATEST(l.as_of, COALESCE(locked.stock_as_of, l.as_of))
FROM locked WHERE l.id = locked.id
"""
COSTS_WAIT = """
UPDATE suppliers_supplieroffer o
SET is_cost_silent = true, cost_as_of = GREATEST(o.cost_as_of, s.costs_as_of)
FROM suppliers_supplier s
WHERE o.supplier_id = %(supplier)s AND s.id = o.supplier_id AND NOT o.is_cost_silent
  AND (o.supplier_sku = ANY(%(refused)s) OR o.id IN (
    SELECT offer_id FROM suppliers_feedchange WHERE run_id = %(run)s AND kind = 'cost'))
"""
COSTS_SILENT = """
UPDATE suppliers_supplieroffer o
SET is_cost_silent = true, cost_as_of = GREATEST(o.cost_as_of, s.costs_as_of)
FROM suppliers_supplier s
WHERE o.supplier_id = %(supplier)s AND s.id = o.supplier_id AND NOT o.is_cost_silent
  AND (o.supplier_product = ANY(%(doubtful)s) OR (%(is_whole)s
    AND o.id IN (
      SELECT n.offer_id
      FROM feed_costs_news n JOIN suppliers_supplieroffer k ON k.id = n.offer_id
      WHERE n.sku IS NULL OR n.ref <> k.supplier_product
    ) AND NOT EXISTS (
      SELECT 1 FROM feed_costs c WHERE c.sku = o.supplier_sku AND c.ref = o.supplier_product
    )))
"""
COSTS_HEARD = """
WITH heard AS (
  UPDATE suppliers_supplieroffer o SET is_cost_silent = false, cost_as_of = %(as_of)s
  FROM feed_costs c
  WHERE o.supplier_id = %(supplier)s AND o.is_cost_silent
    AND c.sku = o.supplier_sku AND c.ref = o.supplier_product AND c.sku <> ALL(%(refused)s)
  RETURNING o.variant_id
), young AS (
  SELECT o.variant_id FROM suppliers_supplieroffer o
  JOIN suppliers_supplier s ON s.id = o.supplier_id
  WHERE o.supplier_id = %(supplier)s AND NOT o.is_cost_silent
    AND s.costs_as_of < %(as_of)s - make_interval(mins => s.cost_hidden_min)
)
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT variant_id FROM heard WHERE variant_id IS NOT NULL
UNION SELECT variant_id FROM young WHERE variant_id IS NOT NULL
"""
COSTS_CONFIRMED = """
UPDATE suppliers_supplier SET costs_as_of = GREATEST(costs_as_of, %(as_of)s)
WHERE id = %(supplier)s
"""


@transaction.atomic(durable=True)
def follow(*, now: datetime) -> int:
    """Queue variants whose stock or cost crossed an age step since the last call; return the count.

    The cost depends on the rows that crossed a step, not on the catalog. Changed terms count as
    a step of all rows.

    Locks: the suppliers, their locations, then those of ``invalidation``, each in id order
    """
    suppliers = Supplier.objects.select_for_update(of=["self"], no_key=True).order_by("pk")
    by_id = {supplier.pk: supplier for supplier in suppliers}
    locations = list(
        StockLocation.objects.select_for_update(of=["self"], no_key=True).order_by("pk")
    )
    queued = _stock(by_id, locations, now)
    for supplier in by_id.values():
        queued += _costs(supplier, now)
        supplier.costs_aged_at = now
    queued += invalidation.follow()
    for location in locations:
        location.aged_at, location.aged_under = now, by_id[location.supplier_id].aged_under
    Supplier.objects.bulk_update(by_id.values(), ["costs_aged_at"], batch_size=500)
    StockLocation.objects.bulk_update(locations, ["aged_at", "aged_under"], batch_size=500)
    return queued


def _stock(by_id: dict[int, Supplier], locations: list[StockLocation], now: datetime) -> int:
    rescaled, together = [], []
    places: list[int] = []
    froms: list[datetime] = []
    tos: list[datetime] = []
    for location in locations:
        supplier = by_id[location.supplier_id]
        if location.aged_under and location.aged_under != supplier.aged_under:
            rescaled.append(location.pk)
            continue
        since = location.aged_at or now - LONG_AGO
        ages = freshness.steps(freshness.terms_of(supplier))
        told = location.stock_as_of
        if told and any(since - age <= told < now - age for age in ages):
            together.append(location.pk)
        for age in ages:
            places.append(location.pk)
            froms.append(since - age)
            tos.append(now - age)
    queued = run(ALONE, {"places": places, "froms": froms, "tos": tos})
    for ids, is_all in ((rescaled, True), (together, False)):
        if ids:
            queued += run(TOGETHER, {"locations": ids, "all": is_all})
    return queued


def _costs(supplier: Supplier, now: datetime) -> int:
    age = timedelta(minutes=supplier.cost_hidden_min)
    since, till = (supplier.costs_aged_at or now - LONG_AGO) - age, now - age
    params = {"supplier": supplier.pk, "since": since, "till": till}
    queued = run(COSTS_ALONE, params)
    if supplier.costs_as_of and since <= supplier.costs_as_of < till:
        queued += run(COSTS_TOGETHER, params)
    return queued


@needs_transaction
def grow_young(*, spoken: str, params: Mapping[str, Any]) -> None:
    """Queue the variants whose stock had decayed. Call before ``stock_as_of`` is set.

    Shape: ``spoken`` is the SQL condition for an offer ``o`` in scope
    """
    run(YOUNG_AGAIN.format(spoken=spoken), params)


@needs_transaction
def fall_silent(*, which: str, params: Mapping[str, Any]) -> None:
    """Mark rows unconfirmed: ``stock_as_of`` does not apply to them until they are reported again.

    Shape: ``which`` is the SQL condition on offer ``o``, row ``l`` and location ``p``
    Locks: the rows, in id order
    """
    run(SILENT.format(which=which), params)


@needs_transaction
def costs_wait(*, params: Mapping[str, Any]) -> None:
    """Mark costs unconfirmed that await review or could not be read."""
    run(COSTS_WAIT, params)


@needs_transaction
def confirm(*, covered: Iterable[int], as_of: datetime, received_at: datetime) -> None:
    """Record that the figures of these offers were queried and are unchanged.

    Locks: their stock rows
    """
    run(CONFIRMED, {"covered": list(covered), "as_of": as_of, "received_at": received_at})


@needs_transaction
def confirm_costs(
    *,
    supplier: Supplier,
    doubtful: Iterable[str],
    refused: Iterable[str],
    is_whole: bool,
    as_of: datetime,
) -> None:
    """Record that all costs of a supplier are confirmed, except those it did not report.

    Shape: ``doubtful`` are products without a valid answer, ``refused`` SKUs with an
        implausible cost; ``is_whole``: costs missing from the stage are unconfirmed too
    """
    params = {
        "supplier": supplier.pk,
        "doubtful": list(doubtful),
        "refused": list(refused),
        "is_whole": is_whole,
        "as_of": as_of,
    }
    run(COSTS_SILENT, params)
    run(COSTS_HEARD, params)
    run(COSTS_CONFIRMED, params)
