"""Card index: hold the facet values of all cards of a channel in memory, follow their changes.

Each value of a facet has the set of its cards, and each sort order has its cards in order. So a
list is filtered, counted and sorted without the database, at a cost that hardly depends on the
number of cards. The database remains the truth: ``catalog_cardchange`` (written by a trigger)
names the changed cards, and a process reads them again at most ``REFRESH_AFTER_S`` later.
"""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from threading import RLock
from typing import Any

from django.db import connection
from pyroaring import BitMap64

from catalog.models.search import CHANGES_KEPT_FOR
from catalog.search.conditions import text_query
from catalog.search.query_parser import Term
from catalog.search.sorted_column import SortedColumn

REFRESH_AFTER_S = 1.0
# A process that did not follow for longer may have missed changes: it loads all cards again.
RELOAD_AFTER_S = CHANGES_KEPT_FOR.total_seconds() / 2
LOADED_AT_ONCE = 10_000
MAX_SEARCHES = 200  # whose matches are kept
MAX_CHANGES = 100  # sets of changed cards that a kept search can be updated by


@dataclass(slots=True)
class CardValues:
    """What the index holds of one card, in the order of ``_SELECT``."""

    id: int
    category_id: int
    area_id: int | None
    available: int
    brand: str
    water: int | None
    power: list[str]
    features: list[str]
    colors: list[str]
    sent_from: list[str]
    price_amount: Any
    output_lm: int | None
    beam_m: int | None
    runtime_min: int | None
    weight_g: int | None
    score: int
    added_at: datetime
    as_of: datetime | None

    def sets(self) -> Iterator[tuple[str, Hashable]]:
        """Yield the sets that the card is in."""
        yield "category", self.category_id
        yield "area", self.area_id
        yield "brand", self.brand
        yield "water", self.water
        if self.available > 0:
            yield "available", "yes"
        several: dict[str, list[str]] = {
            "power": self.power,
            "features": self.features,
            "color": self.colors,
            "sent_from": self.sent_from,
        }
        for code, values in several.items():
            if not values:
                yield code, None
            for value in values:
                yield code, value


SORTED = (
    *("price_amount", "output_lm", "beam_m", "runtime_min", "weight_g"),
    *("score", "added_at", "as_of"),
)
_NAMES = ", ".join(column.name for column in fields(CardValues))
_SELECT = f"SELECT {_NAMES} FROM catalog_productcard WHERE channel_id = %s"  # noqa: S608 - constants
# A transaction that is still open may commit with a lower number than one that is visible already:
# all from the oldest open one on are read again.
_CHANGES = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, (
        SELECT array_agg(DISTINCT card) FROM catalog_cardchange, unnest(cards) AS card
        WHERE channel_id = %s AND transaction_id >= %s AND %s
    )
"""


class CardIndex:
    """The cards of one channel. Use it within ``current``, which locks it."""

    def __init__(self, channel_id: int) -> None:
        self.channel_id = channel_id
        self.lock = RLock()
        self._searches: OrderedDict[tuple[Term, ...], tuple[int, BitMap64]] = OrderedDict()
        self._refreshed_at = -float("inf")
        self._clear()

    def _clear(self) -> None:
        self.cards = BitMap64()
        self.sets: defaultdict[str, dict[Hashable, BitMap64]] = defaultdict(dict)
        self.columns = {name: SortedColumn() for name in SORTED}
        self.areas: dict[int, frozenset[str]] = {}
        self._position = 0
        self._changes: list[BitMap64] = []
        self._version = 0
        self._searches.clear()
        self._made: dict[Hashable, BitMap64] = {}

    def of(self, code: str, *values: Hashable) -> BitMap64:
        """Return the cards that have one of the values; None stands for no value.

        The result may be a set of the index itself: it must not be changed.
        """
        held = self.sets[code]
        found = [held[value] for value in values if value in held]
        return found[0] if len(found) == 1 else BitMap64.union(BitMap64(), *found)

    def remembered(self, key: Hashable, make: Callable[[], BitMap64]) -> BitMap64:
        """Return a set that takes long to make, until any card changes."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def in_stock(self, *, country: str, fresh_since: datetime) -> BitMap64:
        """Return the cards that can be bought in a country."""
        available = self.of("available", "yes") & self.columns["as_of"].between(fresh_since)
        return available & self.of("area", *self.areas_of(country))

    def areas_of(self, country: str) -> list[int]:
        """Return the delivery areas of a country; an area without countries reaches all."""
        return [pk for pk, countries in self.areas.items() if not countries or country in countries]

    # Searches

    def matching(self, terms: Sequence[Term]) -> BitMap64:
        """Return the cards that match all search words, from the text index of the database.

        The matches are kept. If cards changed since, only these are searched again.
        """
        key = tuple(terms)
        version, found = self._searches.pop(key, (-1, BitMap64()))
        missed = self._version - version
        if version < 0 or missed > len(self._changes):
            found = self._search(terms)
        elif missed:
            changed = BitMap64.union(BitMap64(), *self._changes[-missed:])
            found = (found - changed) | self._search(terms, changed)
        self._searches[key] = (self._version, found)
        if len(self._searches) > MAX_SEARCHES:
            self._searches.popitem(last=False)
        return found

    def _search(self, terms: Sequence[Term], among: BitMap64 | None = None) -> BitMap64:
        tsquery = text_query(terms)
        test, values = "", [self.channel_id, *tsquery.values]
        if among is not None:
            test, values = "AND id = ANY(%s)", [*values, list(among)]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT array_agg(id) FROM catalog_productcard"  # noqa: S608 - all values are parameters
                f" WHERE channel_id = %s AND search @@ ({tsquery.text}) {test}",
                values,
            )
            ((ids,),) = cursor.fetchall()
        return BitMap64(ids or ())

    # Changes

    def refresh(self) -> None:
        """Read the cards that changed since the last time, or all if that is long ago."""
        age_s = time.monotonic() - self._refreshed_at
        if age_s <= REFRESH_AFTER_S:
            return
        if age_s > RELOAD_AFTER_S or not self._position:
            self._clear()
        with connection.cursor() as cursor:
            cursor.execute(_CHANGES, [self.channel_id, self._position, self._position > 0])
            ((position, changed),) = cursor.fetchall()
        if not self._position:
            self._load_all()
        elif changed:
            self._replace(BitMap64(changed))
        self._position = position
        self._refreshed_at = time.monotonic()

    def _load_all(self) -> None:
        last = 0
        while rows := self._read("AND id > %s ORDER BY id LIMIT %s", last, LOADED_AT_ONCE):
            self._add(rows)
            last = rows[-1].id

    def _replace(self, changed: BitMap64) -> None:
        rows = self._read("AND id = ANY(%s)", list(changed))
        self.cards -= changed
        for code, held in self.sets.items():
            kept = {value: cards - changed for value, cards in held.items()}
            self.sets[code] = {value: cards for value, cards in kept.items() if cards}
        for column in self.columns.values():
            column.remove(changed)
        self._add(rows)
        self._version += 1
        self._made.clear()
        self._changes = [*self._changes, changed][-MAX_CHANGES:]

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
        for name, column in self.columns.items():
            _fill(column, ((getattr(row, name), row.id) for row in rows))
        if self.sets["area"].keys() - self.areas.keys() - {None}:
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


@contextmanager
def current(channel_id: int) -> Iterator[CardIndex]:
    """Lend the index of a channel in its current state.

    Locks:  the index, within this process
    """
    index = _indexes.get(channel_id) or _indexes.setdefault(channel_id, CardIndex(channel_id))
    with index.lock:
        index.refresh()
        yield index
