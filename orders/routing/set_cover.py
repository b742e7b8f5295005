"""Set cover: choose the fewest sources that fill all lines. Pure: no I/O, no clock.

An exact search can take exponential time, so its steps are limited. When they are used up, the
best cover found competes with a greedy one. Some cover of all lines is always returned.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from orders.routing.ranking import Rank

# A cart of a few lines needs about ten steps; 2,000 take a few milliseconds.
MAX_STEPS = 2_000

type Cost = tuple[Rank, int]  # summable numbers, and the id of the choice
type Line = Mapping[int, Cost]
type Total = tuple[Rank, list[int]]


def choose_sources(lines: Sequence[Line]) -> list[int]:
    """Return the choice of each line: the fewest sources, and of those the cheapest.

    Shape:  each line maps the sources that can fill it to their cost; at least one source
    """
    needed = _undominated(lines)
    # Lines with a single source come first: that source is in every cover.
    ordered = sorted(
        ({source: line[source] for source in line.keys() & needed} for line in lines), key=len
    )
    reach = _coverage(ordered)
    search = _Search(ordered, reach)
    all_lines = (1 << len(ordered)) - 1
    for size in count():
        covers = set(search.covers(all_lines, frozenset(), size))
        if search.is_exhausted:
            covers.add(_greedy(ordered, reach))
        if covers:
            fewest = min(map(len, covers))
            *_, names = min(_total(lines, cover) for cover in covers if len(cover) == fewest)
            return names
    raise AssertionError("count() is endless")


def _coverage(lines: Sequence[Line]) -> dict[int, int]:
    """Return for each source a bit mask of the lines that it can fill."""
    reach: dict[int, int] = {}
    for number, line in enumerate(lines):
        for source in line:
            reach[source] = reach.get(source, 0) | 1 << number
    return reach


def _undominated(lines: Sequence[Line]) -> frozenset[int]:
    """Return the sources that no other dominates (same lines at lower cost)."""
    reach = _coverage(lines)

    def is_dominated(source: int) -> bool:
        filled = [line for line in lines if source in line]
        return any(
            reach[source] & ~reach[other] == 0
            and all(line[other] < line[source] for line in filled)
            for other in filled[0]
        )

    return frozenset(source for source in reach if not is_dominated(source))


def _total(lines: Sequence[Line], cover: frozenset[int]) -> Total:
    """Return the sum of the lines, each filled from its cheapest chosen source."""
    return _sum([min(line[source] for source in cover & line.keys()) for line in lines])


def _sum(costs: Sequence[Cost]) -> Total:
    ranks = zip(*(rank for rank, _ in costs), strict=True)
    return tuple(map(sum, ranks)), [name for _, name in costs]


class _Search:
    """Search for covers of one size; counts steps over all sizes."""

    def __init__(self, lines: Sequence[Line], reach: Mapping[int, int]) -> None:
        self._reach = reach
        self._widest = max((mask.bit_count() for mask in reach.values()), default=0)
        self._sources = [
            sorted(line, key=lambda source: (-reach[source].bit_count(), line[source]))
            for line in lines
        ]
        self._steps_left = MAX_STEPS

    @property
    def is_exhausted(self) -> bool:
        return self._steps_left < 0

    def covers(
        self, open_lines: int, chosen: frozenset[int], size: int
    ) -> Iterator[frozenset[int]]:
        """Yield covers of the open lines by ``size`` sources, some repeatedly.

        All smallest covers are found, because each contains a source of the first open line.
        """
        if not open_lines:
            yield chosen
            return
        if (size - len(chosen)) * self._widest < open_lines.bit_count():
            return
        first = (open_lines & -open_lines).bit_length() - 1
        for source in self._sources[first]:
            self._steps_left -= 1
            if self.is_exhausted:
                return
            yield from self.covers(open_lines & ~self._reach[source], chosen | {source}, size)


def _greedy(lines: Sequence[Line], reach: Mapping[int, int]) -> frozenset[int]:
    """Choose the source that fills most open lines, then the cheapest, until none is open."""
    chosen: list[int] = []
    open_lines = (1 << len(lines)) - 1

    def rank(source: int) -> tuple[int, Total]:
        filled = reach[source] & open_lines
        costs = [line[source] for number, line in enumerate(lines) if filled >> number & 1]
        return -len(costs), _sum(costs)

    while open_lines:
        chosen.append(min(reach, key=rank))
        open_lines &= ~reach[chosen[-1]]
    for source in tuple(chosen):  # drop sources that later ones made redundant
        others = [other for other in chosen if other != source]
        if all(line.keys() & others for line in lines):
            chosen = others
    return frozenset(chosen)
