"""Stock diff: compare a staged stock list with the known stock rows.

The list is compared once. The result, ``feed_stock_news``, names the offers to merge
(``suppliers.inventory.levels``); the guards query it too. Other rows are not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suppliers.connectors.records import Omitted
from suppliers.inventory import levels
from suppliers.runs.staging import roomy, rows, run

# The offers in scope of an answer: their stock rows that it leaves out become zero. A delta leaves
# them unchanged.
DOUBTFUL = "o.supplier_sku = ANY(%(doubtful)s)"
NOT_DOUBTFUL = "o.supplier_sku <> ALL(%(doubtful)s)"
OF_TOLD_PRODUCTS = "o.supplier_product IN (SELECT ref FROM feed_listed WHERE is_told)"
OF_TOLD_SKUS = "o.supplier_sku IN (SELECT sku FROM feed_stock)"
# If a row has no SKU, it may be any missing SKU of its product.
LEFT_OUT_KNOWN = f"(o.supplier_product <> ALL(%(torn)s) OR {OF_TOLD_SKUS})"
OF_ALL = "true"
SPEAKS_OF = {
    Omitted.GONE: OF_ALL,
    Omitted.EMPTY: OF_ALL,
    Omitted.UNCHANGED: OF_TOLD_SKUS,
    None: OF_TOLD_PRODUCTS,
}
NOT_STAGED = """
NOT EXISTS (SELECT 1 FROM feed_stock f WHERE f.sku = o.supplier_sku AND f.location = p.code)
"""
COMPARE = """
CREATE TEMPORARY TABLE feed_stock_news AS
SELECT k.offer_id, k.sku AS known_sku, s.sku
FROM (
  SELECT l.offer_id, o.supplier_sku AS sku, o.supplier_product AS ref, p.code,
    l.reported_quantity, l.buffer, l.is_silent
  FROM suppliers_stocklevel l
  JOIN suppliers_supplieroffer o ON o.id = l.offer_id
  JOIN suppliers_stocklocation p ON p.id = l.location_id
  WHERE o.supplier_id = %(supplier)s AND o.status <> 'gone'
) k
FULL JOIN feed_stock s ON s.sku = k.sku AND s.location = k.code
WHERE k.offer_id IS NULL OR s.sku IS NULL OR s.quantity <> k.reported_quantity
  OR k.buffer <> %(buffer)s OR k.is_silent OR (s.ref <> '' AND s.ref <> k.ref)
"""
COVER_NEWS = """
INSERT INTO feed_covered
SELECT o.id FROM suppliers_supplieroffer o
WHERE o.id IN (SELECT offer_id FROM feed_stock_news) AND o.status <> 'gone'
  AND {spoken}
UNION
SELECT o.id FROM suppliers_supplieroffer o
WHERE o.supplier_sku IN (SELECT sku FROM feed_stock_news WHERE offer_id IS NULL)
  AND o.supplier_id = %(supplier)s AND o.status <> 'gone' AND {spoken}
"""
COVER = """
INSERT INTO feed_covered
SELECT o.id FROM suppliers_supplieroffer o
WHERE o.supplier_id = %(supplier)s AND o.status <> 'gone' AND {spoken}
"""
STOCKED = """
SELECT count(*) FROM suppliers_stocklevel l JOIN suppliers_supplieroffer o ON o.id = l.offer_id
WHERE o.supplier_id = %(supplier)s AND o.status <> 'gone' AND l.reported_quantity > 0
  AND {spoken}
"""
LEFT_OUT = """
SELECT (SELECT count(*) FROM suppliers_supplieroffer
        WHERE supplier_id = %(supplier)s AND status <> 'gone'),
       (SELECT count(DISTINCT offer_id) FROM feed_stock_news WHERE sku IS NULL)
"""
PRODUCTS_LEFT_OUT = """
SELECT count(*), count(*) FILTER (WHERE ref IN (SELECT ref FROM feed_stock))
FROM (
  SELECT DISTINCT o.supplier_product AS ref FROM suppliers_supplieroffer o
  WHERE o.supplier_id = %(supplier)s AND o.status <> 'gone'
    AND EXISTS (SELECT 1 FROM suppliers_stocklevel l WHERE l.offer_id = o.id)
) known
"""


# Until autovacuum runs, the planner assumes that tables just filled are empty.
MANY = 5_000
FRESH_STATISTICS = "ANALYZE suppliers_stocklevel, suppliers_stocklocation"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """How many offers are known, and how many have a stock row that the list leaves out."""

    known: int
    left_out: int


def spoken(omitted: Omitted | None, *, is_torn: bool = False) -> str:
    """Return the SQL condition for offers ``o`` in scope of the staged answer.

    ``is_torn``: the answer has rows whose product is unknown.
    """
    speaks_of = OF_TOLD_SKUS if is_torn else SPEAKS_OF[omitted]
    return f"{NOT_DOUBTFUL} AND {speaks_of} AND {LEFT_OUT_KNOWN}"


def unspoken(omitted: Omitted | None, *, is_torn: bool = False) -> str:
    """Return the SQL condition for offers ``o`` or stock rows that the answer does not confirm."""
    if omitted is Omitted.UNCHANGED:
        return DOUBTFUL
    left_out = f"NOT ({spoken(omitted, is_torn=is_torn)})"
    return f"{left_out} OR {NOT_STAGED}" if is_torn else left_out


def compare(
    params: dict[str, Any], *, omitted: Omitted | None, buffer: int, is_torn: bool = False
) -> News:
    """Stage the offers whose figures differ from the answer; of a delta, all its offers."""
    levels.clear_covered()
    condition = spoken(omitted, is_torn=is_torn)
    with roomy():
        if omitted is Omitted.UNCHANGED:
            run(COVER.format(spoken=condition), params)
            run("ANALYZE feed_covered")
            return News(known=0, left_out=0)
        run("DROP TABLE IF EXISTS pg_temp.feed_stock_news")
        run(COMPARE, {**params, "buffer": buffer})
        run("ANALYZE feed_stock_news")
        run(COVER_NEWS.format(spoken=condition), params)
        run("ANALYZE feed_covered")
        ((known, left_out),) = rows(LEFT_OUT, params)
    return News(known=known, left_out=left_out)


def still_listed(params: dict[str, Any], news: News) -> tuple[int, int]:
    """Return how many products are known, and how many of them are still listed.

    Only counted if any row is missing. A list may leave out sold-out SKUs.
    """
    if not news.left_out:
        return news.known, news.known
    with roomy():
        ((known, still_there),) = rows(PRODUCTS_LEFT_OUT, params)
    return known, still_there


def stocked(params: dict[str, Any], *, omitted: Omitted | None, is_torn: bool = False) -> int:
    """Return the number of non-zero stock rows that the answer could zero."""
    condition = OF_ALL if omitted is Omitted.UNCHANGED else spoken(omitted, is_torn=is_torn)
    with roomy():
        ((count,),) = rows(STOCKED.format(spoken=condition), params)
    return int(count)


def tell_planner(*, created: int) -> None:
    """Run ANALYZE after a run that filled the tables."""
    if created >= MANY:
        run(FRESH_STATISTICS)
