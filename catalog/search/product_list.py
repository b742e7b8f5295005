"""Product list: load one page of cards, their number, and the facets that narrow the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from pyroaring import BitMap64

from catalog.models import Category, Channel, ExchangeRate
from catalog.models.listings import STALE_AFTER
from catalog.search import card_index, facets, word_search
from catalog.search.card_index import CardIndex
from catalog.search.cards import ProductCardRow, sort_cards
from catalog.search.facets import Facet
from catalog.search.filters import ProductFilter
from catalog.search.query_parser import ConvertedPrice, Term, convert_prices, rank_query
from catalog.search.selection import Selection, select
from catalog.search.word_search import WordSearch

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
            unchanged; ``dropped`` are words that match nothing together with the others;
            ``converted`` are prices of the text in other currencies
    """

    query: ProductFilter
    cards: list[ProductCardRow]
    total: int
    in_stock: int
    pages: int
    facets: tuple[Facet, ...]
    without: Mapping[str, int]
    corrected: str = ""
    dropped: tuple[str, ...] = ()
    converted: tuple[ConvertedPrice, ...] = ()


def load_page(
    *,
    channel: Channel,
    query: ProductFilter,
    country: str,
    now: datetime,
    category: Category | None = None,
) -> ProductListPage:
    """Load a page: filter, count and sort in memory; read the shown cards that are not kept.

    More queries: one for search words whose matches are not kept; one for changes if the last check
    is over a second old, and one to read changed cards; spelling, if the words match nothing.
    Shape:  in stock means deliverable to ``country``; ``category`` saves the lookup of
            ``query.category``
    """
    if category is None and query.category:
        category = Category.objects.filter(slug=query.category).first()
        if category is None:
            return ProductListPage(
                query=query, cards=[], total=0, in_stock=0, pages=0, facets=(), without={}
            )
    context = _ListContext(channel=channel, category=category, country=country, now=now)
    text, converted = convert_prices(
        query.search_text,
        currency=channel.currency,
        rate_of=lambda stated: _rate(stated, channel.currency, now=now),
    )
    if converted:
        query = replace(query, search_text=text)
    index = card_index.refreshed_index(channel.pk)
    pages = (_load(found, context, index) for found in word_search.interpretations(query, index))
    first = next(pages)
    found = first if first.total else next((page for page in pages if page.total), first)
    return replace(found, converted=converted) if converted else found


def _rate(stated: str, currency: str, *, now: datetime) -> Decimal | None:
    """Return the value of one unit of a currency in that of the shop, if a current rate exists."""
    rates = dict(
        ExchangeRate.objects.valid(now)
        .filter(base__in=(stated, currency), quote__in=(stated, currency))
        .values_list("base", "rate")
    )
    if stated in rates:
        return rates[stated]
    return 1 / rates[currency] if currency in rates else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListContext:
    """The category, country and time of a list."""

    channel: Channel
    category: Category | None
    country: str
    now: datetime


def _load(search: WordSearch, context: _ListContext, index: CardIndex) -> ProductListPage:
    query, matches = search.query, search.matches
    with index.lock:
        if query.is_plain:
            # What is fresh changes when the oldest fresh figure expires.
            oldest = index.columns["as_of"].lowest_from(context.now - STALE_AFTER)
            place = (context.category and context.category.pk, context.country)
            found = index.memoize_list(
                (query, place, oldest), lambda: _find(query, context, index, matches)
            )
        else:
            found = _find(query, context, index, matches)
    shown = [*found.shown.in_stock, *found.shown.others]
    return ProductListPage(
        query=replace(query, page=found.page),
        cards=index.rows(_rank(found, search.terms) if found.is_ranked else shown),
        total=found.counts.total,
        in_stock=found.counts.in_stock,
        pages=found.pages,
        facets=found.counts.facets,
        without=found.counts.without,
        corrected=search.corrected,
        dropped=search.dropped,
    )


@dataclass(frozen=True, slots=True)
class _OrderedCards:
    """Ids of cards in order: first those in stock, then the others."""

    in_stock: list[int]
    others: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What a list found in memory; if ``is_ranked``, the page is still to be selected."""

    counts: facets.Counts
    pages: int
    page: int
    shown: _OrderedCards
    is_ranked: bool


def _find(
    query: ProductFilter, context: _ListContext, index: CardIndex, matches: BitMap64 | None
) -> _Found:
    """Filter, count and sort in memory; ``matches`` are the cards of the search words.

    Locks:  none; the caller holds the lock of the index
    """
    base = index.cards_with("category", context.category.pk) if context.category else index.cards
    if matches is not None:
        base = base & matches
    in_stock = index.in_stock(country=context.country, fresh_since=context.now - STALE_AFTER)
    selection = select(query, index=index, base=base, in_stock=in_stock, country=context.country)
    counts = facets.count(selection)
    pages = -(-counts.total // PAGE_SIZE)
    page = min(query.page, max(pages, 1))
    offset = (page - 1) * PAGE_SIZE
    has_matches = matches is not None and counts.total > 0
    is_ranked = has_matches and query.sort == "best" and offset < MAX_RANKED
    shown = (
        _in_order(selection, "best", offset=0, size=MAX_RANKED)
        if is_ranked  # results after the ranked ones follow by score
        else _in_order(selection, query.sort, offset=offset, size=PAGE_SIZE)
    )
    return _Found(counts=counts, pages=pages, page=page, shown=shown, is_ranked=is_ranked)


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


def _rank(found: _Found, terms: Sequence[Term]) -> list[int]:
    """Return a page of the best-scored cards by relevance; cards of the named type come first."""
    tsquery = rank_query(terms)  # as a subquery it is parsed once, not for each card
    families = {
        family
        for term in terms
        if term.meaning and term.meaning.is_type and not term.is_optional
        for family in term.meaning.families
    }
    return sort_cards(
        [*found.shown.in_stock, *found.shown.others],
        len(found.shown.in_stock),
        sorted(families),
        *tsquery.values,
        order="place > %s, family <> ALL(%s::text[]),"
        f" ts_rank(search, (SELECT {tsquery.text})) DESC, place"
        f" LIMIT {PAGE_SIZE} OFFSET {(found.page - 1) * PAGE_SIZE}",
    )
