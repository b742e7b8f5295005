"""Completeness of products: compute it per channel and language, in bulk, and store what changed.

A product needs what its sale needs (``listings.completeness``), the requirements of its family and
channel, and the required custom attributes.
"""

import json
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import connection

from catalog.custom_attributes import registry
from catalog.listings.completeness import NEEDED_FOR_SALE, NEEDED_OF_KIND
from catalog.models import Channel, CustomAttribute, ProductFamily, Requirement
from catalog.readiness import subjects
from storefront.lib.db.transactions import requires_transaction

BATCH = 2_000
_FACTS = ", ".join(
    f"CASE WHEN {sql} THEN '{code}' END" for code, sql in subjects.conditions().items()
)
_COMPUTE = f"""
WITH need AS MATERIALIZED (
    SELECT family, channel, language,
        ARRAY(SELECT jsonb_array_elements_text(needed)) AS needed,
        ARRAY(SELECT jsonb_array_elements_text(required)) AS required,
        ARRAY(SELECT jsonb_array_elements_text(for_sale)) AS for_sale
    FROM jsonb_to_recordset(%(needs)s::jsonb) AS need(
        family text, channel bigint, language text, needed jsonb, required jsonb, for_sale jsonb)
), fact AS MATERIALIZED (
    SELECT p.id, p.family, array_remove(ARRAY[{_FACTS}]::text[], NULL)
        || ARRAY(SELECT 'custom:' || jsonb_object_keys(coalesce(s.custom_values, '{{}}'))) AS present
    FROM catalog_product p
    JOIN catalog_brand b ON b.id = p.brand_id
    LEFT JOIN catalog_spec s ON s.product_id = p.id
    LEFT JOIN (
        SELECT v.product_id,
            bool_and(v.lithium = 'none' OR v.cell_wh IS NOT NULL) AS has_energy,
            bool_and(v.packed_weight_g IS NOT NULL) AS has_packed_weight,
            bool_and(v.hs_code <> '') AS has_hs_code,
            bool_and(number.schemes @> '{{gtin}}') AS has_gtin,
            bool_and(number.schemes @> '{{mpn}}') AS has_mpn
        FROM catalog_variant v
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(n.scheme::text), '{{}}') AS schemes
            FROM catalog_identifier n WHERE n.variant_id = v.id AND n.state <> 'conflict') number
        WHERE v.product_id = ANY(%(ids)s) AND v.status <> 'discontinued'
        GROUP BY v.product_id) v ON v.product_id = p.id
    LEFT JOIN (
        SELECT product_id, true AS has_image, bool_or(greatest(width_px, height_px) >= 800)
            AS has_large_image
        FROM catalog_image WHERE product_id = ANY(%(ids)s) AND stem <> '' GROUP BY product_id
    ) i ON i.product_id = p.id
    WHERE p.id = ANY(%(ids)s)
), priced AS MATERIALIZED (
    SELECT v.product_id, l.channel_id
    FROM catalog_variant v JOIN catalog_listing l ON l.variant_id = v.id
    WHERE v.product_id = ANY(%(ids)s) AND v.status <> 'discontinued'
    GROUP BY v.product_id, l.channel_id HAVING bool_and(l.price_amount IS NOT NULL)
), fresh AS (
    SELECT fact.id, need.*, ARRAY(
        SELECT code FROM unnest(need.needed) AS code
        WHERE code <> ALL(fact.present) AND NOT (code = '{subjects.PRICE}' AND priced.product_id IS NOT NULL)
    ) AS missing
    FROM fact
    JOIN need ON need.family = fact.family
    LEFT JOIN priced ON priced.product_id = fact.id AND priced.channel_id = need.channel
)
INSERT INTO catalog_completeness AS old
    (product_id, channel_id, language, percent, missing, lacks_required, blocks_sale)
SELECT id, channel, language,
    100 * (cardinality(needed) - cardinality(missing)) / greatest(cardinality(needed), 1),
    missing, missing && required, missing && for_sale
FROM fresh ORDER BY id, channel, language
ON CONFLICT (product_id, channel_id, language) DO UPDATE SET
    percent = EXCLUDED.percent, missing = EXCLUDED.missing,
    lacks_required = EXCLUDED.lacks_required, blocks_sale = EXCLUDED.blocks_sale
WHERE (old.missing, old.lacks_required, old.blocks_sale, old.percent)
    IS DISTINCT FROM (EXCLUDED.missing, EXCLUDED.lacks_required, EXCLUDED.blocks_sale, EXCLUDED.percent)
"""  # noqa: S608 - made of constants
_TAKE = """
DELETE FROM catalog_stalecompleteness WHERE id IN (
    SELECT id FROM catalog_stalecompleteness ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING product_id
"""


@requires_transaction
def compute(product_ids: Collection[int]) -> int:
    """Compute the completeness of these products; return the number of changed rows."""
    if not product_ids:
        return 0
    values: dict[str, Any] = {"ids": sorted(product_ids), "needs": json.dumps(_needs())}
    with connection.cursor() as cursor:
        cursor.execute(_COMPUTE, values)
        return int(cursor.rowcount)


@requires_transaction
def compute_stale() -> int:
    """Compute products whose data or requirements changed; return how many requests were taken."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [BATCH])
        taken = [product_id for (product_id,) in cursor.fetchall()]
    compute({*taken})
    return len(taken)


def _needs() -> list[dict[str, Any]]:
    """Return what the products of each family need on each channel in each language."""
    requirements = list(
        Requirement.objects.values_list("family", "channel", "subject", "is_required")
    )
    custom = list(CustomAttribute.objects.filter(is_required=True).values_list("code", "families"))
    texts = subjects.text_codes(registry.load())
    channels = list(Channel.objects.values_list("pk", flat=True))
    needs = []
    for family, kind in ProductFamily.objects.values_list("code", "kind"):
        for_sale = [*NEEDED_FOR_SALE, *NEEDED_OF_KIND.get(kind, ())]
        own = [f"custom:{code}" for code, families in custom if not families or family in families]
        for channel in channels:
            wanted = [
                (subject, is_required)
                for of_family, of_channel, subject, is_required in requirements
                if of_family in {"", family} and of_channel in {None, channel}
            ]
            for language, _name in settings.LANGUAGES:
                required = [*for_sale, *own, *(code for code, needed in wanted if needed)]
                needed = [*required, *(code for code, _needed in wanted)]
                needs.append(
                    {
                        "family": family,
                        "channel": channel,
                        "language": language,
                        "needed": _in_language(needed, language, texts),
                        "required": _in_language(required, language, texts),
                        "for_sale": for_sale,
                    }
                )
    return needs


def _in_language(codes: Collection[str], language: str, texts: Collection[str]) -> list[str]:
    return list(dict.fromkeys(subjects.of_language(code, language, texts=texts) for code in codes))
