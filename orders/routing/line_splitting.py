"""Line splitting: divide a line among several sources if none has all of it. Pure.

The fewest sources that suffice are used, in the given order: the first sends as many as it can,
then the next. Quantities respect minimum and pack size. Each part is from a different
supplier, because a supplier that does not let us choose the warehouse would ship both parts from
one. The search is bounded: a line that takes too many steps counts as unavailable.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

MAX_STEPS = 1_000  # about 10 ms; a line without packs needs about ten
MAX_ALTERNATIVES = 20  # alternative quantities checked when too many are requested


class Source(Protocol):
    """What the split needs to know about a source."""

    @property
    def supplier_id(self) -> int: ...
    def fits(self, quantity: int) -> bool: ...
    def largest_sellable(self, quantity: int) -> int: ...


def split[P: Source](
    quantity: int, sources: Sequence[P], *, max_sources: int
) -> list[tuple[P, int]]:
    """Return the quantity per source, from at most ``max_sources`` sources; empty if impossible.

    Shape:  ``sources`` with the best first; each part is from a different supplier
    """
    return _Search[P]().split(quantity, sources, max_sources)


def max_quantity[P: Source](quantity: int, sources: Sequence[P], *, max_sources: int) -> int:
    """Return the largest quantity up to ``quantity`` that these sources can send together."""
    alone = max((source.largest_sellable(quantity) for source in sources), default=0)
    top = min(quantity, _max_total(quantity, sources, max_sources))
    return next(_possible(range(top, alone, -1), sources, max_sources), alone)


def min_larger_quantity[P: Source](
    quantity: int, sources: Sequence[P], *, max_sources: int, top: int
) -> int | None:
    """Return the smallest quantity from ``quantity`` to ``top`` that they can send, or None."""
    limit = min(top, _max_total(top, sources, max_sources))
    return next(_possible(range(quantity, limit + 1), sources, max_sources), None)


def _possible[P: Source](
    quantities: range, sources: Sequence[P], max_sources: int
) -> Iterator[int]:
    search = _Search[P]()
    return (
        units
        for units in quantities[:MAX_ALTERNATIVES]
        if search.split(units, sources, max_sources)
    )


def _max_total[P: Source](quantity: int, sources: Sequence[P], max_sources: int) -> int:
    """Return what the ``max_sources`` best-stocked suppliers can send, each up to ``quantity``."""
    fullest: dict[int, int] = {}
    for source in sources:
        fullest[source.supplier_id] = max(
            source.largest_sellable(quantity), fullest.get(source.supplier_id, 0)
        )
    return sum(sorted(fullest.values(), reverse=True)[:max_sources])


class _Search[P: Source]:
    """Depth-first search over sources, bounded by ``MAX_STEPS``."""

    def __init__(self) -> None:
        self._steps_left = MAX_STEPS

    def split(self, quantity: int, sources: Sequence[P], max_sources: int) -> list[tuple[P, int]]:
        usable = [source for source in sources if source.largest_sellable(quantity)]
        for count in range(2, max_sources + 1):
            if allocation := self.parts(quantity, usable, count):
                return allocation
        return []

    def parts(self, quantity: int, sources: Sequence[P], count: int) -> list[tuple[P, int]]:
        """Split among exactly ``count`` sources."""
        if _max_total(quantity, sources, count) < quantity:
            return []
        for number, source in enumerate(sources):
            self._steps_left -= 1
            if self._steps_left < 0:
                return []
            if count == 1:
                if source.fits(quantity):
                    return [(source, quantity)]
                continue
            others = [
                other for other in sources[number + 1 :] if other.supplier_id != source.supplier_id
            ]
            fewest = max(1, quantity - _max_total(quantity, others, count - 1))
            units = source.largest_sellable(quantity - 1)
            while units >= fewest and self._steps_left >= 0:
                if others_parts := self.parts(quantity - units, others, count - 1):
                    return [(source, units), *others_parts]
                self._steps_left -= 1
                units = source.largest_sellable(units - 1)
        return []
