"""Product editing: apply a change by staff, lock the field against feeds, publish the result."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from catalog.attributes.text_cleaning import clean_html
from catalog.listings.publication import lock_product, show_again
from catalog.models import Product
from catalog.pricing import repricing_queue
from storefront.lib.db.transactions import needs_transaction

EDITABLE = ("title", "summary", "description_html", "category", "status", "warranty_months")
OURS = ("not_sent_to",)  # no feed states it, so it needs no lock


@needs_transaction
def edit(*, product: Product, changes: Mapping[str, Any], now: datetime) -> None:
    """Save a staff edit, lock the edited fields against feeds, and publish the result.

    ``changes`` may hold ``locked_fields`` itself, to unlock a field.
    Locks:  the listings of the product in id order, then the product
    """
    lock_product(product.pk)
    row = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    changes = dict(changes)
    locked = set(changes.pop("locked_fields", row.locked_fields))
    if "description_html" in changes:
        changes["description_html"] = clean_html(changes["description_html"])
    for name in EDITABLE:
        if name in changes:
            setattr(row, name, changes[name])
            locked.add(name)
    for name in OURS:
        setattr(row, name, changes.get(name, getattr(row, name)))
    row.locked_fields = sorted(locked)
    row.updated_at = now
    edited = [name for name in (*EDITABLE, *OURS) if name in changes]
    row.save(update_fields=[*edited, "locked_fields", "updated_at"])
    if "category" in changes:
        repricing_queue.follow_shelf(product_ids=[row.pk], now=now)
    show_again(product.pk, now=now)
