"""Sorted column: keep cards in the order of one value; select ranges, walk in either direction."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pyroaring import BitMap64

CHUNK_SIZE = 64  # values; a chunk is split at twice the size
MAX_TUPLE = 16  # cards; a bitmap takes a kilobyte, and most prices have few cards
type _Cards = BitMap64 | tuple[int, ...]


@dataclass(slots=True)
class _Chunk:
    """Neighboring values: sorted, with the cards of each, and the union of these cards."""

    values: list[Any] = field(default_factory=list)
    cards: list[_Cards] = field(default_factory=list)
    union: BitMap64 = field(default_factory=BitMap64)


class SortedColumn:
    """The ids of cards by value. Cards without a value are not in the column.

    All values of a column are of one type that can be sorted. A chunk that shares no card with the
    wanted ones is skipped as a whole.
    """

    def __init__(self) -> None:
        self._chunks: list[_Chunk] = []
        self.cards = BitMap64()

    def add(self, value: Any, cards: Iterable[int]) -> None:
        """Add cards, which must not be in the column under another value."""
        added = BitMap64(cards)
        self.cards |= added
        if not self._chunks:
            self._chunks.append(_Chunk([value], [_pack(added)], BitMap64(added)))
            return
        index = max(0, bisect_right(self._chunks, value, key=lambda chunk: chunk.values[0]) - 1)
        chunk = self._chunks[index]
        chunk.union |= added
        place = bisect_left(chunk.values, value)
        if place < len(chunk.values) and chunk.values[place] == value:
            chunk.cards[place] = _pack(added | BitMap64(chunk.cards[place]))
            return
        chunk.values.insert(place, value)
        chunk.cards.insert(place, _pack(added))
        if len(chunk.values) >= 2 * CHUNK_SIZE:
            self._split(index)

    def _split(self, index: int) -> None:
        chunk = self._chunks[index]
        self._chunks[index : index + 1] = [
            _Chunk(chunk.values[part], chunk.cards[part], _union(chunk.cards[part]))
            for part in (slice(CHUNK_SIZE), slice(CHUNK_SIZE, None))
        ]

    def remove(self, cards: BitMap64) -> None:
        """Remove cards, with any values."""
        self.cards -= cards
        for chunk in self._chunks:
            if not chunk.union.intersect(cards):
                continue
            chunk.union -= cards
            kept = [
                (value, remaining)
                for value, held in zip(chunk.values, chunk.cards, strict=True)
                if (remaining := _without(held, cards))
            ]
            chunk.values = [value for value, _ in kept]
            chunk.cards = [remaining for _, remaining in kept]
        self._chunks = [chunk for chunk in self._chunks if chunk.values]

    def between(self, low: Any = None, high: Any = None) -> BitMap64:
        """Return the cards whose value is in a range. Both ends are included; None is open."""
        found: list[_Cards] = []
        for chunk in self._chunks:
            start = 0 if low is None else bisect_left(chunk.values, low)
            end = len(chunk.values) if high is None else bisect_right(chunk.values, high)
            if end - start == len(chunk.values):
                found.append(chunk.union)
            elif start < end:
                found += chunk.cards[start:end]
        return _union(found)

    def lowest_from(self, low: Any) -> Any:
        """Return the lowest value that is at least ``low``, None if all are lower."""
        index = bisect_left(self._chunks, low, key=lambda chunk: chunk.values[-1])
        if index == len(self._chunks):
            return None
        values = self._chunks[index].values
        return values[bisect_left(values, low)]

    def extremes(self, among: BitMap64) -> tuple[Any, Any]:
        """Return the lowest and the highest value of some cards, None without any."""
        return next(self._values(among), None), next(self._values(among, is_descending=True), None)

    def _values(self, among: BitMap64, *, is_descending: bool = False) -> Iterator[Any]:
        step = -1 if is_descending else 1
        for chunk in self._chunks[::step]:
            if chunk.union.intersect(among):
                for value, held in zip(chunk.values[::step], chunk.cards[::step], strict=True):
                    if _have_common(held, among):
                        yield value

    def page(
        self, among: BitMap64, *, offset: int, size: int, is_descending: bool = False
    ) -> list[int]:
        """Return some of the cards by value, then by id; those without a value come last."""
        return list(islice(self._walk(among, offset, is_descending=is_descending), size))

    def _walk(self, among: BitMap64, offset: int, *, is_descending: bool) -> Iterator[int]:
        step = -1 if is_descending else 1
        for chunk in self._chunks[::step]:
            here = chunk.union & among
            if offset >= len(here):
                offset -= len(here)
                continue
            for held in chunk.cards[::step]:
                wanted = _in_both(held, here)
                yield from wanted[offset:] if offset else wanted
                offset = max(0, offset - len(wanted))
        yield from (among - self.cards)[offset:]


def _pack(cards: BitMap64) -> _Cards:
    return cards if len(cards) > MAX_TUPLE else tuple(cards)


def _without(held: _Cards, cards: BitMap64) -> _Cards:
    if isinstance(held, tuple):
        return tuple(card for card in held if card not in cards)
    return _pack(held - cards) if held.intersect(cards) else held


def _have_common(held: _Cards, among: BitMap64) -> bool:
    """Return whether both have a card in common. Makes no set, unlike ``_in_both``."""
    if isinstance(held, tuple):
        return any(card in among for card in held)
    return held.intersect(among)


def _in_both(held: _Cards, among: BitMap64) -> BitMap64 | list[int]:
    if isinstance(held, tuple):
        return [card for card in held if card in among]
    return held & among


def _union(several: Iterable[_Cards]) -> BitMap64:
    bitmaps = [BitMap64()]
    small: list[int] = []
    for held in several:
        if isinstance(held, tuple):
            small += held
        else:
            bitmaps.append(held)
    return BitMap64.union(*bitmaps, BitMap64(small))
