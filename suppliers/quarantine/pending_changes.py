"""Pending changes: store what a quarantined run would change, from its staging tables.

Nothing is applied. A run with the same changes as a pending run is discarded, so that the page
under review stays the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from storefront.lib.db.transactions import requires_transaction
from suppliers.inventory import confirmations, levels
from suppliers.models import PendingChange, Supplier, SyncRun
from suppliers.runs.runs import pending_runs
from suppliers.runs.staging import rows, run

_INSERT = """
INSERT INTO suppliers_pendingchange (
  run_id, kind, offer_id, row, place, country, old, new, size, outcome)
"""
INSERT_COSTS = f"""
{_INSERT}
SELECT %(run)s, 'cost', o.id, o.supplier_sku, '', '', o.cost_amount, min(c.amount),
  COALESCE(GREATEST(min(c.amount) / o.cost_amount, o.cost_amount / min(c.amount)), 0), ''
FROM feed_costs c
JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s
  AND o.supplier_sku = c.sku AND o.product_external_id = c.external_id
WHERE o.cost_amount IS DISTINCT FROM c.amount AND NOT o.overridden_fields ? 'cost_amount'
  AND c.sku <> ALL(%(refused)s)
GROUP BY o.id
"""  # noqa: S608 - only constants
# A missing row counts as 0 units.
STOCK_CHANGES = """
SELECT COALESCE(t.offer_id, p.offer_id) AS offer_id, o.supplier_sku,
  COALESCE(t.location, p.code) AS place, COALESCE(t.country, p.country) AS country,
  p.quantity AS old, COALESCE(t.quantity, 0) AS new,
  abs(COALESCE(t.quantity, 0) - COALESCE(p.quantity, 0)) AS size
FROM (
  SELECT o.id AS offer_id, s.location, max(s.country) AS country, min(s.quantity) AS quantity
  FROM feed_stock s
  JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s AND o.supplier_sku = s.sku
    AND (s.external_id = '' OR s.external_id = o.product_external_id)
  WHERE o.id IN (SELECT offer_id FROM affected_offers)
  GROUP BY 1, 2
) t
{join} JOIN (
  SELECT l.offer_id, w.code, w.country, l.reported_quantity AS quantity
  FROM suppliers_stocklevel l JOIN suppliers_stocklocation w ON w.id = l.location_id
  WHERE l.offer_id IN (SELECT offer_id FROM affected_offers)
) p ON p.offer_id = t.offer_id AND p.code = t.location
JOIN suppliers_supplieroffer o ON o.id = COALESCE(t.offer_id, p.offer_id)
WHERE COALESCE(p.quantity, 0) <> COALESCE(t.quantity, 0)
"""
INSERT_STOCK = f"""
{_INSERT}
SELECT %(run)s, 'stock', m.offer_id, m.supplier_sku, m.place, m.country, m.old, m.new, m.size, ''
FROM ({STOCK_CHANGES}) m
"""  # noqa: S608
INSERT_DISCONTINUED = f"""
{_INSERT}
SELECT %(run)s, 'discontinued', NULL, p.external_id, '', '', NULL, NULL, 0, ''
FROM suppliers_supplierproduct p
WHERE p.supplier_id = %(supplier)s AND p.status <> 'discontinued'
  AND NOT EXISTS (SELECT 1 FROM feed_list l WHERE l.external_id = p.external_id)
"""  # noqa: S608
INSERT_PAGES = f"""
{_INSERT}
SELECT DISTINCT %(run)s, 'page', NULL::bigint, l.external_id, '', '', NULL::numeric, NULL::numeric,
  0, ''
FROM feed_list l
LEFT JOIN suppliers_supplierproduct p ON p.supplier_id = %(supplier)s AND p.external_id = l.external_id
WHERE p.id IS NULL OR p.status = 'discontinued' OR p.list_digest <> l.list_digest
"""  # noqa: S608
# Rows in a newer delta are removed from pending runs: they may be back at their old value.
DELETE_REPORTED_STOCK = """
DELETE FROM suppliers_pendingchange c USING suppliers_supplieroffer o, feed_stock s
WHERE c.run_id = ANY(%(waiting)s) AND c.kind = 'stock' AND o.id = c.offer_id
  AND s.sku = o.supplier_sku AND s.location = c.place
  AND (s.external_id = '' OR s.external_id = o.product_external_id)
"""
DELETE_REPORTED_COSTS = """
DELETE FROM suppliers_pendingchange c USING suppliers_supplieroffer o, feed_costs s
WHERE c.run_id = ANY(%(waiting)s) AND c.kind = 'cost' AND o.id = c.offer_id
  AND s.sku = o.supplier_sku AND s.external_id = o.product_external_id
"""
# Rows that would change, and unreadable ones.
IS_PENDING = """
o.supplier_sku = ANY(%(unreadable)s) OR (o.id, p.code) IN (
  SELECT offer_id, place FROM suppliers_pendingchange WHERE run_id = %(run)s AND kind = 'stock')
"""


@requires_transaction
def store_cost_changes(sync_run: SyncRun, *, refused: Sequence[str]) -> None:
    """Store the cost changes; costs in a delta become unconfirmed.

    Locks: the pending runs, then the offers
    """
    params = {**_params(sync_run), "refused": list(refused)}
    run(INSERT_COSTS, params)
    if sync_run.is_delta:
        _drop_superseded(sync_run, DELETE_REPORTED_COSTS)
        confirmations.mark_costs_unconfirmed(params=params)


@requires_transaction
def store_stock_changes(
    sync_run: SyncRun, *, unreadable: Sequence[str], is_full_list: bool
) -> None:
    """Store the stock changes; rows in a delta become unconfirmed.

    Shape: ``is_full_list``: rows missing from the stage would become zero
    Locks: the pending runs, then the locations and the rows, each in id order
    """
    params = {**_params(sync_run), "unreadable": list(unreadable), "as_of": sync_run.as_of}
    run(INSERT_STOCK.format(join="FULL" if is_full_list else "LEFT"), params)
    if sync_run.is_delta:
        _drop_superseded(sync_run, DELETE_REPORTED_STOCK)
        levels.lock_locations(supplier=sync_run.supplier)
        confirmations.mark_unconfirmed(which=IS_PENDING, params=params)


@requires_transaction
def store_product_changes(sync_run: SyncRun, *, is_missing_discontinued: bool) -> None:
    """Store the missing products, if missing means discontinued, and the pages to read."""
    if is_missing_discontinued:
        run(INSERT_DISCONTINUED, _params(sync_run))
    run(INSERT_PAGES, _params(sync_run))


@requires_transaction
def staged_stock_changes(*, supplier_id: int, is_full_list: bool = True) -> list[tuple[Any, ...]]:
    """Return the stock changes: (offer, SKU, location, country, old, new, size).

    Shape: ``is_full_list``: rows missing from the stage would become zero
    """
    join = "FULL" if is_full_list else "LEFT"
    return rows(STOCK_CHANGES.format(join=join), {"supplier": supplier_id})


@requires_transaction
def merge_event_changes(
    sync_run: SyncRun, moves: Iterable[tuple[Any, ...]], *, reported_at: datetime
) -> None:
    """Merge changes of a webhook event into a pending run; the last event of a row counts."""
    changes = [
        PendingChange(
            run=sync_run,
            kind=PendingChange.Kind.STOCK,
            offer_id=offer_id,
            row=sku,
            place=location_code,
            country=country,
            old=old,
            new=Decimal(new),
            size=size,
            reported_at=reported_at,
        )
        for offer_id, sku, location_code, country, old, new, size in moves
    ]
    waiting = PendingChange.objects.filter(run=sync_run)
    for change in changes:
        waiting.filter(offer_id=change.offer_id, place=change.place).delete()
    PendingChange.objects.bulk_create(changes)


def reported_moments(
    *, supplier: Supplier, kind: str, offer_ids: Iterable[int]
) -> dict[tuple[int, str], datetime]:
    """Return when the values that await review were reported, by offer and location code."""
    waiting = PendingChange.objects.filter(
        run__in=SyncRun.objects.filter(
            supplier=supplier,
            kind__in=[SyncRun.Kind.STOCK, SyncRun.Kind.PRICES],
            status=SyncRun.Status.QUARANTINED,
        ),
        kind=kind,
        offer__in=offer_ids,
    ).select_related("run")
    moments: dict[tuple[int, str], datetime] = {}
    for change in waiting:
        assert change.offer_id is not None  # noqa: S101 - filtered by offer
        row = (change.offer_id, change.place)
        at = change.reported_at or change.run.as_of
        moments[row] = max(at, moments.get(row, at))
    return moments


def _params(sync_run: SyncRun) -> Mapping[str, Any]:
    return {"run": sync_run.pk, "supplier": sync_run.supplier_id}


def _drop_superseded(sync_run: SyncRun, sql: str) -> None:
    run(sql, {"waiting": [old.pk for old in pending_runs(sync_run)]})
