"""Product list: load one page of cards, their number, and the facets that narrow the list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from catalog.models import Category, Channel
from catalog.models.listings import STALE_AFTER
from catalog.search import cache, facet_counts, query_parser, spelling
from catalog.search.cards import CARD_COLUMNS, ProductCardRow
from catalog.search.conditions import (
    Sql,
    active_conditions,
    all_of,
    base_condition,
    is_in_stock,
    join,
    text_query,
)
from catalog.search.facets import Facet, count_values, parse_counts
from catalog.search.filters import ProductFilter

PAGE_SIZE = 24
# In-stock cards come before the rest, each in this order.
_ORDERS: Mapping[str, str] = {
    "best": "score DESC",
    "price": "price_amount",
    "price_desc": "price_amount DESC",
    "lumens": "output_lm DESC NULLS LAST",
    "beam": "beam_m DESC NULLS LAST",
    "runtime": "runtime_min DESC NULLS LAST",
    "weight": "weight_g NULLS LAST",
    "newest": "added_at DESC",
}


# Up to this many matches are collected before sorting. The planner does not optimize across an
# ``OFFSET 0``.
MAX_ROWS_TO_SORT = 8_000
OPTIMIZATION_FENCE = "OFFSET 0"


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
    """Load a page in two queries, or three if the category is not counted ahead.

    Two or three more run only if the words match nothing.
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

    @property
    def in_stock(self) -> Sql:
        return is_in_stock(country=self.country, fresh_since=self.now - STALE_AFTER)

    def among(self, terms: list[query_parser.Term]) -> Sql:
        category_id = self.category.pk if self.category else None
        return base_condition(channel_id=self.channel.pk, category_id=category_id, terms=terms)


def _load(query: ProductFilter, context: _ListContext) -> ProductListPage:
    terms, in_stock = query_parser.split_terms(query.search_text), context.in_stock
    among = context.among(terms)
    numbers = _get_counts(query, context, terms=terms, among=among)
    counts = parse_counts(numbers, query=query, in_stock=in_stock, country=context.country)
    pages = -(-counts.total // PAGE_SIZE)
    page = min(query.page, max(pages, 1))
    query = replace(query, page=page)
    cards = []
    if counts.total:
        matches = _Matches(
            where=all_of(
                {
                    "among": among,
                    **active_conditions(query, in_stock=in_stock, country=context.country),
                }
            ),
            in_stock=in_stock,
            stocked=counts.in_stock,
            total=counts.total,
        )
        offset = (page - 1) * PAGE_SIZE
        if terms and query.sort == "best" and offset < cache.BROAD_SEARCH:
            cards = matches.ranked_page(terms, offset=offset)
        else:  # results after the ranked ones follow by score
            cards = matches.sorted_page(_ORDERS[query.sort], offset=offset)
    return ProductListPage(
        query=query,
        cards=cards,
        total=counts.total,
        in_stock=counts.in_stock,
        pages=pages,
        facets=counts.facets,
        without=counts.without,
    )


def _get_counts(
    query: ProductFilter, context: _ListContext, *, terms: Sequence[query_parser.Term], among: Sql
) -> Sequence[Any]:
    """Return the counts from a cache, or count."""
    is_cacheable = replace(query, search_text="").is_plain
    channel, category, country = context.channel, context.category, context.country
    numbers: Sequence[Any] | None = None
    if is_cacheable and terms:
        numbers = cache.get_counts(channel=channel, category=category, country=country, terms=terms)
    elif is_cacheable:
        numbers = facet_counts.get_cached(
            channel=channel, category=category, country=country, now=context.now
        )
    if numbers is None:
        numbers = count_values(base=among, query=query, in_stock=context.in_stock, country=country)
        if is_cacheable and terms:
            cache.set_counts(
                numbers, channel=channel, category=category, country=country, terms=terms
            )
    return numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matches:
    """The matching cards: the ``stocked`` ones come before the rest."""

    where: Sql
    in_stock: Sql
    stocked: int
    total: int

    def sorted_page(self, order: str, *, offset: int) -> list[ProductCardRow]:
        rows = self._select_rows(order, offset=offset, size=PAGE_SIZE)
        return _cards(rows, order=Sql(f"is_behind, {order}"), offset=0)

    def ranked_page(
        self, terms: Sequence[query_parser.Term], *, offset: int
    ) -> list[ProductCardRow]:
        """Return a page sorted by relevance; of a broad search only the best-scored cards."""
        tsquery = text_query(terms)
        order = Sql(f"is_behind, ts_rank(search, {tsquery.text}) DESC, score DESC", tsquery.values)
        size = min(self.total, cache.BROAD_SEARCH)
        rows = self._select_rows(
            _ORDERS["best"], offset=0, size=size, is_gathered=self.total <= MAX_ROWS_TO_SORT
        )
        return _cards(rows, order=order, offset=offset)

    def _select_rows(self, order: str, *, offset: int, size: int, is_gathered: bool = False) -> Sql:
        """Read in-stock and other cards separately: an index sorts each part, not both together.

        With ``is_gathered``, matches are collected before sorting: for few matches, the sort index
        would scan most of the shop.
        """
        before = max(0, min(size, self.stocked - offset))
        behind = size - before
        parts = [
            self._part(order, is_behind=False, offset=offset, size=before, is_gathered=is_gathered)
            if before
            else None,
            self._part(
                order,
                is_behind=True,
                offset=max(0, offset - self.stocked),
                size=behind,
                is_gathered=is_gathered,
            )
            if behind and self.total > self.stocked
            else None,
        ]
        return join(" UNION ALL ", filter(None, parts))

    def _part(
        self, order: str, *, is_behind: bool, offset: int, size: int, is_gathered: bool
    ) -> Sql:
        test = f"NOT ({self.in_stock.text})" if is_behind else self.in_stock.text
        return Sql(
            f"(SELECT *, {is_behind} AS is_behind FROM (SELECT * FROM catalog_productcard"  # noqa: S608 - our own conditions
            f" WHERE {self.where.text} {OPTIMIZATION_FENCE if is_gathered else ''}) AS matching"
            f" WHERE {test} ORDER BY {order}, id"
            f" LIMIT {size} OFFSET {offset})",
            (*self.where.values, *self.in_stock.values),
        )


def _cards(rows: Sql, *, order: Sql, offset: int) -> list[ProductCardRow]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(CARD_COLUMNS)} FROM ({rows.text}) AS card"  # noqa: S608
            f" ORDER BY {order.text}, id LIMIT {PAGE_SIZE} OFFSET {offset}",
            [*rows.values, *order.values],
        )
        return [ProductCardRow(*row) for row in cursor.fetchall()]
