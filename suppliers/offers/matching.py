"""Offer matching: decide whether a supplier's new product is one of ours. Pure.

A wrong link sells one item and ships another, so only a certain match is linked. Every SKU of the
record must have the GTIN of a variant, all variants of one product and of the same brand. The
supplier must not offer them yet. Any other record becomes a product of its own. An identifier that
two variants claim is an issue for staff. ``bulk_matching`` applies the rule to price lists in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.attributes.identifiers import BadGtinError, brand_key, gtin14
from catalog.records import ProductRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """The variant that bears a GTIN."""

    variant_id: int
    product_id: int
    brand_key: str
    is_offered_here: bool  # by the supplier whose record is being matched


def gtins(record: ProductRecord) -> dict[str, str]:
    """Return the right GTINs of a record, by SKU."""
    found = {}
    for variant in record.variants:
        try:
            found[variant.sku] = gtin14(variant.gtin)
        except BadGtinError:
            continue
    return found


def match(record: ProductRecord, bearers: Mapping[str, Bearer]) -> dict[str, int]:
    """Return variant ids by SKU when the whole record is a product of ours, else nothing."""
    by_sku = gtins(record)
    found = {sku: bearers[gtin] for sku, gtin in by_sku.items() if gtin in bearers}
    if len(found) < len(record.variants) or not found:
        return {}
    is_one_product = len({bearer.product_id for bearer in found.values()}) == 1
    is_one_each = len({bearer.variant_id for bearer in found.values()}) == len(found)
    is_same_brand = {bearer.brand_key for bearer in found.values()} == {brand_key(record.brand)}
    is_new_here = not any(bearer.is_offered_here for bearer in found.values())
    if is_one_product and is_one_each and is_same_brand and is_new_here:
        return {sku: bearer.variant_id for sku, bearer in found.items()}
    return {}
