"""Indexed search: combine searches, each served by one index, in one statement.

Django's ``search_fields`` join tables with OR, for which PostgreSQL scans whole tables.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import (
    Case,
    F,
    Func,
    IntegerField,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Reverse
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Rows of one search whose ids are read first: lists of few ids are filtered fastest. If there may
# be more, the database searches again within the statement of the list (``Found.all``).
MAX_FOUND = 5_000
MIN_LENGTH = 3
MAX_DIGITS = 18  # of a number that a column can hold
WORDS_CONFIG = "simple"
_WORD = re.compile(r"\w+")
# Letters with marks, and how names are often typed: Əliyev as Aliyev, Müller as Muller.
MARKED = "ƏəıİÖöÜüĞğŞşÇçÄäÅåÁáÀàÂâÃãĄąĆćČčĎďÉéÈèÊêËëĘęĚěÍíÌìÎîÏïŁłÑñŃńŇňÓóÒòÔôÕõŐőØøŘřŚśŠšŤťÚúÙùÛûŮůŰűÝýŹźŻżŽž"
PLAIN = "AaiIOoUuGgSsCcAaAaAaAaAaAaAaCcCcDdEeEeEeEeEeEeIiIiIiIiLlNnNnNnOoOoOoOoOoOoRrSsSsTtUuUuUuUuUuYyZzZzZz"
_PLAIN_LETTERS = str.maketrans(MARKED, PLAIN)

type Ids = list[int] | QuerySet[Any, Any]  # ids, or a subquery of them


@dataclass(frozen=True, slots=True, kw_only=True)
class IdSearch:
    """The search of some rows by one index.

    ``pk`` is the column to return, that of the rows or a reference to another table. ``is_exact``
    is an expression: 1 if the whole text was found, 0 if a part of it.
    """

    rows: QuerySet[Any]
    pk: str
    is_exact: Any

    def through(self, path: str) -> "IdSearch":
        """Return the same search of the ids at a path from its rows."""
        return replace(self, pk=path if self.pk == "pk" else f"{self.pk}__{path}")

    def query(self, table: int, limit: int) -> QuerySet[Any, Any]:
        return self.rows.order_by().values_list(Value(table), self.pk, self.is_exact)[:limit]

    def ids(self, newest: int | None = None) -> QuerySet[Any, Any]:
        """Return all ids, or only the ``newest`` ones: so many of the highest."""
        if newest is None:
            return self.rows.order_by().values_list(self.pk)
        return self.rows.order_by(f"-{self.pk}").values_list(self.pk).distinct()[:newest]


def starting_with(rows: QuerySet[Any], column: Any, key: str, *, pk: str = "pk") -> list[IdSearch]:
    """Return the search of the rows whose text starts with ``key``; none if that is too short.

    ``column`` is a name or an expression with an index of pattern operators. ``pk`` is the column
    to return, that of the rows or a reference to another table.
    """
    if len(key) < MIN_LENGTH:
        return []
    expression = F(column) if isinstance(column, str) else column
    found = rows.alias(text=expression).filter(text__startswith=key)
    is_exact = Case(When(text=key, then=1), default=0, output_field=IntegerField())
    return [IdSearch(rows=found, pk=pk, is_exact=is_exact)]


def ending_with(rows: QuerySet[Any], column: Any, key: str, *, pk: str = "pk") -> list[IdSearch]:
    """Return the search of the rows whose text ends with ``key``, by an index on ``Reverse``."""
    return starting_with(rows, Reverse(column), key[::-1], pk=pk)


def equal_to(rows: QuerySet[Any], *, pk: str = "pk") -> list[IdSearch]:
    """Return the search of rows that are exact matches."""
    return [IdSearch(rows=rows, pk=pk, is_exact=Value(1))]


def with_words(rows: QuerySet[Any], column: Any, text: str) -> list[IdSearch]:
    """Return the search of the rows with all words of ``text``, or words that begin with them."""
    query = words_query(text)
    if query is None:
        return []
    vector = SearchVector(column, config=WORDS_CONFIG)
    found = rows.alias(words=vector).filter(words=query)
    return [IdSearch(rows=found, pk="pk", is_exact=Value(0))]


def plain_column(column: Any) -> Func:
    """Return a text column with plain letters, as ``plain_letters`` makes them."""
    return Func(column, Value(MARKED), Value(PLAIN), function="translate", output_field=TextField())


def plain_letters(text: str) -> str:
    """Return a text with plain letters instead of those with marks."""
    return unicodedata.normalize("NFC", text).translate(_PLAIN_LETTERS)


def words_query(text: str) -> SearchQuery | None:
    """Return the condition on a text search vector, or None if the text has no word."""
    words = _WORD.findall(text.lower())
    if not words:
        return None
    prefixes = " & ".join(map(_prefixes, words))
    return SearchQuery(prefixes, config=WORDS_CONFIG, search_type="raw")


def _prefixes(word: str) -> str:
    """Return the condition on words that begin with this one, also if ss is written as ß."""
    spellings = dict.fromkeys((word, word.replace("ß", "ss"), word.replace("ss", "ß")))
    return f"({' | '.join(f'{spelling}:*' for spelling in spellings)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The ids that searches find, each with whether it is exact; ``is_cut``: there may be more."""

    ids: dict[int, bool]
    searches: Sequence[IdSearch]
    is_cut: bool

    def __bool__(self) -> bool:
        return bool(self.ids)

    def all(self, *, newest: int | None = None) -> Ids:
        """Return all ids for ``__in``: as a list, or if there may be more, as a subquery.

        ``newest`` is how many rows a list reads that shows the newest rows first.
        """
        if not self.is_cut:
            return [*self.ids]
        first, *others = [search.ids(newest) for search in self.searches]
        return first.union(*others, all=True) if others else first


def find(searches: Sequence[IdSearch]) -> Found:
    """Return what the searches of one table find, at most ``MAX_FOUND`` ids of each search."""
    (found,) = find_in_tables([searches], limit=MAX_FOUND)
    return found


def find_in_tables(tables: Sequence[Sequence[IdSearch]], *, limit: int) -> list[Found]:
    """Return what is found in each table, in one statement; ``limit`` is per search."""
    queries = [
        search.query(number, limit) for number, found in enumerate(tables) for search in found
    ]
    ids: list[dict[int, bool]] = [{} for _ in tables]
    counts = [0 for _ in tables]
    if queries:
        first, *others = queries
        for number, pk, is_exact in first.union(*others, all=True) if others else first:
            counts[number] += 1
            if pk is not None:  # a row that nothing refers to
                ids[number][pk] = ids[number].get(pk, False) or bool(is_exact)
    return [
        Found(ids=of_table, searches=searches, is_cut=count >= limit)
        for of_table, searches, count in zip(ids, tables, counts, strict=True)
    ]


def digits_of(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isdigit())


class IndexedSearch:
    """Admin mixin: a list is searched by ``search_condition`` instead of by ``search_fields``.

    ``searches`` returns the searches for a text; a list of another kind overrides
    ``search_condition``. Both name ``search_fields``, too, which shows the search box.
    """

    def searches(self, text: str) -> Sequence[IdSearch] | None:  # noqa: ARG002 - of subclasses
        return None

    def search_condition(self, text: str) -> Q | None:
        """Return the condition on the rows; None leaves the search to ``search_fields``."""
        searches = self.searches(text)
        return None if searches is None else Q(pk__in=find(searches).all())

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        condition = self.search_condition(text) if text else Q()
        if condition is not None:
            return queryset.filter(condition), False
        results: tuple[QuerySet[Any], bool] = super().get_search_results(  # type: ignore[misc]
            request, queryset, search_term
        )
        return results


class LargeTable(IndexedSearch):
    """Admin mixin for tables with several rows per order or product: search by index, do not sort.

    ``search_fields`` are paths to columns with an index. Their texts begin with the search term, as
    typed or in upper or lower case; ``search_prefixes`` may precede it. A short term must be the
    whole text. ``=path`` finds a number.
    """

    search_help_text: ClassVar[str | Promise] = _("The beginning of a number, SKU or address")
    search_prefixes: ClassVar[Sequence[str]] = ()
    sortable_by: ClassVar[Sequence[str]] = ()  # the database would sort the whole table

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search only the columns that this user may see (``HiddenFields``)."""
        admin: Any = self
        shown = admin.get_search_fields(request)
        text = search_term.strip()
        if not text or {*shown} == {*admin.search_fields}:
            return super().get_search_results(request, queryset, search_term)
        return queryset.filter(pk__in=find(self._searches_in(shown, text)).all()), False

    def searches(self, text: str) -> list[IdSearch]:
        admin: Any = self
        return self._searches_in(admin.search_fields, text)

    def _searches_in(self, paths: Sequence[str], text: str) -> list[IdSearch]:
        admin: Any = self
        rows = admin.model._default_manager.all()  # noqa: SLF001 - Django's documented model API
        terms = dict.fromkeys((text, text.upper(), text.lower()))
        terms |= dict.fromkeys(prefix + text.upper() for prefix in self.search_prefixes)
        found: list[IdSearch] = []
        for path in paths:
            if path.startswith("="):
                is_number = text.isdecimal() and len(text) <= MAX_DIGITS
                found += equal_to(rows.filter(**{path[1:]: text})) if is_number else []
            else:
                # The condition of an index that leaves out empty texts.
                filled = rows if "__" in path else rows.exclude(**{path: ""})
                for term in terms:
                    whole = equal_to(filled.filter(**{path: term}))
                    is_short = len(term) < MIN_LENGTH
                    found += whole if is_short else starting_with(filled, path, term)
        return found
