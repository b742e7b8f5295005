"""Divide a line among several places where none has all of it. Pure.

It comes from the fewest places that have enough between them. Of those the best takes part: the
first of the given order that can, with all that it has; then the next, until it is whole. What
each sends is what it sells, in its packs. Each is of another supplier: who is asked twice for one
thing, and cannot be told from which warehouse, serves both from the same. Who looks for very long
finds nothing: a line that many places could fill in packs of many sizes is then as good as not to
be had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

MOST_STEPS = 1_000  # some ten milliseconds, and some ten steps where nobody sells packs
TRIES = 20  # other quantities that are looked at for who asked for too many


class Place(Protocol):
    """A place as far as it is asked what it can send."""

    @property
    def supplier_id(self) -> int: ...
    def fits(self, quantity: int) -> bool: ...
    def at_most(self, quantity: int) -> int: ...


def split[P: Place](quantity: int, able: Sequence[P], *, places: int) -> list[tuple[P, int]]:
    """Say who of these sends how many, at most so many of them; nothing where they cannot.

    Shape:  ``able`` with the best first; each part is of another supplier
    """
    return _Search[P]().split(quantity, able, places)


def most[P: Place](quantity: int, able: Sequence[P], *, places: int) -> int:
    """Return the most that is not more than this, and that some of these can send together."""
    alone = max((one.at_most(quantity) for one in able), default=0)
    top = min(quantity, _together(quantity, able, places))
    return next(_possible(range(top, alone, -1), able, places), alone)


def fewest_more[P: Place](quantity: int, able: Sequence[P], *, places: int, top: int) -> int | None:
    """Return the fewest that are not fewer than this, up to ``top``, and that they can send."""
    limit = min(top, _together(top, able, places))
    return next(_possible(range(quantity, limit + 1), able, places), None)


def _possible[P: Place](quantities: range, able: Sequence[P], places: int) -> Iterator[int]:
    search = _Search[P]()
    return (units for units in quantities[:TRIES] if search.split(units, able, places))


def _together[P: Place](quantity: int, able: Sequence[P], places: int) -> int:
    """Count what the fullest of them have between them, each up to so many."""
    fullest: dict[int, int] = {}
    for one in able:
        fullest[one.supplier_id] = max(one.at_most(quantity), fullest.get(one.supplier_id, 0))
    return sum(sorted(fullest.values(), reverse=True)[:places])


class _Search[P: Place]:
    """Tries one place after the other, and counts its steps."""

    def __init__(self) -> None:
        self._left = MOST_STEPS

    def split(self, quantity: int, able: Sequence[P], places: int) -> list[tuple[P, int]]:
        usable = [one for one in able if one.at_most(quantity)]
        for count in range(2, places + 1):
            if found := self.parts(quantity, usable, count):
                return found
        return []

    def parts(self, quantity: int, able: Sequence[P], count: int) -> list[tuple[P, int]]:
        """Divide among exactly so many of them."""
        if _together(quantity, able, count) < quantity:
            return []
        for number, one in enumerate(able):
            self._left -= 1
            if self._left < 0:
                return []
            if count == 1:
                if one.fits(quantity):
                    return [(one, quantity)]
                continue
            others = [each for each in able[number + 1 :] if each.supplier_id != one.supplier_id]
            fewest = max(1, quantity - _together(quantity, others, count - 1))
            units = one.at_most(quantity - 1)
            while units >= fewest and self._left >= 0:
                if rest := self.parts(quantity - units, others, count - 1):
                    return [(one, units), *rest]
                self._left -= 1
                units = one.at_most(units - 1)
        return []
