"""Certificates: hold offers that lack a required certificate, release them when one is valid.

Offers with lithium cells need ``CERTIFICATES_FOR_LITHIUM``. All offers need ``CERTIFICATES_FOR_EU``
if a channel sells into the European Economic Area. A document counts for an offer if it is verified
and valid today, and covers all products of the supplier, or the offer's brand or product.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from catalog.models import Channel
from storefront.lib.db.transactions import requires_transaction
from suppliers.runs.staging import rows

# The European Economic Area: the European Union, Iceland, Liechtenstein and Norway.
EEA = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE"}
    | {"IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"}
)

# For each offer, the required criteria for which it has no valid document.
LACKING = """
SELECT o.id, o.variant_id, o.missing_certificates,
       coalesce(string_agg(need.criterion, ', ' ORDER BY need.criterion), '') AS lacks
FROM suppliers_supplieroffer o
JOIN catalog_variant v ON v.id = o.variant_id
JOIN catalog_product p ON p.id = v.product_id
LEFT JOIN unnest(%(criteria)s::text[], %(for_lithium)s::bool[]) AS need(criterion, for_lithium)
  ON (v.lithium <> 'none' OR NOT need.for_lithium) AND NOT EXISTS (
    SELECT 1 FROM suppliers_compliancedocument e
    WHERE e.supplier_id = o.supplier_id AND e.criterion = need.criterion
      AND e.status = 'verified'
      AND (e.valid_from IS NULL OR e.valid_from <= %(today)s)
      AND (e.valid_until IS NULL OR e.valid_until >= %(today)s)
      AND (e.brand_id IS NULL OR e.brand_id = p.brand_id)
      AND (e.product_id IS NULL OR e.product_id = p.id)
  )
WHERE o.status <> 'discontinued'
"""
# Rows are locked in id order before the update, as in all writers of offers.
_APPLY_HOLDS = f"""
WITH judged AS (
  {LACKING} AND o.supplier_id = %(supplier)s
    AND (%(offers)s::bigint[] IS NULL OR o.id = ANY(%(offers)s))
  GROUP BY o.id
), aim AS (
  SELECT o.id, judged.lacks
  FROM suppliers_supplieroffer o JOIN judged ON judged.id = o.id
  WHERE judged.lacks <> judged.missing_certificates
  ORDER BY o.id
  FOR NO KEY UPDATE OF o
), written AS (
  UPDATE suppliers_supplieroffer o SET missing_certificates = aim.lacks
  FROM aim WHERE o.id = aim.id AND o.missing_certificates <> aim.lacks
  RETURNING o.variant_id, old.missing_certificates AS lacked, new.missing_certificates AS lacks
), queued AS (
  INSERT INTO suppliers_pendingpublication (variant_id)
  SELECT DISTINCT variant_id FROM written WHERE (lacked = '') <> (lacks = '')
)
SELECT count(*) FILTER (WHERE lacked = '' AND lacks <> ''),
       count(*) FILTER (WHERE lacked <> '' AND lacks = ''),
       coalesce(string_agg(DISTINCT lacks, ', ') FILTER (WHERE lacked = ''), '')
FROM written
"""  # noqa: S608 - only constants


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldResult:
    """The numbers of offers held and released, and the criteria that the held offers lack."""

    held: int
    released: int
    lacking: tuple[str, ...]


def required_certificates() -> tuple[tuple[str, bool], ...]:
    """Return the required criteria, each with whether only lithium products need it."""
    sells_there = any(
        EEA & set(countries) for countries in Channel.objects.values_list("countries", flat=True)
    )
    for_all = settings.CERTIFICATES_FOR_EU if sells_there else []
    for_lithium = [name for name in settings.CERTIFICATES_FOR_LITHIUM if name not in for_all]
    return (*((name, False) for name in for_all), *((name, True) for name in for_lithium))


@requires_transaction
def apply_holds(
    *, supplier_id: int, now: datetime, offer_ids: Iterable[int] | None = None
) -> HoldResult:
    """Hold and release the offers of a supplier by today's documents. Idempotent.

    Locks: the changed offers, in id order
    """
    needed = required_certificates()
    params: dict[str, Any] = {
        "supplier": supplier_id,
        "offers": None if offer_ids is None else list(offer_ids),
        "criteria": [criterion for criterion, _ in needed],
        "for_lithium": [is_for_lithium for _, is_for_lithium in needed],
        "today": now.date(),
    }
    ((held, released, lacking),) = rows(_APPLY_HOLDS, params)
    return HoldResult(
        held=held, released=released, lacking=tuple(sorted(set(lacking.split(", ")) - {""}))
    )
