"""Draw what something cost, or how many there were, over time. Pure: nothing but numbers.

What is known holds until the next news, so the lines are stairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import itemgetter

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 26
ROUND_TOPS = (Decimal(1), Decimal(2), Decimal(4), Decimal(5), Decimal(8), Decimal(10))
TENTH = Decimal("0.1")

type Stair = tuple[datetime, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From when on which price was asked, None: none; and its cost, None: not kept."""

    at: datetime
    price: Decimal | None
    landed: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything a template needs to draw.

    Shape:  ``lines`` are paths; ``marks`` are heights with what they stand for
    """

    lines: tuple[str, ...]
    marks: tuple[tuple[str, Decimal], ...]
    first: datetime
    last: datetime
    width: int
    height: int
    left: int

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def words(self) -> int:
        return self.height - 6

    @property
    def label(self) -> int:
        return self.left - 6


def chart(steps: Sequence[Step], *, until: datetime) -> Chart | None:
    """Lay out prices and landed costs from the first to now; None: there were none."""
    ordered = sorted(steps, key=lambda step: step.at)
    prices = [(step.at, step.price) for step in ordered]
    return draw([prices, [(step.at, step.landed) for step in ordered]], until=until)


def draw(
    lines: Sequence[Sequence[Stair]],
    *,
    until: datetime,
    width: int = WIDTH,
    height: int = HEIGHT,
    left: int = LEFT,
) -> Chart | None:
    """Lay out what held from one moment to the next, from zero up; None: nothing did."""
    known = [(at, value) for line in lines for at, value in line if value is not None]
    if not known:
        return None
    first, last = min(at for at, _ in known), max(until, *(at for at, _ in known))
    top = round_top(max(value for _, value in known))
    span = max(1, int((last - first).total_seconds()))

    def x(at: datetime) -> str:
        passed = int((at - first).total_seconds())
        return str((left + Decimal(passed) / span * (width - left - RIGHT)).quantize(TENTH))

    def y(value: Decimal) -> str:
        return str((height - BOTTOM - value / top * (height - TOP - BOTTOM)).quantize(TENTH))

    def stairs(line: Sequence[Stair]) -> str:
        path: list[str] = []
        ordered = sorted(line, key=itemgetter(0))
        ends = [*(at for at, _ in ordered[1:]), last]
        before: Decimal | None = None
        for (at, value), end in zip(ordered, ends, strict=bool(ordered)):
            if value is not None:
                begins = f"M{x(at)} {y(value)}" if before is None else f"V{y(value)}"
                path += [begins, f"H{x(end)}"]
            before = value
        return " ".join(path)

    return Chart(
        lines=tuple(stairs(line) for line in lines),
        marks=tuple((y(value), value) for value in (Decimal(0), top / 2, top)),
        first=first,
        last=last,
        width=width,
        height=height,
        left=left,
    )


def round_top(highest: Decimal) -> Decimal:
    """End the scale at a number that people read at a glance, and whose half is one too."""
    unit = Decimal(1).scaleb(highest.adjusted()) if highest > 0 else Decimal(1)
    return next(unit * top for top in ROUND_TOPS if unit * top >= highest)
