"""Product editing: apply a change by staff, lock the field against feeds, publish the result."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.attributes.text_cleaning import clean_html
from catalog.listings.publication import lock_listings_of, republish_products
from catalog.models import Brand, Identifier, Product, Spec, Variant
from catalog.models.attributes import DERIVED_COLUMN
from catalog.pricing import repricing_queue
from catalog.products.identifier_edits import rename_brand
from storefront.lib.db import bulk
from storefront.lib.db.transactions import requires_transaction

LOCKABLE_FIELDS = (
    *("title", "summary", "description_html", "brand", "category", "family"),
    "option_names",
)
OWN_FIELDS = ("restricted_countries", "safety_warnings")  # feeds do not state these fields


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEdit:
    """The new values of one product. Feeds may change the ``unlocked`` fields again."""

    product_id: int
    changes: Mapping[str, Any]
    unlocked: Collection[str] = ()


@requires_transaction
def apply_edit(*, product: Product, changes: Mapping[str, Any], now: datetime) -> None:
    """Save a staff edit, as ``apply_edits`` does."""
    apply_edits([ProductEdit(product_id=product.pk, changes=changes)], now=now)


@requires_transaction
def apply_edits(edits: Sequence[ProductEdit], *, now: datetime) -> None:
    """Save staff edits, lock the edited fields against feeds, and publish the result.

    If the option names are reordered, so are the option values of the variants. Part numbers follow
    the brand.
    Locks:  the variants of products whose option names or brand change, then the listings, then the
            products, each in id order
    """
    ids = [edit.product_id for edit in edits]
    of_variants = {"option_names", "brand"}
    variants = list(
        Variant.objects.filter(
            product__in=[edit.product_id for edit in edits if of_variants & edit.changes.keys()]
        )
        .select_for_update(of=["self"], no_key=True)
        .order_by("pk")
    )
    lock_listings_of(ids)
    products = Product.objects.filter(pk__in=ids).select_for_update(of=["self"])
    rows = products.order_by("pk").in_bulk()
    changed: dict[Product, list[str]] = {}
    _rename_part_numbers(
        {edit.product_id: edit.changes["brand"] for edit in edits if "brand" in edit.changes},
        rows,
    )
    for edit in edits:
        row, changes = rows[edit.product_id], dict(edit.changes)
        if "description_html" in changes:
            changes["description_html"] = clean_html(changes["description_html"])
        if "option_names" in changes:
            own = [variant for variant in variants if variant.product_id == row.pk]
            _reorder_options(own, row.option_names, changes["option_names"])
        edited = [name for name in (*LOCKABLE_FIELDS, *OWN_FIELDS) if name in changes]
        for name in edited:
            setattr(row, name, changes[name])
        locked = {*row.overridden_fields, *changes.keys() & {*LOCKABLE_FIELDS}}
        row.overridden_fields = sorted(locked - {*edit.unlocked})
        row.updated_at = now
        changed[row] = [*edited, "overridden_fields", "updated_at"]
    bulk.update(Product, changed)
    scopes = {"brand", "category"}  # price rules match on them
    if moved := [edit.product_id for edit in edits if scopes & edit.changes.keys()]:
        repricing_queue.enqueue_products(product_ids=moved, now=now)
    republish_products(ids, now=now)


@requires_transaction
def _rename_part_numbers(brands: Mapping[int, Brand], products: Mapping[int, Product]) -> None:
    """Put the keys of new brands before the part and model numbers of products.

    Shape:  ``brands`` and ``products`` by product id; the products have their earlier brand
    """
    if not brands:
        return
    keys = dict(Brand.objects.filter(products__in=brands).values_list("pk", "key"))
    numbers = Identifier.objects.filter(
        variant__product__in=brands, scheme__in=[Identifier.Scheme.MPN, Identifier.Scheme.MODEL]
    )
    rename_brand(
        {
            row: brands[row.variant.product_id].key
            for row in numbers.select_related("variant").order_by("pk")
            if row.value.startswith(f"{keys[products[row.variant.product_id].brand_id]}:")
        }
    )


@requires_transaction
def _reorder_options(variants: Iterable[Variant], old: Sequence[str], new: Sequence[str]) -> None:
    """Move the option values to the new places of their names, if the names are the same."""
    if list(old) == list(new) or sorted(old) != sorted({*new}):
        return
    places = [list(old).index(name) for name in new]
    changed = [variant for variant in variants if len(variant.option_values) == len(places)]
    for variant in changed:
        variant.option_values = [variant.option_values[place] for place in places]
    Variant.objects.bulk_update(changed, ["option_values"])


@requires_transaction
def return_product_field(product: Product, *, field: str, now: datetime) -> None:
    """Unlock a field: the next import fills it. Its value stays until then, without a source.

    A trigger in ``suppliers`` makes the next import read the page of the product again.
    Locks:  the listings of the product in id order, then the product
    """
    lock_listings_of([product.pk])
    row = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    unlocked = {field, DERIVED_COLUMN} if field == "intensity_cd" else {field}
    row.overridden_fields = sorted(set(row.overridden_fields) - unlocked)
    row.updated_at = now
    row.save(update_fields=["overridden_fields", "updated_at"])
    spec = Spec.objects.filter(product=row, sources__has_key=field).first()
    if spec is not None:
        del spec.sources[field]
        spec.save(update_fields=["sources"])
    if field == "title":  # the template of the family makes the title again
        republish_products([product.pk], now=now)
