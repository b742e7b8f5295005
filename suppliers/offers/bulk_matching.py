"""Bulk matching: link the offers of a price list to our variants, only where that is certain.

``matching`` decides for one product; this module applies the same rule to a whole list, in sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from catalog.attributes.identifiers import brand_key
from suppliers.compliance import certificates
from suppliers.offers import price_list
from suppliers.runs.runs import Work
from suppliers.runs.staging import roomy, rows, run, staged

# What bears a GTIN of a variant of ours, and was not yet looked at by the product job.
BEARERS = """
CREATE TEMPORARY TABLE feed_bearers AS
SELECT o.id AS offer_id, o.supplier_product AS ref, c.brand,
  b.name AS brand_here, i.variant_id, v.product_id, i.state = 'verified' AS is_verified
FROM feed_costs c
CROSS JOIN LATERAL (SELECT regexp_replace(c.gtin, '[[:space:]-]+', '', 'g') AS gtin) d
JOIN catalog_identifier i ON i.scheme = 'gtin' AND i.state <> 'conflict'
  AND i.value = lpad(d.gtin, 14, '0')
JOIN suppliers_supplieroffer o ON o.supplier_id = %(supplier)s AND o.supplier_sku = c.sku
  AND o.supplier_product = c.ref AND o.variant_id IS NULL AND o.status = 'held'
JOIN catalog_variant v ON v.id = i.variant_id
JOIN catalog_product p ON p.id = v.product_id
JOIN catalog_brand b ON b.id = p.brand_id
WHERE c.gtin <> '' AND length(d.gtin) IN (8, 12, 13, 14) AND c.sku <> ALL(%(refused)s)
  AND NOT EXISTS (
    SELECT 1 FROM suppliers_supplierproduct k
    WHERE k.supplier_id = %(supplier)s AND k.ref = o.supplier_product
  )
"""
BRANDS = "SELECT brand FROM feed_bearers UNION SELECT brand_here FROM feed_bearers"
# ``matching.match`` for many products at once: every SKU of the product bears a GTIN, all are
# variants of one product under one brand, each another one, and none that he offers already.
# A list without brands is believed where somebody verified the GTIN.
MATCH = """
WITH sure AS (
  SELECT b.ref
  FROM feed_bearers b
  JOIN feed_brands theirs ON theirs.name = b.brand
  JOIN feed_brands ours ON ours.name = b.brand_here
  GROUP BY b.ref
  HAVING count(DISTINCT b.product_id) = 1
    AND count(DISTINCT b.variant_id) = count(*)
    AND bool_and(theirs.key = ours.key OR (b.brand = '' AND b.is_verified))
    AND count(*) = (
      SELECT count(*) FROM suppliers_supplieroffer o
      WHERE o.supplier_id = %(supplier)s AND o.supplier_product = b.ref AND o.status <> 'gone'
    )
    AND NOT bool_or(EXISTS (
      SELECT 1 FROM suppliers_supplieroffer o
      WHERE o.supplier_id = %(supplier)s AND o.variant_id = b.variant_id
    ))
), twice AS (
  SELECT variant_id FROM feed_bearers JOIN sure USING (ref) GROUP BY 1 HAVING count(*) > 1
), unsure AS (
  SELECT ref FROM feed_bearers WHERE variant_id IN (SELECT variant_id FROM twice)
), locked AS (
  SELECT o.id, b.variant_id
  FROM suppliers_supplieroffer o
  JOIN feed_bearers b ON b.offer_id = o.id
  JOIN sure ON sure.ref = b.ref
  WHERE b.ref NOT IN (SELECT ref FROM unsure)
  ORDER BY o.id
  FOR NO KEY UPDATE OF o
), written AS (
  UPDATE suppliers_supplieroffer o
  SET variant_id = locked.variant_id, seen_at = %(now)s,
    status = CASE WHEN o.cost_amount IS NULL OR o.locked_fields ? 'status'
      THEN o.status ELSE 'active' END
  FROM locked WHERE o.id = locked.id AND o.variant_id IS NULL
  RETURNING o.id, o.variant_id
), queued AS (
  INSERT INTO suppliers_unpublishedsupply (variant_id) SELECT DISTINCT variant_id FROM written
)
SELECT id FROM written
"""


def match(*, work: Work, refused: Sequence[str]) -> int:
    """Tie offers that are certainly variants of ours to them; return how many.

    Raises: LeaseLostError  the run is no longer ours
    """
    params = {"supplier": work.supplier.pk, "refused": list(refused), "now": work.moment()}
    with roomy(), staged("feed_brands", ("name text", "key text")) as brands:
        run("DROP TABLE IF EXISTS pg_temp.feed_bearers")
        run(BEARERS, params)
        run("ANALYZE feed_bearers")
        brands.extend((name, brand_key(name)) for (name,) in rows(BRANDS))
        brands.ready()
        return _match(work, params)


@transaction.atomic(durable=True)
def _match(work: Work, params: dict[str, Any]) -> int:
    """Write what is matched.

    Locks:  the run, then the offers that are matched, in id order
    """
    work.hold()
    price_list.alone(supplier_id=work.supplier.pk)
    ids = [pk for (pk,) in rows(MATCH, params)]
    if ids:
        certificates.weigh(supplier_id=work.supplier.pk, now=work.moment(), offer_ids=ids)
    return len(ids)
