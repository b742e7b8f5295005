"""Card index: hold the facet values of all cards of a channel in memory, follow their changes.

Each value of a facet has the set of its cards, and each sort order has its cards in order. So a
list is filtered, counted and sorted without the database, at a cost that hardly depends on the
number of cards. The database remains the truth: triggers record the changed cards in ``CardChange``,
and a list reads these cards again if the last check is over ``REFRESH_AFTER_S`` old.
"""

import json
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from threading import RLock
from typing import Any

from django.db import connection
from pyroaring import BitMap64

from catalog.models.search import CHANGE_RETENTION
from catalog.search.cards import ProductCardRow, select_cards
from catalog.search.detail_facets import CUSTOM_KEY, DETAIL_CHOICES, DETAIL_RANGES
from catalog.search.query_parser import Term, term_query
from catalog.search.sorted_column import SortedColumn

REFRESH_AFTER_S = 1.0
# A process that did not check for longer may have missed changes: it loads all cards again.
RELOAD_AFTER_S = CHANGE_RETENTION.total_seconds() / 2
LOAD_BATCH_SIZE = 1_000  # with 10,000 the process keeps the memory afterwards
MAX_ROWS = 2_000  # rows of shown cards that are kept, about 1.5 KB each
MAX_LISTS = 200  # lists whose counts are kept
MAX_SEARCHES = 400  # search words whose matches are kept
MAX_CHANGES = 100  # batches of changes kept to update kept searches


@dataclass(slots=True)
class CardValues:
    """The columns of ``ProductCard`` that the index holds."""

    id: int
    category_id: int
    area_id: int | None
    available: int
    brand: str
    family: str
    water: int | None
    power: list[str]
    features: list[str]
    details: Any  # JSON as text; ``__post_init__`` parses it
    colors: list[str]
    sent_from: list[str]
    price_amount: Decimal
    output_lm: int | None
    beam_m: int | None
    runtime_min: int | None
    weight_g: int | None
    score: int
    added_at: datetime
    as_of: datetime | None

    def __post_init__(self) -> None:
        self.details = json.loads(self.details, parse_float=Decimal)

    def sets(self) -> Iterator[tuple[str, Hashable]]:
        """Yield the sets that the card is in."""
        yield "category", self.category_id
        yield "area", self.area_id
        yield "brand", self.brand
        yield "family", self.family
        yield "water", self.water
        if self.available > 0:
            yield "available", "yes"
        several: dict[str, list[str]] = {
            "power": self.power,
            "features": self.features,
            "color": self.colors,
            "sent_from": self.sent_from,
            **{code: self.details.get(code, []) for code in DETAIL_CHOICES},
        }
        for code, values in several.items():
            if not values:
                yield code, None
            for value in values:
                yield code, value
        for code, values in self.custom.items():
            if isinstance(values, list):
                for value in values:
                    yield code, value

    @property
    def custom(self) -> dict[str, Any]:
        """Return the values of custom attributes: a number, or a list of choices."""
        values: dict[str, Any] = self.details.get(CUSTOM_KEY, {})
        return values


SORTED = (
    *("price_amount", "output_lm", "beam_m", "runtime_min", "weight_g"),
    *("score", "added_at", "as_of"),
)
_NAMES = ", ".join(column.name for column in fields(CardValues))
_SELECT = f"SELECT {_NAMES} FROM catalog_productcard WHERE channel_id = %s"  # noqa: S608 - constants
_MATCHING = "SELECT id FROM catalog_productcard WHERE channel_id = %s AND search @@"
# Transactions commit out of order: start from the oldest one that was still open at the last check.
_CHANGES = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
        change.id, change.transaction_id, change.cards
    FROM (VALUES (1)) AS always LEFT JOIN catalog_cardchange change
      ON change.channel_id = %s AND change.transaction_id >= %s AND change.id <> ALL(%s::bigint[])
"""
_NONE_YET = 2**62  # above all transactions
_NOT_SEARCHED = (-MAX_CHANGES - 1, BitMap64())


class CardIndex:
    """The cards of one channel. Use it within ``locked_index``, or hold its ``lock``.

    Do not use it within a transaction that changed cards: after a rollback, the index would keep
    these changes.
    """

    def __init__(self, channel_id: int) -> None:
        self.channel_id = channel_id
        self.lock = RLock()
        self._checked_at = -float("inf")
        self._version = 0
        self._clear()

    def _clear(self) -> None:
        self.cards = BitMap64()
        self.sets: defaultdict[str, dict[Hashable, BitMap64]] = defaultdict(dict)
        self.columns: defaultdict[str, SortedColumn] = defaultdict(SortedColumn)
        self.areas: dict[int, frozenset[str]] = {}
        self._position = _NONE_YET
        # Transaction of each applied change since the position, by the id of the change.
        self._applied: dict[int, int] = {}
        self._changes: list[BitMap64] = []
        self._version += 1  # marks the result of a search that still runs as outdated
        self._searches: OrderedDict[Term, tuple[int, BitMap64]] = OrderedDict()
        self._memo: dict[Hashable, BitMap64] = {}
        self._lists: OrderedDict[Hashable, Any] = OrderedDict()
        self._rows: OrderedDict[int, ProductCardRow] = OrderedDict()

    def cards_with(self, code: str, *values: Hashable) -> BitMap64:
        """Return the cards that have one of the values; None stands for no value.

        The result may be a set of the index itself: it must not be changed.
        """
        by_value = self.sets[code]
        found = [by_value[value] for value in values if value in by_value]
        return found[0] if len(found) == 1 else BitMap64.union(BitMap64(), *found)

    def cards_stating(self, code: str) -> BitMap64:
        """Return the cards that have a value of a custom attribute."""
        return BitMap64.union(self.columns[code].cards, *self.sets[code].values())

    def memoize(self, key: Hashable, make: Callable[[], BitMap64]) -> BitMap64:
        """Return a set that is slow to compute; it is kept until any card changes."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def memoize_list[Found](self, key: Hashable, make: Callable[[], Found]) -> Found:
        """Return the result of a list; make it if it is not kept.

        Results are kept until any card changes, those of the last ``MAX_LISTS`` lists.
        """
        if key not in self._lists:
            self._lists[key] = make()
        self._lists.move_to_end(key)
        if len(self._lists) > MAX_LISTS:
            self._lists.popitem(last=False)
        found: Found = self._lists[key]
        return found

    def memoize_query[Found](self, key: Hashable, make: Callable[[], Found]) -> Found:
        """Return the result of a query, kept as by ``memoize_list``.

        Locks:  the index, but not during the query
        """
        with self.lock:
            version = self._version
            if key in self._lists:
                return self.memoize_list(key, make)
        found = make()
        with self.lock:
            if self._version == version:  # else a card may have changed after the query
                self.memoize_list(key, lambda: found)
        return found

    def rows(self, ids: Sequence[int]) -> list[ProductCardRow]:
        """Return the rows of cards in this order.

        A kept row is dropped when the index reads the card's change, and when ``MAX_ROWS`` others
        were shown since.

        Locks:  the index, but not during the query
        """
        with self.lock:
            version, found = self._version, {card: self._rows.get(card) for card in ids}
        if unread := [card for card, row in found.items() if row is None]:
            read = {row.id: row for row in select_cards(unread)}
            with self.lock:
                if self._version == version:  # else a card may have changed after the query
                    self._rows |= read
                for card in self._rows.keys() & found.keys():
                    self._rows.move_to_end(card)
                while len(self._rows) > MAX_ROWS:
                    self._rows.popitem(last=False)
            found |= read
        return [row for row in found.values() if row is not None]

    def in_stock(self, *, country: str, fresh_since: datetime) -> BitMap64:
        """Return the cards that can be bought in a country."""
        available = self.cards_with("available", "yes")
        fresh = self.columns["as_of"].between(fresh_since)
        return available & fresh & self.cards_with("area", *self.areas_of(country))

    def areas_of(self, country: str) -> list[int]:
        """Return the delivery areas of a country; an area without countries reaches all."""
        return [pk for pk, countries in self.areas.items() if not countries or country in countries]

    def best(self, cards: BitMap64, *, size: int) -> list[int]:
        """Return the best-scored of some cards, best first."""
        return self.columns["score"].page(cards, offset=0, size=size, is_descending=True)

    # Searches

    def search(self, terms: Sequence[Term]) -> list[BitMap64]:
        """Return the cards that match each search word, from the text index of the database.

        The matches are kept. If cards changed since, only these are searched again.
        Locks:  the index, but not during the query
        """
        with self.lock:
            version = self._version
            kept = {term: self._searches.get(term, _NOT_SEARCHED) for term in terms}
            oldest = min(
                (at for at, _ in kept.values() if version - at <= len(self._changes)),
                default=version,
            )
            changes = self._changes[oldest - version :] if oldest < version else []
        stale = [term for term, (at, _) in kept.items() if oldest <= at < version]
        unknown = [term for term, (at, _) in kept.items() if at < oldest]
        found = {term: cards for term, (_, cards) in kept.items()} | self._search(unknown)
        if stale:
            changed = BitMap64.union(*changes)
            again = self._search(stale, changed)
            found |= {term: (found[term] - changed) | again[term] for term in stale}
        with self.lock:
            for term in kept:
                self._searches[term] = (version, found[term])
                self._searches.move_to_end(term)
            while len(self._searches) > MAX_SEARCHES:
                self._searches.popitem(last=False)
        return [found[term] for term in terms]

    def _search(self, terms: Sequence[Term], among: BitMap64 | None = None) -> dict[Term, BitMap64]:
        """Search all words in one statement."""
        if not terms:
            return {}
        test, ids = ("", []) if among is None else (" AND id = ANY(%s)", [list(among)])
        queries = [term_query(term) for term in terms]
        columns = ", ".join(f"ARRAY({_MATCHING} ({query.text}){test})" for query in queries)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {columns}",
                [value for query in queries for value in (self.channel_id, *query.values, *ids)],
            )
            (found,) = cursor.fetchall()
        return {term: BitMap64(cards) for term, cards in zip(terms, found, strict=True)}

    # Changes

    def refresh(self) -> None:
        """Read the cards that changed since the last check, or all if that is long ago."""
        now = time.monotonic()
        age_s = now - self._checked_at
        if age_s <= REFRESH_AFTER_S:
            return
        if age_s > RELOAD_AFTER_S or self._position == _NONE_YET:
            self._clear()
        with connection.cursor() as cursor:
            cursor.execute(_CHANGES, [self.channel_id, self._position, list(self._applied)])
            rows = cursor.fetchall()
        if self._position == _NONE_YET:
            self._load_all()
        elif changed := BitMap64(card for *_, cards in rows for card in cards or ()):
            self._replace(changed)
        self._position = rows[0][0]
        found = {change: transaction for _, change, transaction, _ in rows if change}
        self._applied = {
            change: transaction
            for change, transaction in (self._applied | found).items()
            if transaction >= self._position
        }
        self._checked_at = now

    def _load_all(self) -> None:
        last = 0
        while rows := self._read("AND id > %s ORDER BY id LIMIT %s", last, LOAD_BATCH_SIZE):
            self._add(rows)
            last = rows[-1].id

    def _replace(self, changed: BitMap64) -> None:
        rows = self._read("AND id = ANY(%s)", list(changed))
        self.cards -= changed
        for by_value in self.sets.values():
            for value in [value for value, cards in by_value.items() if cards.intersect(changed)]:
                if remaining := by_value[value] - changed:
                    by_value[value] = remaining
                else:
                    del by_value[value]
        for column in self.columns.values():
            column.remove(changed)
        self._add(rows)
        self._version += 1
        self._changes = [*self._changes, changed][-MAX_CHANGES:]
        self._memo.clear()
        self._lists.clear()
        for card in self._rows.keys() & changed:
            del self._rows[card]

    def _read(self, test: str, *values: Any) -> list[CardValues]:
        with connection.cursor() as cursor:
            cursor.execute(f"{_SELECT} {test}", [self.channel_id, *values])
            return [CardValues(*row) for row in cursor.fetchall()]

    def _add(self, rows: Sequence[CardValues]) -> None:
        self.cards.update(row.id for row in rows)
        by_set: defaultdict[tuple[str, Hashable], list[int]] = defaultdict(list)
        for row in rows:
            for key in row.sets():
                by_set[key].append(row.id)
        for (code, value), ids in by_set.items():
            self.sets[code].setdefault(value, BitMap64()).update(ids)
        for name in (*SORTED, *DETAIL_RANGES):
            is_detail = name in DETAIL_RANGES
            _fill(
                self.columns[name],
                (
                    (row.details.get(name) if is_detail else getattr(row, name), row.id)
                    for row in rows
                ),
            )
        numbers: defaultdict[str, list[tuple[Any, int]]] = defaultdict(list)
        for row in rows:
            for code, value in row.custom.items():
                if not isinstance(value, list):
                    numbers[code].append((value, row.id))
        for code, pairs in numbers.items():
            _fill(self.columns[code], pairs)
        areas = {area for area in self.sets["area"] if area is not None}
        areas |= {int(str(route).partition(":")[2]) for route in self.sets["sent_from"] if route}
        if areas - self.areas.keys():
            self.areas = _read_areas()


def _fill(column: SortedColumn, pairs: Iterable[tuple[Any, int]]) -> None:
    by_value: defaultdict[Any, list[int]] = defaultdict(list)
    for value, card in pairs:
        if value is not None:
            by_value[value].append(card)
    for value in sorted(by_value):
        column.add(value, by_value[value])


def _read_areas() -> dict[int, frozenset[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, countries FROM catalog_deliveryarea")
        return {pk: frozenset(countries) for pk, countries in cursor.fetchall()}


_indexes: dict[int, CardIndex] = {}


def refreshed_index(channel_id: int) -> CardIndex:
    """Return the index of a channel in its current state.

    Locks:  the index, within this process, while it is refreshed
    """
    index = _indexes.get(channel_id) or _indexes.setdefault(channel_id, CardIndex(channel_id))
    with index.lock:
        index.refresh()
    return index


@contextmanager
def locked_index(channel_id: int) -> Iterator[CardIndex]:
    """Refresh the index of a channel, lock it, yield it.

    Locks:  the index, within this process
    """
    index = refreshed_index(channel_id)
    with index.lock:
        yield index
