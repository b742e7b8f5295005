"""Bulk matching: link the offers of a price list to variants, only where the match is certain.

``matching`` has the rule. This module finds the candidates and writes the links in sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import batched, groupby
from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from catalog.attributes.identifiers import brand_key
from suppliers.compliance import certificates
from suppliers.offers import matching, price_list
from suppliers.offers.bearers import bearers_of
from suppliers.offers.matching import Claim
from suppliers.runs.runs import Work
from suppliers.runs.staging import roomy, rows, run, staged

PRODUCTS_AT_ONCE = 2_000
# All rows of products that have a row with a known GTIN and were not yet read by the product job.
# Offers that are not on hold, or not listed, get no GTIN here.
CLAIMS = """
CREATE TEMPORARY TABLE feed_claims AS
WITH known AS (
  SELECT DISTINCT o.supplier_product AS ref
  FROM feed_costs c
  CROSS JOIN LATERAL (SELECT regexp_replace(c.gtin, '[[:space:]-]+', '', 'g') AS gtin) d
  JOIN catalog_identifier i ON i.scheme = 'gtin' AND i.state <> 'conflict'
    AND i.value = lpad(d.gtin, 14, '0')
  JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s AND o.supplier_sku = c.sku
    AND o.supplier_product = c.ref AND o.variant_id IS NULL AND o.status = 'held'
  WHERE c.gtin <> '' AND length(d.gtin) IN (8, 12, 13, 14) AND c.sku <> ALL(%(refused)s)
    AND NOT EXISTS (
      SELECT 1 FROM suppliers_supplierproduct k
      WHERE k.supplier_id = %(supplier)s AND k.ref = o.supplier_product
    )
)
SELECT known.ref, o.supplier_sku AS sku, o.id AS offer_id,
  COALESCE(c.gtin, '') AS gtin, COALESCE(c.brand, '') AS brand
FROM known
JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s
  AND o.supplier_product = known.ref AND o.status <> 'gone'
LEFT JOIN feed_costs c ON c.sku = o.supplier_sku AND c.ref = known.ref
  AND o.variant_id IS NULL AND o.status = 'held' AND c.sku <> ALL(%(refused)s)
"""
READ = "SELECT ref, sku, offer_id, gtin, brand FROM feed_claims ORDER BY ref"
# If two products claim one variant, neither is linked.
WRITE = """
WITH twice AS (
  SELECT variant_id FROM feed_matches GROUP BY 1 HAVING count(*) > 1
), unsure AS (
  SELECT ref FROM feed_matches WHERE variant_id IN (SELECT variant_id FROM twice)
), locked AS (
  SELECT o.id, m.variant_id
  FROM suppliers_supplieroffer o
  JOIN feed_matches m ON m.offer_id = o.id
  WHERE m.ref NOT IN (SELECT ref FROM unsure)
  ORDER BY o.id
  FOR NO KEY UPDATE OF o
), written AS (
  UPDATE suppliers_supplieroffer o
  SET variant_id = locked.variant_id, seen_at = %(now)s,
    status = CASE WHEN o.cost_amount IS NULL OR o.locked_fields ? 'status'
      THEN o.status ELSE 'active' END
  FROM locked WHERE o.id = locked.id AND o.variant_id IS NULL
    AND NOT o.locked_fields ? 'variant'
  RETURNING o.id, o.variant_id
), queued AS (
  INSERT INTO suppliers_unpublishedsupply (variant_id) SELECT DISTINCT variant_id FROM written
)
SELECT id FROM written
"""

type Row = tuple[str, str, int, str, str]  # ref, SKU, offer id, GTIN, brand


def match(*, work: Work, refused: Sequence[str]) -> int:
    """Link offers that match a variant with certainty; return how many.

    Raises: LeaseLostError  the run was closed
    """
    params = {"supplier": work.supplier.pk, "refused": list(refused), "now": work.moment()}
    columns = ("ref text", "offer_id bigint", "variant_id bigint")
    with roomy(), staged("feed_matches", columns) as matches:
        run("DROP TABLE IF EXISTS pg_temp.feed_claims")
        run(CLAIMS, params)
        for some in batched(_products(), PRODUCTS_AT_ONCE):
            matches.extend(_matched(work, some))
            matches.rest()
        matches.ready()
        return _write(work, params)


def _products() -> Iterator[list[Row]]:
    """Yield the rows of each product; the session stays free for other statements."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(READ)
        for _ref, found in groupby(cursor, key=itemgetter(0)):
            yield list(found)


def _matched(work: Work, products: Sequence[list[Row]]) -> Iterator[tuple[str, int, int]]:
    claimed = [[_claim(row) for row in product] for product in products]
    bearers = bearers_of(
        supplier=work.supplier, claims=[claim for product in claimed for claim in product]
    )
    for product, claims in zip(products, claimed, strict=True):
        linked = matching.match(claims, bearers).linked
        yield from ((ref, offer_id, linked[sku]) for ref, sku, offer_id, *_ in product if linked)


def _claim(row: Row) -> Claim:
    _ref, sku, _offer_id, gtin, brand = row
    return Claim(sku=sku, brand_key=brand_key(brand), gtin=matching.valid_gtin(gtin))


@transaction.atomic(durable=True)
def _write(work: Work, params: dict[str, Any]) -> int:
    """Write the matches.

    Locks: the run, then the matched offers, in id order
    """
    work.hold()
    price_list.alone(supplier_id=work.supplier.pk)
    ids = [pk for (pk,) in rows(WRITE, params)]
    if ids:
        certificates.weigh(supplier_id=work.supplier.pk, now=work.moment(), offer_ids=ids)
    return len(ids)
