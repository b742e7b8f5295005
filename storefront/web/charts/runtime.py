"""Runtime chart: draw output over time for each mode, both on log scales. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 480, 360
LEFT, RIGHT, TOP, BOTTOM = 80, 8, 24, 40
# The text is large enough for phones, which show the chart at half its size.
CHARACTER_WIDTH, MARKS_APART, LABELS_APART = 11, 84, 21
MAX_NAME = 12
LABEL_AFTER = 8
END_RATE = 0.1  # FL 1: the runtime ends at a tenth of the first output
# The output scale, in multiples of the brightest and the dimmest mode. The dimmest one is shown
# until it has fallen to ``END_RATE``.
HEADROOM, FOOTROOM = 1.6, 0.09
LEAD = 6  # the time scale begins at a sixth of the shortest runtime
# Possible grid lines of the time scale, with their labels.
MARKS = (
    (1, 1, "min"),
    (5, 5, "min"),
    (15, 15, "min"),
    (30, 30, "min"),
    (60, 1, "h"),
    (180, 3, "h"),
    (600, 10, "h"),
    (1440, 24, "h"),
    (4320, 3, "d"),
    (14400, 10, "d"),
    (43200, 30, "d"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One mode: its output, and the minutes until the output has fallen to a tenth."""

    name: str
    output_lm: float
    runtime_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A drawn mode: the claimed output until the claimed end. Labels do not overlap."""

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
    top: int
    bottom: int
    lines: tuple[Line, ...]
    across: tuple[tuple[float, int, str], ...]
    up: tuple[tuple[float, int], ...]


def run_chart(runs: Sequence[Run]) -> RunChart | None:
    """Return the chart of the claimed outputs and runtimes; None without a mode."""
    if not runs:
        return None
    first = max(min(run.runtime_min for run in runs) / LEAD, 1)
    high = HEADROOM * max(run.output_lm for run in runs)
    low = FOOTROOM * min(run.output_lm for run in runs)
    per_factor = min(_room(run) / math.log(max(run.runtime_min / first, 2)) for run in runs)

    def x(minutes: float) -> float:
        return round(LEFT + math.log(max(minutes / first, 1)) * per_factor, 1)

    def y(lumens: float) -> float:
        share = math.log(max(lumens / low, 1)) / math.log(high / low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    lines = []
    label_y = -math.inf
    for run in sorted(runs, key=lambda run: -run.output_lm):
        level, end = y(run.output_lm), x(run.runtime_min)
        label_y = max(level + 6, label_y + LABELS_APART)
        lines.append(
            Line(
                name=run.name,
                output_lm=run.output_lm,
                path=f"M{LEFT},{level}H{end}V{y(run.output_lm * END_RATE)}",
                label_x=round(end + LABEL_AFTER, 1),
                label_y=round(label_y, 1),
            )
        )
    decades = range(max(math.ceil(math.log10(low)), 0), math.floor(math.log10(high)) + 1)
    return RunChart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        lines=tuple(lines),
        across=tuple(_apart([(x(at), number, unit) for at, number, unit in MARKS if at >= first])),
        up=tuple((y(10**n), 10**n) for n in decades),
    )


def _room(run: Run) -> float:
    """Return the maximum length of a line, so that its label ends before the edge."""
    characters = min(len(run.name), MAX_NAME) + len(f" {run.output_lm:,.5g} lm")
    return WIDTH - LEFT - RIGHT - LABEL_AFTER - characters * CHARACTER_WIDTH


def _apart(marks: Sequence[tuple[float, int, str]]) -> list[tuple[float, int, str]]:
    """Drop the grid lines whose labels would overlap or cross the edge."""
    visible: list[tuple[float, int, str]] = []
    for mark in marks:
        is_clear = not visible or mark[0] - visible[-1][0] >= MARKS_APART
        if is_clear and mark[0] <= WIDTH - MARKS_APART / 2:
            visible.append(mark)
    return visible
