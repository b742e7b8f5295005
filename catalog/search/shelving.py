"""Put products on the shelf: copy what a list shows into one row per product and channel."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connection, transaction

from catalog.attributes.batteries import CELLS
from catalog.attributes.families import SEARCH_WORDS
from catalog.models import Category, Channel, Product
from catalog.search import facet_counts, generations
from catalog.search.filters import CHOICES
from catalog.search.index import COLLECT_WORDS, REBUILD
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.text import fold


@needs_transaction
def shelve(*, product_ids: Collection[int], channel: Channel) -> None:
    """Make the cards of these products anew; what is no longer for show loses its card.

    A product that is sold out keeps its card, below the rest.

    Locks:  the counting of the channel's shelves; then the products, in id order, so that
            the last one to shelve has seen everything
    """
    if not product_ids:
        return
    facet_counts.hold_off(channel=channel)
    ids = sorted(product_ids)
    locked = Product.objects.filter(pk__in=ids).select_for_update(of=["self"], no_key=True)
    list(locked.order_by("pk").values_list("pk"))
    shelves = list(Category.objects.only("pk", "names"))
    known_cells = set(CHOICES["power"][1])
    values: dict[str, Any] = {
        "channel": channel.pk,
        "products": ids,
        "cells": [cell.lower() for cell in CELLS if cell.lower() in known_cells],
        "families": list(SEARCH_WORDS),
        "family_words": [fold(words) for words in SEARCH_WORDS.values()],
        "shelves": [category.pk for category in shelves],
        "shelf_words": [
            fold(" ".join(str(name) for name in category.names.values())) for category in shelves
        ],
    }
    with connection.cursor() as cursor:
        cursor.execute(REBUILD, values)
        (changed,) = cursor.fetchone()
        # Not a next step, only a cache: pages kept so far show what was before this change, which
        # may be one of a variant that the card says nothing of.
        transaction.on_commit(generations.advance)
        if not changed:
            return
        cursor.execute(COLLECT_WORDS, values)
    facet_counts.void(channel=channel)
