"""Listing publication: delist, relist, publish the complete listings of products."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from itertools import batched

from django.db import transaction

from catalog.listings.completeness import is_complete
from catalog.models import Channel, Listing, Product, Variant
from catalog.models.families import clear_family_cache
from catalog.search import index
from catalog.texts import title_updates
from storefront.lib.db.transactions import requires_transaction

BATCH = 500
MAX_PER_TASK = 10_000  # products, so that no task reaches the time limit of tasks
# The products to publish at the end of ``republish_once``.
_deferred: ContextVar[set[int] | None] = ContextVar("deferred", default=None)


@transaction.atomic(durable=True)
def delist(*, listing: Listing, now: datetime) -> None:
    """Delist a listing; no sync publishes it again.

    Locks:  the listings of its product in id order, then the product
    """
    _set_delisted(listing, is_delisted=True, now=now)


@transaction.atomic(durable=True)
def relist(*, listing: Listing, now: datetime) -> None:
    """Relist a delisted listing, if it is otherwise complete. Locks as ``delist``."""
    _set_delisted(listing, is_delisted=False, now=now)


def _set_delisted(listing: Listing, *, is_delisted: bool, now: datetime) -> None:
    product_id = listing.variant.product_id
    lock_listings_of([product_id])
    Listing.objects.filter(pk=listing.pk).update(is_delisted=is_delisted, updated_at=now)
    republish(product_id, now=now)


def lock_listings_of(product_ids: Collection[int]) -> None:
    """Lock the listings of products in id order. Lock or write the products after it.

    A refresh locks in this order: the reverse could deadlock with it.
    """
    rows = Listing.objects.filter(variant__product__in=product_ids).order_by("pk")
    list(rows.select_for_update(of=["self"]).values_list("pk"))


def lock_with_variants(product_ids: Collection[int]) -> None:
    """Lock the variants of products, then their listings, then the products, each in id order."""
    variants = Variant.objects.filter(product__in=product_ids).order_by("pk")
    list(variants.select_for_update(of=["self"], no_key=True).values_list("pk"))
    lock_listings_of(product_ids)
    products = Product.objects.filter(pk__in=product_ids).order_by("pk")
    list(products.select_for_update(of=["self"]).values_list("pk"))


def republish(product_id: int, *, now: datetime) -> None:
    republish_products([product_id], now=now)


def republish_products(product_ids: Collection[int], *, now: datetime) -> None:
    """Publish the complete listings, hide the others, update the titles and the cards."""
    if (deferred := _deferred.get()) is not None:
        deferred.update(product_ids)
        return
    title_updates.update_titles(product_ids)
    rows = Listing.objects.filter(variant__product__in=product_ids)
    changed: dict[bool, list[int]] = {}
    for listing in rows.select_related("variant__product__spec"):
        has_price = listing.price_amount is not None
        is_published = is_complete(listing, listing.variant, has_price=has_price)
        if is_published != listing.is_published:
            changed.setdefault(is_published, []).append(listing.pk)
    for is_published, ids in changed.items():
        Listing.objects.filter(pk__in=ids).update(is_published=is_published, updated_at=now)
    for channel in Channel.objects.order_by("pk"):
        index.reindex(product_ids=product_ids, channel=channel)


@requires_transaction
@contextmanager
def republish_once(*, now: datetime) -> Iterator[None]:
    """Publish together, at the end of the block, all products that services change inside it."""
    products: set[int] = set()
    token = _deferred.set(products)
    try:
        yield
    finally:
        _deferred.reset(token)
    if products:
        republish_products(products, now=now)


def republish_family(family: str, *, now: datetime, after: int = 0) -> tuple[int, int]:
    """Publish the next products of a family whose kind or names changed.

    Return how many, and the last one if others may be left, else 0. ``after`` is the last product
    of the part before. 1,000 products take about a second of CPU time.

    Locks:  per batch: the listings, then the products, each in id order
    """
    clear_family_cache()  # the edit was made in another process
    products = Product.objects.filter(family=family, pk__gt=after).order_by("pk")
    ids = list(products.values_list("pk", flat=True)[:MAX_PER_TASK])
    for batch in batched(ids, BATCH):
        with transaction.atomic(durable=True):
            lock_listings_of(batch)
            republish_products(batch, now=now)
    return len(ids), ids[-1] if len(ids) == MAX_PER_TASK else 0
