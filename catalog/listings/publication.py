"""Listing publication: delist, relist, publish the listings of a product that are complete."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from catalog.listings import refresh
from catalog.models import Channel, Listing
from catalog.search import index


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
    lock_product(product_id)
    Listing.objects.filter(pk=listing.pk).update(is_withdrawn=is_withdrawn, updated_at=now)
    show_again(product_id, now=now)


def lock_product(product_id: int) -> None:
    # As a refresh from supply does it: listings first, or the two would wait for each other.
    rows = Listing.objects.filter(variant__product=product_id).order_by("pk")
    list(rows.select_for_update(of=["self"]).values_list("pk"))


def show_again(product_id: int, *, now: datetime) -> None:
    """Publish the listings that are fit for it, hide the others, and make the cards anew."""
    rows = Listing.objects.filter(variant__product=product_id)
    found = list(rows.select_related("variant__product__spec"))
    lacking = refresh.lacking(listings=found)
    for listing in found:
        is_published = not lacking[listing.pk]
        if is_published != listing.is_published:
            Listing.objects.filter(pk=listing.pk).update(is_published=is_published, updated_at=now)
    for channel in Channel.objects.order_by("pk"):
        index.shelve(product_ids=[product_id], channel=channel)
