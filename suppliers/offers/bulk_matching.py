"""Bulk matching: link offers of a price list that match with certainty, keep doubtful ones for staff.

The rule is in ``matching``. This module selects candidates and writes links with set-based SQL.
"""

from collections.abc import Iterator, Sequence
from itertools import batched, groupby
from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from catalog.brands import aliases
from catalog.brands.aliases import Aliases
from suppliers.compliance import certificates
from suppliers.offers import matching, price_list
from suppliers.offers.matching import SkuIdentifiers
from suppliers.offers.owners import find_owners
from suppliers.runs.runs import RunContext
from suppliers.runs.staging import rows, run, staging_table, with_large_work_mem

PRODUCTS_AT_ONCE = 2_000
# ``stated`` splits only cells with several GTINs: to split takes longer than the joins.
# All offers of each product that has an unlinked offer on hold with a known GTIN, and that the
# product sync has not imported yet. GTIN and brand are empty for offers that are linked, not on
# hold, rejected or missing from the file; then nothing of that product is linked.
STAGE_CANDIDATES = """
CREATE TEMPORARY TABLE feed_claims AS
WITH stated AS (
  SELECT sku, external_id, regexp_replace(gtin, '[[:space:]-]+', '', 'g') AS gtin
  FROM feed_costs WHERE gtin <> '' AND gtin NOT LIKE '%%;%%'
  UNION ALL
  SELECT sku, external_id, regexp_replace(part, '[[:space:]-]+', '', 'g')
  FROM feed_costs CROSS JOIN LATERAL string_to_table(gtin, ';') part
  WHERE gtin LIKE '%%;%%'
), known AS (
  SELECT DISTINCT o.product_external_id AS external_id
  FROM stated c
  JOIN catalog_identifier i ON i.scheme = 'gtin' AND i.state <> 'conflict'
    AND i.value = lpad(c.gtin, 14, '0')
  JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s AND o.supplier_sku = c.sku
    AND o.product_external_id = c.external_id AND o.variant_id IS NULL AND o.status = 'on_hold'
  WHERE length(c.gtin) IN (8, 12, 13, 14) AND c.sku <> ALL(%(refused)s)
    AND NOT EXISTS (
      SELECT 1 FROM suppliers_supplierproduct k
      WHERE k.supplier_id = %(supplier)s AND k.external_id = o.product_external_id
    )
)
SELECT known.external_id, o.supplier_sku AS sku, o.id AS offer_id,
  COALESCE(c.gtin, '') AS gtin, COALESCE(c.brand, '') AS brand, o.title
FROM known
JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s
  AND o.product_external_id = known.external_id AND o.status <> 'discontinued'
LEFT JOIN feed_costs c ON c.sku = o.supplier_sku AND c.external_id = known.external_id
  AND o.variant_id IS NULL AND o.status = 'on_hold' AND c.sku <> ALL(%(refused)s)
"""
SELECT_CANDIDATES = (
    "SELECT external_id, sku, offer_id, gtin, brand, title FROM feed_claims ORDER BY external_id"
)
# If two products claim one variant, neither is linked.
WRITE_LINKS = """
WITH twice AS (
  SELECT variant_id FROM feed_matches WHERE is_certain GROUP BY 1 HAVING count(*) > 1
), unsure AS (
  SELECT external_id FROM feed_matches WHERE variant_id IN (SELECT variant_id FROM twice)
), locked AS (
  SELECT o.id, m.variant_id
  FROM suppliers_supplieroffer o
  JOIN feed_matches m ON m.offer_id = o.id AND m.is_certain
  WHERE m.external_id NOT IN (SELECT external_id FROM unsure)
  ORDER BY o.id
  FOR NO KEY UPDATE OF o
), written AS (
  UPDATE suppliers_supplieroffer o
  SET variant_id = locked.variant_id, disputed_variant_id = NULL, seen_at = %(now)s,
    status = CASE WHEN o.cost_amount IS NULL OR o.overridden_fields ? 'status'
      THEN o.status ELSE 'active' END
  FROM locked WHERE o.id = locked.id AND o.variant_id IS NULL
    AND NOT o.overridden_fields ? 'variant'
  RETURNING o.id, o.variant_id
), queued AS (
  INSERT INTO suppliers_pendingpublication (variant_id) SELECT DISTINCT variant_id FROM written
)
SELECT id FROM written
"""
# ``matches.review`` asks staff about these matches. A match that was already kept is not changed.
WRITE_DOUBTS = """
WITH locked AS (
  SELECT o.id, m.variant_id
  FROM suppliers_supplieroffer o
  JOIN feed_matches m ON m.offer_id = o.id AND NOT m.is_certain
  WHERE o.variant_id IS NULL AND o.disputed_variant_id IS NULL
    AND NOT o.overridden_fields ? 'variant'
  ORDER BY o.id
  FOR NO KEY UPDATE OF o
)
UPDATE suppliers_supplieroffer o SET disputed_variant_id = locked.variant_id, seen_at = %(now)s
FROM locked WHERE o.id = locked.id
"""

type Row = tuple[str, str, int, str, str, str]  # external_id, SKU, offer id, GTIN, brand, title


def match_offers(*, run_context: RunContext, refused: Sequence[str]) -> int:
    """Link offers that match a variant with certainty; return how many.

    Raises: LeaseLostError  the run was closed
    """
    params = {
        "supplier": run_context.supplier.pk,
        "refused": list(refused),
        "now": run_context.clock(),
    }
    columns = ("external_id text", "offer_id bigint", "variant_id bigint", "is_certain boolean")
    with with_large_work_mem(), staging_table("feed_matches", columns) as matches:
        run("DROP TABLE IF EXISTS pg_temp.feed_claims")
        run(STAGE_CANDIDATES, params)
        for batch in batched(_candidate_products(), PRODUCTS_AT_ONCE):
            matches.extend(_matches(run_context, batch))
            matches.flush()
        matches.analyze()
        return _write(run_context, params)


def _candidate_products() -> Iterator[list[Row]]:
    """Yield the rows of each product; a server-side cursor lets other statements run meanwhile."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(SELECT_CANDIDATES)
        for _ref, product_rows in groupby(cursor, key=itemgetter(0)):
            yield list(product_rows)


def _matches(
    run_context: RunContext, products: Sequence[list[Row]]
) -> Iterator[tuple[str, int, int, bool]]:
    known = aliases.load_aliases()
    claimed = [[_identifiers(row, known) for row in product] for product in products]
    owners = find_owners(
        supplier=run_context.supplier, claims=[claim for product in claimed for claim in product]
    )
    for product, claims in zip(products, claimed, strict=True):
        found = matching.match(claims, owners)
        is_complete = len(found.linked) == len(claims)
        for external_id, sku, offer_id, *_ in product:
            if is_complete:
                yield external_id, offer_id, found.linked[sku], True
            elif doubt := found.doubtful.get(sku):
                yield external_id, offer_id, doubt.variant_id, False


def _identifiers(row: Row, known: Aliases) -> SkuIdentifiers:
    _ref, sku, _offer_id, gtin, brand, title = row
    return matching.list_item(
        sku=sku,
        brand=aliases.resolve(brand, known),
        gtin=gtin,
        title=aliases.resolve_title(title, brand=brand, aliases=known),
    )


@transaction.atomic(durable=True)
def _write(run_context: RunContext, params: dict[str, Any]) -> int:
    """Write the matches. Locks the run, offer creation, then the matched offers in id order."""
    run_context.lock()
    price_list.lock_offer_creation(supplier_id=run_context.supplier.pk)
    ids = [pk for (pk,) in rows(WRITE_LINKS, params)]
    run(WRITE_DOUBTS, params)
    if ids:
        certificates.apply_holds(
            supplier_id=run_context.supplier.pk, now=run_context.clock(), offer_ids=ids
        )
    return len(ids)
