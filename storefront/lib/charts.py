"""Draw a measure over time: a line, and the band in which the truth lies. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

WIDTH, HEIGHT = 360, 168
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 26
# The ends of a scale that people read at a glance; half of each is round too.
TOPS = tuple(Decimal(top) for top in (2, 4, 6, 8, 10, 20, 30, 40, 60, 80, 100, 200, 400, 600, 1000))
UNITS_S = (86_400, 3_600, 60, 1)
RATE_TOPS = tuple(Decimal(top) / 100 for top in (10, 20, 50, 100))
RATE_FLOORS = tuple(Decimal(floor) / 100 for floor in (90, 80, 50, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One day of a measure; a bound is None where the sample is too small for one."""

    on: date
    value: Decimal
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a line of the grid stands, and what it stands for."""

    at: float
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Everything a template needs to draw.

    Shape:  ``band`` and ``line`` are paths; ``whisker`` are the ends of the last day's bounds
    """

    line: str
    band: str
    dot: tuple[float, float]
    whisker: tuple[float, float] | None
    marks: tuple[Mark, ...]
    first: date
    last: date
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    floor: int = HEIGHT - BOTTOM


def trend(points: Sequence[Point], *, is_rate: bool) -> Trend | None:
    """Lay out a measure on a scale that its values fill; a band may leave it."""
    if not points:
        return None
    ordered = sorted(points, key=lambda point: point.on)
    end = ordered[-1]
    floor, top = _rates(ordered) if is_rate else (Decimal(0), _top(ordered))
    first, last = ordered[0].on, end.on
    days = max(1, (last - first).days)

    def x(on: date) -> float:
        share = (on - first).days / days if last > first else 1.0
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(value: Decimal) -> float:
        share = float((max(floor, min(value, top)) - floor) / (top - floor))
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    places = [(x(point.on), y(point.value)) for point in ordered]
    return Trend(
        line="M" + " L".join(f"{left} {up}" for left, up in places),
        band=" ".join(_bands(ordered, x, y)),
        dot=places[-1],
        whisker=None if end.low is None or end.high is None else (y(end.high), y(end.low)),
        marks=tuple(Mark(at=y(value), value=value) for value in (floor, (floor + top) / 2, top)),
        first=first,
        last=last,
    )


def _rates(points: Sequence[Point]) -> tuple[Decimal, Decimal]:
    """Show the half, the fifth or the tenth of all rates in which these lie."""
    lowest = min(*(point.value for point in points), points[-1].low or Decimal(0), Decimal(1))
    highest = max(*(point.value for point in points), points[-1].high or Decimal(1), Decimal(0))
    floor = next(floor for floor in RATE_FLOORS if floor <= lowest)
    top = next(top for top in RATE_TOPS if top >= highest)
    return (floor, Decimal(1)) if floor else (floor, top)


def _top(points: Sequence[Point]) -> Decimal:
    """End the scale at a round number of seconds, minutes, hours or days, or milliseconds."""
    highest = max(*(point.value for point in points), points[-1].high or Decimal(0), Decimal(1))
    unit = next(unit for unit in UNITS_S if unit <= highest)
    return unit * next(top for top in (*TOPS, highest) if unit * top >= highest)


def _bands(
    points: Sequence[Point], x: Callable[[date], float], y: Callable[[Decimal], float]
) -> Iterator[str]:
    """Yield a piece of the band between each two days that both have bounds."""
    for one, other in pairwise(points):
        if one.low is None or one.high is None or other.low is None or other.high is None:
            continue
        corners = (
            (x(one.on), y(one.high)),
            (x(other.on), y(other.high)),
            (x(other.on), y(other.low)),
            (x(one.on), y(one.low)),
        )
        yield "M" + " L".join(f"{left} {up}" for left, up in corners) + " Z"
