"""The run-time chart: how bright for how long, both on log scales. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 26, 36
LABELS_APART = 15
END_RATE = 0.1  # FL 1 stops the clock at a tenth of the first output
# Where a line stands on the scale of time, and what is written on it.
MARKS = (
    (1, 1, "min"),
    (5, 5, "min"),
    (30, 30, "min"),
    (60, 1, "h"),
    (180, 3, "h"),
    (600, 10, "h"),
    (1440, 24, "h"),
    (4320, 3, "d"),
    (14400, 10, "d"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One mode: so many lumens, until they fell to a tenth."""

    name: str
    output_lm: float
    runtime_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A drawn mode. A claim is only its envelope: we do not know the way down."""

    name: str
    output_lm: float
    path: str
    label_x: float
    label_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChart:
    """Everything a template needs to draw."""

    width: int
    height: int
    left: int
    bottom: int
    lines: tuple[Line, ...]
    across: tuple[tuple[float, int, str], ...]
    up: tuple[tuple[float, int], ...]


def run_chart(runs: Sequence[Run]) -> RunChart | None:
    """Draw the claimed envelopes; nothing to draw without one known mode."""
    if not runs:
        return None
    last = max(2 * max(run.runtime_min for run in runs), 60)
    high = 10 ** math.ceil(math.log10(max(run.output_lm for run in runs) * 1.2))
    low = 10 ** math.floor(math.log10(max(min(run.output_lm for run in runs) / 2, 0.1)))

    def x(minutes: float) -> float:
        share = math.log(max(minutes, 1)) / math.log(last)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(lumens: float) -> float:
        share = math.log(max(lumens, low) / low) / math.log(high / low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    lines = []
    taken: list[float] = []
    for run in sorted(runs, key=lambda one: -one.output_lm):
        level, end = y(run.output_lm), x(run.runtime_min)
        label_y = level - 6
        while any(abs(label_y - other) < LABELS_APART for other in taken):
            label_y += LABELS_APART
        taken.append(label_y)
        lines.append(
            Line(
                name=run.name,
                output_lm=run.output_lm,
                path=f"M{LEFT},{level}H{end}V{y(run.output_lm * END_RATE)}",
                label_x=LEFT + 8,
                label_y=label_y,
            )
        )
    decades = range(round(math.log10(low)), round(math.log10(high)) + 1)
    return RunChart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        bottom=HEIGHT - BOTTOM,
        lines=tuple(lines),
        across=tuple((x(at), number, unit) for at, number, unit in MARKS if at <= last),
        up=tuple((y(10**n), 10**n) for n in decades if n >= 0),
    )
