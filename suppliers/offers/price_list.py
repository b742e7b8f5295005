"""Price lists: compare a staged list with the known offers, create offers for new SKUs.

An offer without a variant is on hold, so nobody can buy it. ``bulk_matching`` links it to a variant
that is certainly the same; otherwise it waits for the product job, which adopts it.

Note [One look]: one comparison of the list with the supplier's offers answers all questions that a
run has about a whole list. Its result, ``feed_costs_news``, has only the rows that changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from catalog.records import BadRow
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.money import Money
from suppliers.connectors.bulk import OFFER_CELLS, OfferRow
from suppliers.runs.runs import Work
from suppliers.runs.staging import roomy, rows, run

# Retail prices

LEAST = Decimal("0.01")
MOST = Decimal(1_000_000)


def known_retail(price: Money | None, *, currency: str) -> Decimal | None:
    """Return it as offers keep it; in other money than his, or absurd, it is none that we know."""
    if price is None or price.currency != currency or price.amount > MOST:
        return None
    amount = price.rounded().amount
    return amount if amount >= LEAST else None


# The list

AMOUNT = "numeric(12,2)"
COLUMNS = tuple(f"{name} {AMOUNT if name == 'amount' else 'text'}" for name in OFFER_CELLS)
NOTHING = ("",) * (len(OFFER_CELLS) - len(("ref", "sku", "amount")))
# Pages of the temporary table that are made into offers in one transaction, some 50,000 rows: the
# product job may wait for one, which must be shorter than it has patience.
PAGES_A_SLICE = 800
MANY = 500

# Of a list of changes, what it leaves out is not asked for.
COMPARE = """
CREATE TEMPORARY TABLE feed_costs_news AS
SELECT c.*, o.id AS offer_id
FROM feed_costs c
{join} JOIN (
  SELECT id, supplier_sku, supplier_product, cost_amount, status, variant_id
  FROM suppliers_supplieroffer WHERE supplier_id = %(supplier)s
) o ON o.supplier_sku = c.sku
WHERE CASE
  WHEN o.id IS NULL THEN true
  WHEN c.sku IS NULL THEN o.cost_amount IS NOT NULL
    AND (o.status = 'active' OR (o.status = 'held' AND o.variant_id IS NULL))
  ELSE o.cost_amount IS DISTINCT FROM c.amount OR o.supplier_product <> c.ref
    OR (o.status = 'held' AND o.variant_id IS NOT NULL)
END
"""
# The offers that had a cost, and those of them that the list does not price any more.
LOST = """
SELECT (
  SELECT count(*) FROM suppliers_supplieroffer o
  WHERE o.supplier_id = %(supplier)s AND o.cost_amount IS NOT NULL
    AND (o.status = 'active' OR (o.status = 'held' AND o.variant_id IS NULL))
), (
  SELECT count(DISTINCT o.id)
  FROM feed_costs_news n JOIN suppliers_supplieroffer o ON o.id = n.offer_id
  WHERE o.cost_amount IS NOT NULL AND (n.sku IS NULL OR n.ref <> o.supplier_product)
    AND (o.status = 'active' OR (o.status = 'held' AND o.variant_id IS NULL))
    AND NOT EXISTS (
      SELECT 1 FROM feed_costs c
      WHERE n.sku IS NOT NULL AND c.sku = o.supplier_sku AND c.ref = o.supplier_product
    )
)
"""
# If a SKU has two prices, one of them at least is not the one we know.
TWICE = """
SELECT c.sku, min(c.ref), min(c.amount), max(c.amount)
FROM feed_costs c
WHERE c.sku IN (SELECT sku FROM feed_costs_news)
GROUP BY c.sku HAVING min(c.amount) <> max(c.amount)
ORDER BY c.sku
"""
NAMED_AGAIN = """
SELECT DISTINCT c.sku FROM feed_costs c
JOIN suppliers_feedissue i ON i.row = c.sku AND i.supplier_id = %(supplier)s
WHERE i.resolved_at IS NULL
"""
# SKUs that differ by nothing a person sees: one of them would be ordered for the other. The
# product job complains of them, and takes the first one of its list.
TWINS = """
WITH new AS (
  SELECT sku, lower(sku) AS folded FROM feed_costs_news
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
# Who makes offers of a supplier waits for whoever does: of two who make the same one, the second
# finds it.
ALONE = "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 3))"
CREATE = """
INSERT INTO suppliers_supplieroffer (
  supplier_id, supplier_sku, supplier_product, title, cost_amount, currency, minimum_quantity,
  pack_size, lead_days, map_amount, msrp_amount, status, missing_evidence, seen_at, cost_as_of)
SELECT %(supplier)s, n.sku, n.ref, n.title, n.amount, %(currency)s,
  GREATEST(NULLIF(n.minimum, '')::int, 1), GREATEST(NULLIF(n.pack, '')::int, 1),
  NULLIF(n.lead_days, '')::int, NULLIF(n.map, '')::numeric, NULLIF(n.msrp, '')::numeric,
  'held', '', %(now)s, %(as_of)s
FROM feed_costs_news n
WHERE n.offer_id IS NULL AND n.sku <> ALL(%(refused)s)
  AND n.ctid >= %(first)s::tid AND n.ctid < %(last)s::tid
ON CONFLICT (supplier_id, supplier_sku) DO NOTHING
"""
FRESH_STATISTICS = "ANALYZE suppliers_supplieroffer"


def cells(row: OfferRow, *, amount: Decimal, currency: str) -> tuple[Any, ...]:
    """Return a row as ``feed_costs`` takes it; retail prices in other money are none we know."""
    terms = row.terms
    return (
        row.ref,
        row.sku,
        amount,
        row.title,
        row.gtin,
        row.brand,
        terms.minimum_quantity or "",
        terms.pack_size or "",
        "" if terms.lead_days is None else terms.lead_days,
        known_retail(terms.map_price, currency=currency) or "",
        known_retail(terms.msrp, currency=currency) or "",
    )


def compare(*, work: Work, is_whole: bool) -> None:
    """Find what the staged list says that we do not know, and what it says no more."""
    with roomy():
        run("DROP TABLE IF EXISTS pg_temp.feed_costs_news")
        join = "FULL" if is_whole else "LEFT"
        run(COMPARE.format(join=join), {"supplier": work.supplier.pk})
        run("ANALYZE feed_costs_news")


def still_priced(*, work: Work) -> tuple[int, int]:
    """Count the offers that had a cost, and those that the list still prices."""
    with roomy():
        ((known, lost),) = rows(LOST, {"supplier": work.supplier.pk})
    return known, known - lost


def told_twice() -> list[tuple[str, BadRow]]:
    """Name the SKUs that are told two prices, each with its product: they have none."""
    with roomy():
        found = rows(TWICE)
    return [
        (ref, BadRow(row=sku, code="cost-twice", message=f"Two prices: {least} and {most}."))
        for sku, ref, least, most in found
    ]


def named_again(*, work: Work) -> list[str]:
    """Name the SKUs of the list that something was wrong with."""
    return [sku for (sku,) in rows(NAMED_AGAIN, {"supplier": work.supplier.pk})]


@needs_transaction
def alone(*, supplier_id: int) -> None:
    """Let nobody else make offers of this supplier until the transaction ends."""
    rows(ALONE, {"name": f"offers of {supplier_id}"})


def create(*, work: Work, refused: Sequence[str], as_of: datetime) -> int:
    """Make offers of the SKUs that we do not know, slice by slice; return how many.

    Killed anywhere, whole slices stay, and the next run finds the others new.

    Raises: LeaseLostError  the run is no longer ours
    """
    ((is_news,),) = rows("SELECT EXISTS (SELECT 1 FROM feed_costs_news WHERE offer_id IS NULL)")
    if not is_news:
        return 0
    with roomy():
        twins = [sku for (sku,) in rows(TWINS, {"supplier": work.supplier.pk})]
    ((size,),) = rows("SELECT pg_relation_size('feed_costs_news') / 8192")
    params = {
        "supplier": work.supplier.pk,
        "currency": work.supplier.currency,
        "refused": [*refused, *twins],
        "as_of": as_of,
    }
    made = 0
    for first in range(0, int(size), PAGES_A_SLICE):
        work.keep()
        ends = {"first": f"({first},0)", "last": f"({first + PAGES_A_SLICE},0)"}
        with transaction.atomic(durable=True):
            work.hold()
            alone(supplier_id=work.supplier.pk)
            made += run(CREATE, {**params, **ends, "now": work.moment()})
    work.say(f"{made} offers are new")
    if made >= MANY:
        run(FRESH_STATISTICS)
    return made
