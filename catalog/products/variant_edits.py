"""Variant edits by staff: save the fields, lock them against feeds, publish the result."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog.listings.publication import lock_listings_of, republish_products
from catalog.models import Variant
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction

LOCKABLE_FIELDS = (
    *("option_values", "color", "weight_g", "packed_weight_g", "lithium", "cell_wh", "cell_count"),
    *("hs_code", "origin_country"),
)
OWN_FIELDS = ("status", "replaced_by")  # feeds do not state these fields
MAX_SUCCESSORS = 50


class SuccessorError(ValueError):
    """A variant would replace itself, maybe through others. The message is for staff."""


def check_successor(variant: Variant, successor: Variant | None) -> None:
    """Raise SuccessorError if the successors of ``successor`` lead to the variant."""
    if successor == variant:
        raise SuccessorError(_("A variant cannot replace itself. Enter another SKU."))
    following = successor
    for _step in range(MAX_SUCCESSORS):
        if following is None:
            return
        if following.pk == variant.pk:
            break
        following = following.replaced_by
    message = _("%(sku)s cannot be the successor: this variant replaces it.")
    raise SuccessorError(message % {"sku": successor})


def load_successors(skus: Iterable[str]) -> dict[str, Variant]:
    """Return variants by SKU, with their own successors up to the last one."""
    first = {row.sku: row for row in Variant.objects.filter(sku__in={*skus})}
    known = {row.pk: row for row in first.values()}
    missing = {row.replaced_by_id for row in known.values()} - {None, *known}
    while missing:
        known |= Variant.objects.in_bulk([*missing])
        missing = {row.replaced_by_id for row in known.values()} - {None, *known}
    for row in known.values():
        row.replaced_by = known.get(row.replaced_by_id or 0)
    return first


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantEdit:
    """The new values of one variant. Feeds may change the ``unlocked`` fields again."""

    variant_id: int
    changes: Mapping[str, Any]
    unlocked: Collection[str] = ()


@requires_transaction
def edit_variant(*, variant: Variant, changes: Mapping[str, Any], now: datetime) -> None:
    """Save a staff edit, as ``edit_variants`` does."""
    edit_variants([VariantEdit(variant_id=variant.pk, changes=changes)], now=now)


@requires_transaction
def edit_variants(edits: Sequence[VariantEdit], *, now: datetime) -> None:
    """Save staff edits, lock the edited fields against feeds and publish the result.

    Locks:  the variants, then the listings of their products, then the products, each in id order
    Raises: SuccessorError
    """
    ids = [edit.variant_id for edit in edits]
    variants = Variant.objects.filter(pk__in=ids).select_for_update(of=["self"], no_key=True)
    rows = variants.order_by("pk").in_bulk()
    products = {row.product_id for row in rows.values()}
    lock_listings_of(products)
    changed: dict[Variant, list[str]] = {}
    for edit in edits:
        row = rows[edit.variant_id]
        edited = [name for name in (*LOCKABLE_FIELDS, *OWN_FIELDS) if name in edit.changes]
        for name in edited:
            setattr(row, name, edit.changes[name])
        locked = {*row.overridden_fields, *edit.changes.keys() & {*LOCKABLE_FIELDS}}
        row.overridden_fields = sorted(locked - {*edit.unlocked})
        changed[row] = [*edited, "overridden_fields"]
    bulk.update(Variant, changed)
    # After all are saved: two edits may make a loop that neither makes alone.
    replaced = [edit.variant_id for edit in edits if edit.changes.get("replaced_by")]
    for row in Variant.objects.filter(pk__in=replaced).select_related("replaced_by"):
        check_successor(row, row.replaced_by)
    republish_products(products, now=now)


@requires_transaction
def return_variant_field(variant: Variant, *, field: str, now: datetime) -> None:  # noqa: ARG001
    """Unlock a field, as ``editing.return_product_field`` does.

    Locks:  the variant
    """
    row = Variant.objects.select_for_update(of=["self"], no_key=True).get(pk=variant.pk)
    row.overridden_fields = [name for name in row.overridden_fields if name != field]
    row.save(update_fields=["overridden_fields"])
