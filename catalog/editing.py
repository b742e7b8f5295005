"""A person's own words and decisions: kept, and never overwritten by a feed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import nh3
from django.db import transaction

from catalog import listings, shelving, waiting_prices
from catalog.models import Channel, Listing, Product
from storefront.lib.transactions import needs_transaction

EDITABLE = ("title", "summary", "description_html", "category", "status", "warranty_months")
OURS = ("not_sent_to",)  # no feed tells it, so it needs no lock


@needs_transaction
def edit(*, product: Product, changes: Mapping[str, Any], now: datetime) -> None:
    """Write what a person changed, lock it against every feed to come, and show it at once.

    ``changes`` may hold ``locked_fields`` itself: then a person gave a field back.

    Locks:  the listings of the product in id order, then the product
    """
    _lock(product.pk)
    row = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    changes = dict(changes)
    locked = set(changes.pop("locked_fields", row.locked_fields))
    if "description_html" in changes:
        changes["description_html"] = nh3.clean(changes["description_html"])
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
        waiting_prices.follow_shelf(product_ids=[row.pk], now=now)
    _show(product.pk, now=now)


@transaction.atomic(durable=True)
def withdraw(*, listing: Listing, now: datetime) -> None:
    """Take a listing off the shop; no sync puts it back.

    Locks:  the listings of its product in id order, then the product
    """
    _withdraw(listing, is_withdrawn=True, now=now)


@transaction.atomic(durable=True)
def put_back(*, listing: Listing, now: datetime) -> None:
    """Let a withdrawn listing be sold again, if nothing else stands against it.

    Locks:  as ``withdraw``
    """
    _withdraw(listing, is_withdrawn=False, now=now)


def _withdraw(listing: Listing, *, is_withdrawn: bool, now: datetime) -> None:
    product_id = listing.variant.product_id
    _lock(product_id)
    Listing.objects.filter(pk=listing.pk).update(is_withdrawn=is_withdrawn, updated_at=now)
    _show(product_id, now=now)


def _lock(product_id: int) -> None:
    # As a refresh from supply does it: listings first, or the two would wait for each other.
    rows = Listing.objects.filter(variant__product=product_id).order_by("pk")
    list(rows.select_for_update(of=["self"]).values_list("pk"))


def _show(product_id: int, *, now: datetime) -> None:
    """Publish the listings that are fit for it, hide the others, and make the cards anew."""
    rows = Listing.objects.filter(variant__product=product_id)
    found = list(rows.select_related("variant__product__spec"))
    lacking = listings.lacking(listings=found)
    for listing in found:
        is_published = not lacking[listing.pk]
        if is_published != listing.is_published:
            Listing.objects.filter(pk=listing.pk).update(is_published=is_published, updated_at=now)
    for channel in Channel.objects.order_by("pk"):
        shelving.shelve(product_ids=[product_id], channel=channel)
