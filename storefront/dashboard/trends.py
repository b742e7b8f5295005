"""Draw a measure over time: a line, and the band in which the truth lies. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

WIDTH, HEIGHT = 360, 168
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 26
HEADROOM = Decimal("1.1")


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
    """Lay out a measure; a rate is drawn from 0 to 1, a time from 0 to its highest bound."""
    if not points:
        return None
    ordered = sorted(points, key=lambda point: point.on)
    top = Decimal(1) if is_rate else _top(ordered)
    end = ordered[-1]
    first, last = ordered[0].on, end.on
    days = max(1, (last - first).days)

    def x(on: date) -> float:
        share = (on - first).days / days if last > first else 1.0
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(value: Decimal) -> float:
        share = float(min(value, top) / top)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    places = [(x(point.on), y(point.value)) for point in ordered]
    return Trend(
        line="M" + " L".join(f"{left} {up}" for left, up in places),
        band=" ".join(_bands(ordered, x, y)),
        dot=places[-1],
        whisker=None if end.low is None or end.high is None else (y(end.high), y(end.low)),
        marks=tuple(Mark(at=y(top * part / 2), value=top * part / 2) for part in (0, 1, 2)),
        first=first,
        last=last,
    )


def _top(points: Sequence[Point]) -> Decimal:
    highest = max(max(point.value, point.high or Decimal(0)) for point in points)
    return highest * HEADROOM or Decimal(1)


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
