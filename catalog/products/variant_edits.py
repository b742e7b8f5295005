"""Variant edits by staff: save the fields, lock them against feeds, publish the result."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from catalog.listings.publication import lock_product, republish
from catalog.models import Variant
from storefront.lib.db.transactions import requires_transaction

LOCKABLE_FIELDS = (
    *("option_values", "color", "weight_g", "packed_weight_g", "lithium", "cell_wh", "cell_count"),
    *("hs_code", "origin_country"),
)
OWN_FIELDS = ("status", "replaced_by")  # feeds do not state these fields


@requires_transaction
def edit_variant(*, variant: Variant, changes: Mapping[str, Any], now: datetime) -> None:
    """Save a staff edit, lock the edited fields against feeds and publish the result.

    Locks:  the variant, then the listings of its product in id order, then the product
    """
    row = Variant.objects.select_for_update(of=["self"], no_key=True).get(pk=variant.pk)
    lock_product(row.product_id)
    edited = [name for name in (*LOCKABLE_FIELDS, *OWN_FIELDS) if name in changes]
    for name in edited:
        setattr(row, name, changes[name])
    locked = {*row.overridden_fields, *changes.keys() & {*LOCKABLE_FIELDS}}
    row.overridden_fields = sorted(locked)
    row.save(update_fields=[*edited, "overridden_fields"])
    republish(row.product_id, now=now)


@requires_transaction
def return_variant_field(variant: Variant, *, field: str, now: datetime) -> None:  # noqa: ARG001
    """Unlock a field, as ``editing.return_product_field`` does.

    Locks:  the variant
    """
    row = Variant.objects.select_for_update(of=["self"], no_key=True).get(pk=variant.pk)
    row.overridden_fields = [name for name in row.overridden_fields if name != field]
    row.save(update_fields=["overridden_fields"])
