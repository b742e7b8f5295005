"""A person's own words and decisions: kept, and never overwritten by a feed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import nh3

from catalog.models import Listing, Product
from storefront.lib.transactions import needs_transaction

EDITABLE = ("title", "summary", "description_html", "category", "status")


@needs_transaction
def edit(*, product: Product, changes: Mapping[str, Any], now: datetime) -> None:
    """Write what a person changed, and lock it against every feed to come.

    ``changes`` may hold ``locked_fields`` itself: then a person gave a field back.

    Locks:  the product
    """
    row = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    changes = dict(changes)
    locked = set(changes.pop("locked_fields", row.locked_fields))
    if "description_html" in changes:
        changes["description_html"] = nh3.clean(changes["description_html"])
    for name in EDITABLE:
        if name in changes:
            setattr(row, name, changes[name])
            locked.add(name)
    row.locked_fields = sorted(locked)
    row.save(update_fields=[*(name for name in EDITABLE if name in changes), "locked_fields"])


def withdraw(*, listing: Listing, now: datetime) -> None:
    """Take a listing off the shop; no sync puts it back."""
    Listing.objects.filter(pk=listing.pk).update(
        is_withdrawn=True, is_published=False, updated_at=now
    )


def put_back(*, listing: Listing, now: datetime) -> None:
    """Let a withdrawn listing be sold again; it appears with the next news of its supply."""
    Listing.objects.filter(pk=listing.pk).update(is_withdrawn=False, updated_at=now)
