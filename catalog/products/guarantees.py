"""Guarantees: find the proven guarantees of durability of products."""

from collections.abc import Mapping

from catalog.models import DurabilityGuarantee
from catalog.models.guarantees import STATUTORY_MONTHS


def load_guarantees(warranties: Mapping[int, int | None]) -> list[DurabilityGuarantee]:
    """Return the guarantees of these products. No query if no warranty exceeds the statutory one.

    Shape:  ``warranties`` maps product ids to ``warranty_months``
    """
    ids = [product_id for product_id, months in warranties.items() if _is_guaranteed(months)]
    if not ids:
        return []
    rows = DurabilityGuarantee.objects.filter(product__in=ids).select_related("product__brand")
    return list(rows.order_by("product"))


def _is_guaranteed(months: int | None) -> bool:
    return bool(months and months > STATUTORY_MONTHS)
