"""Price lists: compare a staged list with the known offers, create offers for new SKUs.

An offer without a variant is on hold and cannot be bought. ``bulk_matching`` links certain
matches; the product job links the other offers.

Note [One comparison]: one comparison of the list with the supplier's offers answers all
questions of a run about a whole list. Its result, ``feed_cost_diff``, has only the rows that
differ.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from catalog.records import ImportIssue
from storefront.lib.db import advisory_locks
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money
from suppliers.connectors.bulk import OFFER_CELLS, OfferRow
from suppliers.runs.runs import RunContext
from suppliers.runs.staging import rows, run, with_large_work_mem

log = logging.getLogger(__name__)

# Retail prices

MIN_RETAIL_PRICE = Decimal("0.01")
MAX_RETAIL_PRICE = Decimal(1_000_000)


def valid_retail_price(price: Money | None, *, currency: str) -> Decimal | None:
    """Return a retail price as stored; None if it is in another currency or implausible."""
    if price is None or price.currency != currency or price.amount > MAX_RETAIL_PRICE:
        return None
    amount = price.rounded().amount
    return amount if amount >= MIN_RETAIL_PRICE else None


AMOUNT = "numeric(12,2)"
COLUMNS = tuple(f"{name} {AMOUNT if name == 'amount' else 'text'}" for name in OFFER_CELLS)
NOTHING = ("",) * (len(OFFER_CELLS) - len(("external_id", "sku", "amount")))
# Database pages of the temporary table that one transaction turns into offers, about 50,000 rows.
# A product job that waits for it must not exceed its lock timeout.
PAGES_PER_SLICE = 800
ANALYZE_AFTER = 500

# FULL JOIN for a full list, LEFT JOIN for a delta: offers that a delta leaves out did not change.
STAGE_DIFF = """
CREATE TEMPORARY TABLE feed_cost_diff AS
SELECT c.*, o.id AS offer_id
FROM feed_costs c
{join} JOIN (
  SELECT id, supplier_sku, product_external_id, cost_amount, status, variant_id
  FROM suppliers_supplieroffer WHERE supplier_id = %(supplier)s
) o ON o.supplier_sku = c.sku
WHERE CASE
  WHEN o.id IS NULL THEN true
  WHEN c.sku IS NULL THEN o.cost_amount IS NOT NULL
    AND (o.status = 'active' OR (o.status = 'on_hold' AND o.variant_id IS NULL))
  ELSE o.cost_amount IS DISTINCT FROM c.amount OR o.product_external_id <> c.external_id
    OR (o.status = 'on_hold' AND o.variant_id IS NOT NULL)
END
"""
# The number of priced offers, and of those no longer priced by the list.
COUNT_UNPRICED = """
SELECT (
  SELECT count(*) FROM suppliers_supplieroffer o
  WHERE o.supplier_id = %(supplier)s AND o.cost_amount IS NOT NULL
    AND (o.status = 'active' OR (o.status = 'on_hold' AND o.variant_id IS NULL))
), (
  SELECT count(DISTINCT o.id)
  FROM feed_cost_diff n JOIN suppliers_supplieroffer o ON o.id = n.offer_id
  WHERE o.cost_amount IS NOT NULL AND (n.sku IS NULL OR n.external_id <> o.product_external_id)
    AND (o.status = 'active' OR (o.status = 'on_hold' AND o.variant_id IS NULL))
    AND NOT EXISTS (
      SELECT 1 FROM feed_costs c
      WHERE n.sku IS NOT NULL AND c.sku = o.supplier_sku AND c.external_id = o.product_external_id
    )
)
"""
# If a SKU has two prices, one of them differs from the stored price, so the diff has the SKU.
SELECT_DUPLICATES = """
SELECT c.sku, min(c.external_id), min(c.amount), max(c.amount)
FROM feed_costs c
WHERE c.sku IN (SELECT sku FROM feed_cost_diff)
GROUP BY c.sku HAVING min(c.amount) <> max(c.amount)
ORDER BY c.sku
"""
SELECT_WITH_ISSUES = """
SELECT DISTINCT c.sku FROM feed_costs c
JOIN suppliers_syncissue i ON i.row = c.sku AND i.supplier_id = %(supplier)s
WHERE i.resolved_at IS NULL
"""
# SKUs that look the same: one could be ordered instead of the other. The product job reports them,
# and keeps the first one of its list.
SELECT_CONFUSABLE = """
WITH new AS (
  SELECT sku, lower(sku) AS folded FROM feed_cost_diff
  WHERE offer_id IS NULL AND sku IS NOT NULL
), among AS (
  SELECT folded FROM new GROUP BY folded HAVING min(sku) <> max(sku)
), known AS (
  SELECT new.folded FROM new
  JOIN suppliers_supplieroffer o ON lower(o.supplier_sku) = new.folded
  WHERE o.supplier_id = %(supplier)s AND o.supplier_sku <> new.sku
)
SELECT DISTINCT sku FROM new
WHERE folded IN (SELECT folded FROM among UNION SELECT folded FROM known)
"""
INSERT_OFFERS = """
INSERT INTO suppliers_supplieroffer (
  supplier_id, supplier_sku, product_external_id, title, cost_amount, currency, min_order_units,
  pack_size, lead_days, map_amount, msrp_amount, status, missing_certificates, seen_at, cost_reported_at)
SELECT %(supplier)s, n.sku, n.external_id, n.title, n.amount, %(currency)s,
  GREATEST(NULLIF(n.minimum, '')::int, 1), GREATEST(NULLIF(n.pack, '')::int, 1),
  NULLIF(n.lead_days, '')::int, NULLIF(n.map, '')::numeric, NULLIF(n.msrp, '')::numeric,
  'on_hold', '', %(now)s, %(as_of)s
FROM feed_cost_diff n
WHERE n.offer_id IS NULL AND n.sku <> ALL(%(refused)s)
  AND n.ctid >= %(first)s::tid AND n.ctid < %(last)s::tid
ON CONFLICT (supplier_id, supplier_sku) DO NOTHING
"""
FRESH_STATISTICS = "ANALYZE suppliers_supplieroffer"


def staged_row(row: OfferRow, *, amount: Decimal, currency: str) -> tuple[Any, ...]:
    """Return a row of ``feed_costs``; retail prices in another currency are left out."""
    terms = row.terms
    return (
        row.external_id,
        row.sku,
        amount,
        row.title,
        row.gtin,
        row.brand,
        terms.min_order_units or "",
        terms.pack_size or "",
        "" if terms.lead_days is None else terms.lead_days,
        valid_retail_price(terms.map_price, currency=currency) or "",
        valid_retail_price(terms.msrp, currency=currency) or "",
    )


def stage_diff(*, run_context: RunContext, is_full_list: bool) -> None:
    """Stage the differences between the list and the known offers."""
    with with_large_work_mem():
        run("DROP TABLE IF EXISTS pg_temp.feed_cost_diff")
        join = "FULL" if is_full_list else "LEFT"
        run(STAGE_DIFF.format(join=join), {"supplier": run_context.supplier.pk})
        run("ANALYZE feed_cost_diff")


def count_priced(*, run_context: RunContext) -> tuple[int, int]:
    """Return the number of priced offers, and of those that the list still prices."""
    with with_large_work_mem():
        ((known, lost),) = rows(COUNT_UNPRICED, {"supplier": run_context.supplier.pk})
    return known, known - lost


def duplicate_prices() -> list[tuple[str, ImportIssue]]:
    with with_large_work_mem():
        duplicates = rows(SELECT_DUPLICATES)
    return [
        (
            external_id,
            ImportIssue(row=sku, code="cost-twice", message=f"Two prices: {least} and {most}."),
        )
        for sku, external_id, least, most in duplicates
    ]


def skus_with_issues(*, run_context: RunContext) -> list[str]:
    """Return the SKUs of the list that have an open issue."""
    return [sku for (sku,) in rows(SELECT_WITH_ISSUES, {"supplier": run_context.supplier.pk})]


@requires_transaction
def lock_offer_creation(*, supplier_id: int) -> None:
    """Lock out other transactions that create offers of this supplier; the next finds these."""
    advisory_locks.lock_until_commit(f"offers of {supplier_id}")


def create_offers(*, run_context: RunContext, refused: Sequence[str], as_of: datetime) -> int:
    """Create offers for unknown SKUs, slice by slice; return how many.

    If the process is killed, completed slices stay; the next run creates the rest.

    Raises: LeaseLostError  the run was closed
    """
    ((has_new_skus,),) = rows("SELECT EXISTS (SELECT 1 FROM feed_cost_diff WHERE offer_id IS NULL)")
    if not has_new_skus:
        return 0
    with with_large_work_mem():
        confusable = [
            sku for (sku,) in rows(SELECT_CONFUSABLE, {"supplier": run_context.supplier.pk})
        ]
    ((size,),) = rows("SELECT pg_relation_size('feed_cost_diff') / 8192")
    params = {
        "supplier": run_context.supplier.pk,
        "currency": run_context.supplier.currency,
        "refused": [*refused, *confusable],
        "as_of": as_of,
    }
    created = 0
    for first in range(0, int(size), PAGES_PER_SLICE):
        run_context.heartbeat()
        ends = {"first": f"({first},0)", "last": f"({first + PAGES_PER_SLICE},0)"}
        with transaction.atomic(durable=True):
            run_context.lock()
            lock_offer_creation(supplier_id=run_context.supplier.pk)
            created += run(INSERT_OFFERS, {**params, **ends, "now": run_context.clock()})
    log.info("%s: %s new offers", run_context.run, created)
    if created >= ANALYZE_AFTER:
        run(FRESH_STATISTICS)
    return created
