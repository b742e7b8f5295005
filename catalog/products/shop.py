"""Shop data: load the channel with its categories, which every page needs, and the home page."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from catalog.models import Category, Channel
from catalog.models.listings import STALE_AFTER
from catalog.search import card_index
from catalog.search.cards import ProductCardRow
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.raw_rows import columns_of, from_row

PICKS_PER_CATEGORY = 6

_SHOP = f"""
    SELECT {", ".join(columns_of(Channel, "channel"))},
        (SELECT json_agg(json_build_array({", ".join(columns_of(Category, "category"))})
         ORDER BY category.position, category.id) FROM catalog_category category)
    FROM catalog_channel channel WHERE channel.code = %s
"""  # noqa: S608 - made of column names


SHOP_CACHE_TTL_S = 1.0
type _Shop = tuple[Channel, list[Category]]
_shops: dict[str, tuple[float, _Shop]] = {}  # by code; (expiry by the monotonic clock, shop)


def load_channel(code: str) -> tuple[Channel, list[Category]] | None:
    """Load a channel and all categories. Cached for a second; do not change the result."""
    expires_at, shop = _shops.get(code, (0.0, None))
    if shop is None or expires_at < time.monotonic():
        if (shop := _load_shop(code)) is None:
            return None
        _shops[code] = (time.monotonic() + SHOP_CACHE_TTL_S, shop)
    return shop


def _load_shop(code: str) -> _Shop | None:
    with planned_cursor(connection) as cursor:
        cursor.execute(_SHOP, [code])
        if not (row := cursor.fetchone()):
            return None
    *of_channel, categories = row
    return from_row(Channel, of_channel), [
        from_row(Category, values) for values in categories or ()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView:
    """The home page.

    Shape:  ``picks`` maps families to cards, the best of each category; ``categories`` are all
            categories, each with its number of cards
    """

    picks: Mapping[str, tuple[ProductCardRow, ...]]
    categories: tuple[tuple[Category, int], ...]


def load_home(
    *, channel: Channel, categories: Sequence[Category], country: str, now: datetime
) -> HomeView:
    """Load the cards of the home page; one query for those that the card index does not keep."""
    ids: list[int] = []
    counts: list[tuple[Category, int]] = []
    with card_index.locked_index(channel.pk) as index:
        in_stock = index.in_stock(country=country, fresh_since=now - STALE_AFTER)
        for category in categories:
            cards = index.cards_with("category", category.pk)
            counts.append((category, len(cards)))
            ids += index.best(cards & in_stock, size=PICKS_PER_CATEGORY)
    picks: dict[str, list[ProductCardRow]] = {}
    for card in index.rows(ids):
        picks.setdefault(card.family, []).append(card)
    return HomeView(
        picks={family: tuple(chosen) for family, chosen in picks.items()}, categories=tuple(counts)
    )
