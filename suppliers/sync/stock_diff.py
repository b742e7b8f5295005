"""Stock diff: compare a staged stock list with the known stock rows.

A full list is compared once. The temporary table ``feed_stock_diff`` has the stock rows that
differ: the guards read it, and ``suppliers.inventory.levels`` merges the offers of these rows. Of a
delta, all offers are merged.
"""

from dataclasses import dataclass
from typing import Any

from suppliers.connectors.records import MissingRowMeans
from suppliers.inventory import levels
from suppliers.runs.staging import rows, run, with_large_work_mem

# SQL conditions for the offers that a response covers. Stock rows missing from a full response are
# set to zero; those missing from a delta stay unchanged.
UNREADABLE = "o.supplier_sku = ANY(%(unreadable)s)"
READABLE = "o.supplier_sku <> ALL(%(unreadable)s)"
REPORTED_PRODUCTS = (
    "o.product_external_id IN (SELECT external_id FROM feed_listed WHERE has_figure)"
)
REPORTED_SKUS = "o.supplier_sku IN (SELECT sku FROM feed_stock)"
# A row without a SKU could belong to any SKU missing from its product: these are not set to zero.
MISSING_IS_KNOWN = (
    f"(o.product_external_id <> ALL(%(products_with_unidentified_rows)s) OR {REPORTED_SKUS})"
)
EVERY_OFFER = "true"
SCOPE = {
    MissingRowMeans.DISCONTINUED: EVERY_OFFER,
    MissingRowMeans.OUT_OF_STOCK: EVERY_OFFER,
    MissingRowMeans.UNCHANGED: REPORTED_SKUS,
    None: REPORTED_PRODUCTS,
}
NOT_STAGED = """
NOT EXISTS (SELECT 1 FROM feed_stock f WHERE f.sku = o.supplier_sku AND f.location = p.code)
"""
STAGE_DIFF = """
CREATE TEMPORARY TABLE feed_stock_diff AS
SELECT k.offer_id, k.sku AS known_sku, s.sku
FROM (
  SELECT l.offer_id, o.supplier_sku AS sku, o.product_external_id AS external_id, p.code,
    l.reported_quantity, l.safety_stock, l.is_unconfirmed
  FROM suppliers_stocklevel l
  JOIN suppliers_supplieroffer o ON o.id = l.offer_id
  JOIN suppliers_stocklocation p ON p.id = l.location_id
  WHERE o.supplier_id = %(supplier)s AND o.status <> 'discontinued'
) k
FULL JOIN feed_stock s ON s.sku = k.sku AND s.location = k.code
WHERE k.offer_id IS NULL OR s.sku IS NULL OR s.quantity <> k.reported_quantity
  OR k.safety_stock <> %(safety_stock)s OR k.is_unconfirmed OR (s.external_id <> '' AND s.external_id <> k.external_id)
"""
SET_DIFFERING_OFFERS = """
INSERT INTO affected_offers
SELECT o.id FROM suppliers_supplieroffer o
WHERE o.id IN (SELECT offer_id FROM feed_stock_diff) AND o.status <> 'discontinued'
  AND {in_scope}
UNION
SELECT o.id FROM suppliers_supplieroffer o
WHERE o.supplier_sku IN (SELECT sku FROM feed_stock_diff WHERE offer_id IS NULL)
  AND o.supplier_id = %(supplier)s AND o.status <> 'discontinued' AND {in_scope}
"""
SET_OFFERS_IN_SCOPE = """
INSERT INTO affected_offers
SELECT o.id FROM suppliers_supplieroffer o
WHERE o.supplier_id = %(supplier)s AND o.status <> 'discontinued' AND {in_scope}
"""
COUNT_STOCKED = """
SELECT count(*) FROM suppliers_stocklevel l JOIN suppliers_supplieroffer o ON o.id = l.offer_id
WHERE o.supplier_id = %(supplier)s AND o.status <> 'discontinued' AND l.reported_quantity > 0
  AND {in_scope}
"""
COUNT_MISSING = """
SELECT (SELECT count(*) FROM suppliers_supplieroffer
        WHERE supplier_id = %(supplier)s AND status <> 'discontinued'),
       (SELECT count(DISTINCT offer_id) FROM feed_stock_diff WHERE sku IS NULL)
"""
COUNT_PRODUCTS_LISTED = """
SELECT count(*), count(*) FILTER (WHERE external_id IN (SELECT external_id FROM feed_stock))
FROM (
  SELECT DISTINCT o.product_external_id AS external_id FROM suppliers_supplieroffer o
  WHERE o.supplier_id = %(supplier)s AND o.status <> 'discontinued'
    AND EXISTS (SELECT 1 FROM suppliers_stocklevel l WHERE l.offer_id = o.id)
) known
"""


# Newly filled tables have no planner statistics until autovacuum runs ANALYZE.
ANALYZE_AFTER = 5_000
FRESH_STATISTICS = "ANALYZE suppliers_stocklevel, suppliers_stocklocation"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockScope:
    """The offers covered by a staged supplier response.

    Shape: ``omitted`` says how to treat a row missing from the list; None if products were queried
        individually. ``has_unidentified_rows``: a row of a full list has no SKU, so it could belong
        to any missing SKU. ``params`` are the query parameters of the SQL conditions
    """

    omitted: MissingRowMeans | None
    has_unidentified_rows: bool
    params: dict[str, Any]

    @property
    def is_delta(self) -> bool:
        return self.omitted is MissingRowMeans.UNCHANGED

    @property
    def zeroes_missing_rows(self) -> bool:
        return not self.is_delta and not self.has_unidentified_rows

    @property
    def inside(self) -> str:
        """The SQL condition for offers (alias ``o``) that the response covers."""
        reported = REPORTED_SKUS if self.has_unidentified_rows else SCOPE[self.omitted]
        return f"{READABLE} AND {reported} AND {MISSING_IS_KNOWN}"

    @property
    def outside(self) -> str:
        """The SQL condition for offers or stock rows that the response does not confirm.

        Aliases: ``o`` is the offer, ``p`` the location of the stock row.
        """
        if self.is_delta:
            return UNREADABLE
        outside = f"NOT ({self.inside})"
        return f"{outside} OR {NOT_STAGED}" if self.has_unidentified_rows else outside


def stage_diff(scope: StockScope, *, safety_stock: int) -> None:
    """Write the offers to merge to ``affected_offers``: those that differ; of a delta, all."""
    levels.clear_affected_offers()
    with with_large_work_mem():
        if scope.is_delta:
            run(SET_OFFERS_IN_SCOPE.format(in_scope=scope.inside), scope.params)
        else:
            run("DROP TABLE IF EXISTS pg_temp.feed_stock_diff")
            run(STAGE_DIFF, {**scope.params, "safety_stock": safety_stock})
            run("ANALYZE feed_stock_diff")
            run(SET_DIFFERING_OFFERS.format(in_scope=scope.inside), scope.params)
        run("ANALYZE affected_offers")


def count_listed(scope: StockScope) -> tuple[int, int]:
    """Return how many offers are known, and how many of them are still listed.

    If any is missing, products are counted instead, since a list may omit sold-out SKUs.
    """
    with with_large_work_mem():
        ((known, missing),) = rows(COUNT_MISSING, scope.params)
        if not missing:
            return known, known
        ((known, still_there),) = rows(COUNT_PRODUCTS_LISTED, scope.params)
    return known, still_there


def count_stocked(scope: StockScope) -> int:
    """Return the number of in-stock rows that the response could set to zero.

    A delta is compared with the entire stock of the supplier.
    """
    condition = EVERY_OFFER if scope.is_delta else scope.inside
    with with_large_work_mem():
        ((count,),) = rows(COUNT_STOCKED.format(in_scope=condition), scope.params)
    return int(count)


def analyze_tables(*, created: int) -> None:
    """Run ANALYZE if the run created at least ``ANALYZE_AFTER`` stock rows."""
    if created >= ANALYZE_AFTER:
        run(FRESH_STATISTICS)
