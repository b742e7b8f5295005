"""Read one page of a list: the cards, how many there are, and what could narrow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from catalog import asking, spelling, tallying, wide_searches
from catalog.cards import CARD_COLUMNS, CardView
from catalog.conditions import Sql, active, all_of, base, words_query
from catalog.facets import Choice, Facet, count, understood
from catalog.filters import ShelfQuery
from catalog.models import Category, Channel
from catalog.models.listing import STALE_AFTER

PAGE_SIZE = 24
EVERY, CARDS = Sql("true"), Sql("catalog_card")
_ORDERS: Mapping[str, str] = {
    "best": "score DESC",
    "price": "(available = 0), price_amount",
    "price_desc": "(available = 0), price_amount DESC",
    "lumens": "(available = 0), output_lm DESC NULLS LAST",
    "beam": "(available = 0), beam_m DESC NULLS LAST",
    "runtime": "(available = 0), runtime_min DESC NULLS LAST",
    "weight": "(available = 0), weight_g NULLS LAST",
    "newest": "(available = 0), added_at DESC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One page of one list.

    Shape:  ``query`` is what was asked, as we understood it: filters found among the words
            stand as filters in it; ``without`` tells for each facet in use how many cards
            there would be if it were dropped; ``corrected`` is what we took a mistyped
            word for, empty if nothing was changed
    """

    query: ShelfQuery
    cards: list[CardView]
    total: int
    in_stock: int
    pages: int
    facets: tuple[Facet, ...]
    without: Mapping[str, int]
    corrected: str = ""


def read(
    *, channel: Channel, query: ShelfQuery, now: datetime, category: Category | None = None
) -> Shelf:
    """Read a page in two queries, three while nobody has counted the whole shelf ahead.

    Two or three more are asked only when the words bring nothing.

    Shape:  ``category`` saves looking up ``query.category``
    """
    query = asking.understand(query)
    if category is None and query.category:
        category = Category.objects.filter(slug=query.category).first()
        if category is None:
            return Shelf(query=query, cards=[], total=0, in_stock=0, pages=0, facets=(), without={})
    shelf = _read(channel=channel, query=query, category=category, now=now)
    if not shelf.total and query.words and not any(shelf.without.values()):
        corrected = spelling.correct(query.words)
        if corrected != query.words:
            again = replace(query, words=corrected)
            found = _read(channel=channel, query=again, category=category, now=now)
            if found.total or any(found.without.values()):
                return replace(found, corrected=corrected)
    return shelf


def _read(
    *, channel: Channel, query: ShelfQuery, category: Category | None, now: datetime
) -> Shelf:
    fresh_since = now - STALE_AFTER
    words = asking.terms(query.words)
    among = base(channel_id=channel.pk, category_id=category.pk if category else None, words=words)
    numbers = _counted(
        channel=channel, category=category, words=words, query=query, among=among, now=now
    )
    counts = understood(numbers, query=query, fresh_since=fresh_since)
    pages = -(-counts.total // PAGE_SIZE)
    page = min(query.page, max(pages, 1))
    query = replace(query, page=page)
    cards = []
    if counts.total:
        conditions = {"among": among, **active(query, fresh_since=fresh_since)}
        where, offset = all_of(conditions), (page - 1) * PAGE_SIZE
        if not words or query.sort != "best":
            cards = _cards(where=where, order=Sql(_ORDERS[query.sort]), offset=offset)
        elif offset < wide_searches.WIDE:
            cards = _fitting(words, where=where, total=counts.total, offset=offset)
        else:  # what follows the best ones follows them by score
            cards = _cards(where=where, order=Sql(_ORDERS["best"]), offset=offset)
    return Shelf(
        query=query,
        cards=cards,
        total=counts.total,
        in_stock=counts.in_stock,
        pages=pages,
        facets=counts.facets,
        without=counts.without,
    )


def _counted(  # noqa: PLR0913 - what is asked, of what
    *,
    channel: Channel,
    category: Category | None,
    words: Sequence[asking.Term],
    query: ShelfQuery,
    among: Sql,
    now: datetime,
) -> Sequence[Any]:
    """Take the numbers that somebody counted before, or count."""
    is_kept = replace(query, words="").is_plain
    numbers: Sequence[Any] | None = None
    if is_kept and words:
        numbers = wide_searches.recall(channel=channel, category=category, words=words)
    elif is_kept:
        numbers = tallying.kept(channel=channel, category=category, now=now)
    if numbers is None:
        numbers = count(base=among, query=query, fresh_since=now - STALE_AFTER)
        if is_kept and words:
            wide_searches.remember(numbers, channel=channel, category=category, words=words)
    return numbers


def _fitting(
    words: Sequence[asking.Term], *, where: Sql, total: int, offset: int
) -> list[CardView]:
    """Put what matches in order by how well it fits; of very much only the best ones."""
    looked_for = words_query(words)
    order = Sql(
        f"(available = 0), ts_rank(search, {looked_for.text}) DESC, score DESC",
        looked_for.values,
    )
    if total > wide_searches.WIDE:
        best = (
            f"SELECT * FROM catalog_card WHERE {where.text}"  # noqa: S608 - our own conditions
            f" ORDER BY {_ORDERS['best']}, id LIMIT {wide_searches.WIDE}"
        )
        return _cards(among=Sql(f"({best})", where.values), order=order, offset=offset)
    return _cards(where=where, order=order, offset=offset)


def _cards(*, order: Sql, offset: int, where: Sql = EVERY, among: Sql = CARDS) -> list[CardView]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(CARD_COLUMNS)} FROM {among.text} AS card"  # noqa: S608
            f" WHERE {where.text} ORDER BY {order.text}, id LIMIT {PAGE_SIZE} OFFSET {offset}",
            [*among.values, *where.values, *order.values],
        )
        return [CardView(*row) for row in cursor.fetchall()]


__all__ = ["PAGE_SIZE", "CardView", "Choice", "Facet", "Shelf", "ShelfQuery", "read"]
