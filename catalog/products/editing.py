"""Product editing: apply a change by staff, lock the field against feeds, publish the result."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from catalog.attributes.text_cleaning import clean_html
from catalog.listings.publication import lock_product, republish
from catalog.models import Product, Spec, Variant
from catalog.models.attributes import DERIVED_COLUMN
from catalog.pricing import repricing_queue
from storefront.lib.db.transactions import requires_transaction

LOCKABLE_FIELDS = ("title", "summary", "description_html", "category", "family", "option_names")
OWN_FIELDS = ("restricted_countries", "safety_warnings")  # feeds do not state these fields


@requires_transaction
def apply_edit(*, product: Product, changes: Mapping[str, Any], now: datetime) -> None:
    """Save a staff edit, lock the edited fields against feeds, and publish the result.

    If the option names are reordered, so are the option values of the variants.
    Locks:  the variants if the option names change, then the listings, each in id order, then the
            product
    """
    variants = Variant.objects.filter(product=product.pk).order_by("pk")
    locked_rows = variants.select_for_update(of=["self"], no_key=True)
    of_product = list(locked_rows) if "option_names" in changes else []
    lock_product(product.pk)
    row = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    changes = dict(changes)
    locked = set(row.overridden_fields)
    if "description_html" in changes:
        changes["description_html"] = clean_html(changes["description_html"])
    if "option_names" in changes:
        _reorder_options(of_product, row.option_names, changes["option_names"])
    for name in LOCKABLE_FIELDS:
        if name in changes:
            setattr(row, name, changes[name])
            locked.add(name)
    for name in OWN_FIELDS:
        setattr(row, name, changes.get(name, getattr(row, name)))
    row.overridden_fields = sorted(locked)
    row.updated_at = now
    edited = [name for name in (*LOCKABLE_FIELDS, *OWN_FIELDS) if name in changes]
    row.save(update_fields=[*edited, "overridden_fields", "updated_at"])
    if "category" in changes:
        repricing_queue.enqueue_products(product_ids=[row.pk], now=now)
    republish(product.pk, now=now)


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
    Locks:  the product
    """
    row = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    unlocked = {field, DERIVED_COLUMN} if field == "intensity_cd" else {field}
    row.overridden_fields = sorted(set(row.overridden_fields) - unlocked)
    row.updated_at = now
    row.save(update_fields=["overridden_fields", "updated_at"])
    spec = Spec.objects.filter(product=row, sources__has_key=field).first()
    if spec is not None:
        del spec.sources[field]
        spec.save(update_fields=["sources"])
