"""Product list: load one page of cards, their number, and the facets that narrow the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalog.models import Category, Channel
from catalog.models.listings import STALE_AFTER
from catalog.search import card_index, facets, query_parser, spelling
from catalog.search.cards import ProductCardRow, select_cards
from catalog.search.facets import Facet
from catalog.search.filters import ProductFilter
from catalog.search.selection import Selection, select
from catalog.search.text_query import text_query

PAGE_SIZE = 24
# At most this many best-scored matches of a search are ranked by relevance; customers do not open
# 25 pages of a search.
MAX_RANKED = 600
# Sort -> column, and whether the highest value comes first. In-stock cards come before the rest.
_ORDERS: Mapping[str, tuple[str, bool]] = {
    "best": ("score", True),
    "price": ("price_amount", False),
    "price_desc": ("price_amount", True),
    "lumens": ("output_lm", True),
    "beam": ("beam_m", True),
    "runtime": ("runtime_min", True),
    "weight": ("weight_g", False),
    "newest": ("added_at", True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductListPage:
    """One page of a list.

    Shape:  ``query`` is the parsed filter, including filters found in the search text; ``in_stock``
            counts cards that can be bought in the customer's country; ``without`` maps each facet
            in use to the total without it; ``corrected`` is the corrected search text, empty if
            unchanged
    """

    query: ProductFilter
    cards: list[ProductCardRow]
    total: int
    in_stock: int
    pages: int
    facets: tuple[Facet, ...]
    without: Mapping[str, int]
    corrected: str = ""


def load_page(
    *,
    channel: Channel,
    query: ProductFilter,
    country: str,
    now: datetime,
    category: Category | None = None,
) -> ProductListPage:
    """Load a page: filter, count and sort in memory, read the shown cards in one query.

    More queries: one for search words whose matches are not kept; one for changes if the last check
    is over a second old, and one to read changed cards; spelling, if the words match nothing.
    Shape:  in stock means deliverable to ``country``; ``category`` saves the lookup of
            ``query.category``
    """
    query = query_parser.parse(query)
    if category is None and query.category:
        category = Category.objects.filter(slug=query.category).first()
        if category is None:
            return ProductListPage(
                query=query, cards=[], total=0, in_stock=0, pages=0, facets=(), without={}
            )
    context = _ListContext(channel=channel, category=category, country=country, now=now)
    page = _load(query, context)
    if not page.total and query.search_text and not any(page.without.values()):
        corrected = spelling.correct_spelling(query.search_text)
        if corrected != query.search_text:
            corrected_page = _load(replace(query, search_text=corrected), context)
            if corrected_page.total or any(corrected_page.without.values()):
                return replace(corrected_page, corrected=corrected)
    return page


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListContext:
    """The category, country and time of a list."""

    channel: Channel
    category: Category | None
    country: str
    now: datetime


def _load(query: ProductFilter, context: _ListContext) -> ProductListPage:
    terms = query_parser.split_terms(query.search_text)
    index = card_index.refreshed_index(context.channel.pk)
    matches = index.search(terms) if terms else None
    with index.lock:
        base = (
            index.cards_with("category", context.category.pk) if context.category else index.cards
        )
        if matches is not None:
            base = base & matches
        in_stock = index.in_stock(country=context.country, fresh_since=context.now - STALE_AFTER)
        selection = select(
            query, index=index, base=base, in_stock=in_stock, country=context.country
        )
        counts = facets.count(selection)
        pages = -(-counts.total // PAGE_SIZE)
        page = min(query.page, max(pages, 1))
        offset = (page - 1) * PAGE_SIZE
        is_ranked = bool(terms and counts.total) and query.sort == "best" and offset < MAX_RANKED
        shown = (
            _in_order(selection, "best", offset=0, size=MAX_RANKED)
            if is_ranked  # results after the ranked ones follow by score
            else _in_order(selection, query.sort, offset=offset, size=PAGE_SIZE)
        )
    return ProductListPage(
        query=replace(query, page=page),
        cards=_rank(shown, terms, offset=offset)
        if is_ranked
        else select_cards([*shown.in_stock, *shown.others]),
        total=counts.total,
        in_stock=counts.in_stock,
        pages=pages,
        facets=counts.facets,
        without=counts.without,
    )


@dataclass(frozen=True, slots=True)
class _OrderedCards:
    """Ids of cards in order: first those in stock, then the others."""

    in_stock: list[int]
    others: list[int]


def _in_order(selection: Selection, sort: str, *, offset: int, size: int) -> _OrderedCards:
    name, is_descending = _ORDERS[sort]
    column, cards = selection.index.columns[name], selection.cards()
    first, rest = cards & selection.in_stock, cards - selection.in_stock
    in_stock = column.page(first, offset=offset, size=size, is_descending=is_descending)
    others = column.page(
        rest,
        offset=max(0, offset - len(first)),
        size=size - len(in_stock),
        is_descending=is_descending,
    )
    return _OrderedCards(in_stock, others)


def _rank(
    shown: _OrderedCards, terms: Sequence[query_parser.Term], *, offset: int
) -> list[ProductCardRow]:
    """Return a page of the best-scored cards by relevance."""
    tsquery = text_query(terms)
    return select_cards(
        [*shown.in_stock, *shown.others],
        len(shown.in_stock),
        *tsquery.values,
        order=f"place > %s, ts_rank(search, {tsquery.text}) DESC, place"
        f" LIMIT {PAGE_SIZE} OFFSET {offset}",
    )
