"""Draw what something cost and what was asked for it, over time. Pure: nothing but numbers.

Prices hold until the next one, so the lines are stairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 26
ROUND_TOPS = (Decimal(1), Decimal(2), Decimal(4), Decimal(5), Decimal(8), Decimal(10))
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From when on which price was asked; None where the cost was not kept."""

    at: datetime
    price: Decimal
    landed: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything a template needs to draw.

    Shape:  ``price`` and ``landed`` are paths; ``marks`` are heights with what they stand for
    """

    price: str
    landed: str
    marks: tuple[tuple[str, Decimal], ...]
    first: datetime
    last: datetime
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    words: int = HEIGHT - 6
    label: int = LEFT - 6


def chart(steps: Sequence[Step], *, until: datetime) -> Chart | None:
    """Lay out the prices from the first to now, from zero up; None: there were none."""
    if not steps:
        return None
    ordered = sorted(steps, key=lambda step: step.at)
    first, last = ordered[0].at, max(until, ordered[-1].at)
    top = round_top(max(max(step.price, step.landed or step.price) for step in ordered))
    span = max(1, int((last - first).total_seconds()))

    def x(at: datetime) -> str:
        passed = int((at - first).total_seconds())
        return str((LEFT + Decimal(passed) / span * (WIDTH - LEFT - RIGHT)).quantize(TENTH))

    def y(amount: Decimal) -> str:
        return str((HEIGHT - BOTTOM - amount / top * (HEIGHT - TOP - BOTTOM)).quantize(TENTH))

    def stairs(amounts: Sequence[Decimal | None]) -> str:
        path: list[str] = []
        ends = [*(step.at for step in ordered[1:]), last]
        before: Decimal | None = None
        for step, end, amount in zip(ordered, ends, amounts, strict=True):
            if amount is not None:
                begins = f"M{x(step.at)} {y(amount)}" if before is None else f"V{y(amount)}"
                path += [begins, f"H{x(end)}"]
            before = amount
        return " ".join(path)

    return Chart(
        price=stairs([step.price for step in ordered]),
        landed=stairs([step.landed for step in ordered]),
        marks=tuple((y(value), value) for value in (Decimal(0), top / 2, top)),
        first=first,
        last=last,
    )


def round_top(highest: Decimal) -> Decimal:
    """End the scale at a number that people read at a glance, and whose half is one too."""
    unit = Decimal(1).scaleb(highest.adjusted()) if highest > 0 else Decimal(1)
    return next(unit * top for top in ROUND_TOPS if unit * top >= highest)
