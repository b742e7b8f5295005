"""Pending changes: store what a quarantined run would change, from its staging tables.

Nothing is applied. A run with the same changes as a pending one is closed again, so staff
review one page that does not change meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from storefront.lib.db.transactions import needs_transaction
from suppliers.inventory import confirmations, levels
from suppliers.models import FeedChange, FeedRun
from suppliers.runs.runs import waiting_runs
from suppliers.runs.staging import rows, run

_INTO = """
INSERT INTO suppliers_feedchange (
  run_id, kind, offer_id, row, place, country, old, new, size, outcome)
"""
COSTS = f"""
{_INTO}
SELECT %(run)s, 'cost', o.id, o.supplier_sku, '', '', o.cost_amount, min(c.amount),
  COALESCE(GREATEST(min(c.amount) / o.cost_amount, o.cost_amount / min(c.amount)), 0), ''
FROM feed_costs c
JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s
  AND o.supplier_sku = c.sku AND o.supplier_product = c.ref
WHERE o.cost_amount IS DISTINCT FROM c.amount AND NOT o.locked_fields ? 'cost_amount'
  AND c.sku <> ALL(%(refused)s)
GROUP BY o.id
"""  # noqa: S608 - only constants
# A missing row that would have no units is no change.
STOCK_MOVES = """
SELECT COALESCE(t.offer_id, p.offer_id) AS offer_id, o.supplier_sku,
  COALESCE(t.location, p.code) AS place, COALESCE(t.country, p.country) AS country,
  p.quantity AS old, COALESCE(t.quantity, 0) AS new,
  abs(COALESCE(t.quantity, 0) - COALESCE(p.quantity, 0)) AS size
FROM (
  SELECT o.id AS offer_id, s.location, max(s.country) AS country, min(s.quantity) AS quantity
  FROM feed_stock s
  JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s AND o.supplier_sku = s.sku
    AND (s.ref = '' OR s.ref = o.supplier_product)
  WHERE o.id IN (SELECT offer_id FROM feed_covered)
  GROUP BY 1, 2
) t
{join} JOIN (
  SELECT l.offer_id, w.code, w.country, l.reported_quantity AS quantity
  FROM suppliers_stocklevel l JOIN suppliers_stocklocation w ON w.id = l.location_id
  WHERE l.offer_id IN (SELECT offer_id FROM feed_covered)
) p ON p.offer_id = t.offer_id AND p.code = t.location
JOIN suppliers_supplieroffer o ON o.id = COALESCE(t.offer_id, p.offer_id)
WHERE COALESCE(p.quantity, 0) <> COALESCE(t.quantity, 0)
"""
STOCK = f"""
{_INTO}
SELECT %(run)s, 'stock', m.offer_id, m.supplier_sku, m.place, m.country, m.old, m.new, m.size, ''
FROM ({STOCK_MOVES}) m
"""  # noqa: S608
GONE = f"""
{_INTO}
SELECT %(run)s, 'gone', NULL, p.ref, '', '', NULL, NULL, 0, ''
FROM suppliers_supplierproduct p
WHERE p.supplier_id = %(supplier)s AND p.status <> 'gone'
  AND NOT EXISTS (SELECT 1 FROM feed_list l WHERE l.ref = p.ref)
"""  # noqa: S608
PAGES = f"""
{_INTO}
SELECT DISTINCT %(run)s, 'page', NULL::bigint, l.ref, '', '', NULL::numeric, NULL::numeric,
  0, ''
FROM feed_list l
LEFT JOIN suppliers_supplierproduct p ON p.supplier_id = %(supplier)s AND p.ref = l.ref
WHERE p.id IS NULL OR p.status = 'gone' OR p.list_digest <> l.list_digest
"""  # noqa: S608
# Rows in a newer delta are removed from pending runs: they may be back at their old value.
STOCK_TOLD = """
DELETE FROM suppliers_feedchange c USING suppliers_supplieroffer o, feed_stock s
WHERE c.run_id = ANY(%(waiting)s) AND c.kind = 'stock' AND o.id = c.offer_id
  AND s.sku = o.supplier_sku AND s.location = c.place
  AND (s.ref = '' OR s.ref = o.supplier_product)
"""
COSTS_TOLD = """
DELETE FROM suppliers_feedchange c USING suppliers_supplieroffer o, feed_costs s
WHERE c.run_id = ANY(%(waiting)s) AND c.kind = 'cost' AND o.id = c.offer_id
  AND s.sku = o.supplier_sku AND s.ref = o.supplier_product
"""
# Rows that would change, and unreadable ones.
WAITS = """
o.supplier_sku = ANY(%(doubtful)s) OR (o.id, p.code) IN (
  SELECT offer_id, place FROM suppliers_feedchange WHERE run_id = %(run)s AND kind = 'stock')
"""


@needs_transaction
def keep_costs(feed_run: FeedRun, *, refused: Sequence[str]) -> None:
    """Store the cost changes; costs in a delta become unconfirmed.

    Locks: the pending runs, then the offers
    """
    params = {**_params(feed_run), "refused": list(refused)}
    run(COSTS, params)
    if feed_run.names_changes:
        _drop_superseded(feed_run, COSTS_TOLD)
        confirmations.costs_wait(params=params)


@needs_transaction
def keep_stock(feed_run: FeedRun, *, doubtful: Sequence[str], is_whole: bool) -> None:
    """Store the stock changes; rows in a delta become unconfirmed.

    Shape: ``is_whole``: rows missing from the stage would become zero
    Locks: the pending runs, then the locations and the rows, each in id order
    """
    params = {**_params(feed_run), "doubtful": list(doubtful), "as_of": feed_run.as_of}
    run(STOCK.format(join="FULL" if is_whole else "LEFT"), params)
    if feed_run.names_changes:
        _drop_superseded(feed_run, STOCK_TOLD)
        levels.hold(supplier=feed_run.supplier)
        confirmations.fall_silent(which=WAITS, params=params)


@needs_transaction
def keep_products(feed_run: FeedRun, *, tells_gone: bool) -> None:
    """Store the missing products, if missing means discontinued, and the pages to read."""
    if tells_gone:
        run(GONE, _params(feed_run))
    run(PAGES, _params(feed_run))


@needs_transaction
def moves_of_news(*, supplier_id: int) -> list[tuple[Any, ...]]:
    """Return the stock changes: (offer, SKU, location, country, old, new, size)."""
    return rows(STOCK_MOVES.format(join="FULL"), {"supplier": supplier_id})


@needs_transaction
def keep_news(feed_run: FeedRun, moves: Iterable[tuple[Any, ...]], *, told_at: datetime) -> None:
    """Merge changes of a webhook event into a pending run; the last event of a row counts."""
    fresh = [
        FeedChange(
            run=feed_run,
            kind=FeedChange.Kind.STOCK,
            offer_id=offer_id,
            row=sku,
            place=place,
            country=country,
            old=old,
            new=Decimal(new),
            size=size,
            told_at=told_at,
        )
        for offer_id, sku, place, country, old, new, size in moves
    ]
    waiting = FeedChange.objects.filter(run=feed_run)
    for change in fresh:
        waiting.filter(offer_id=change.offer_id, place=change.place).delete()
    FeedChange.objects.bulk_create(fresh)


def _params(feed_run: FeedRun) -> Mapping[str, Any]:
    return {"run": feed_run.pk, "supplier": feed_run.supplier_id}


def _drop_superseded(feed_run: FeedRun, sql: str) -> None:
    run(sql, {"waiting": [old.pk for old in waiting_runs(feed_run)]})
