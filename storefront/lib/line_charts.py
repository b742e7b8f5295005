"""Line charts: lay out prices, costs and metrics over time as SVG paths. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 12, 26
ROUND_TOPS = (Decimal(1), Decimal(2), Decimal(4), Decimal(5), Decimal(8), Decimal(10))
TENTH = Decimal("0.1")

type TimedValue = tuple[datetime, Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStep:
    """A price and its landed cost from one moment on; None means no price, or no recorded cost."""

    at: datetime
    price: Decimal | None
    landed: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChart:
    """What a template draws: ``lines`` are SVG paths, ``marks`` heights with their values."""

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
    def date_label_y(self) -> int:
        return self.height - 6

    @property
    def value_label_x(self) -> int:
        return self.left - 6


def price_chart(steps: Sequence[PriceStep], *, until: datetime) -> StepChart | None:
    """Lay out prices and landed costs from the first to ``until``; None if there are none."""
    ordered = sorted(steps, key=lambda step: step.at)
    prices = [(step.at, step.price) for step in ordered]
    return step_chart([prices, [(step.at, step.landed) for step in ordered]], until=until)


def step_chart(
    lines: Sequence[Sequence[TimedValue]],
    *,
    until: datetime,
    width: int = WIDTH,
    height: int = HEIGHT,
    left: int = LEFT,
) -> StepChart | None:
    """Lay out values, each valid until the next, on a scale from zero; None without values."""
    known = [(at, value) for line in lines for at, value in line if value is not None]
    if not known:
        return None
    first, last = min(at for at, _ in known), max(until, *(at for at, _ in known))
    top = round_scale_top(max(value for _, value in known))
    span = max(1, int((last - first).total_seconds()))

    def x(at: datetime) -> str:
        passed = int((at - first).total_seconds())
        return str((left + Decimal(passed) / span * (width - left - RIGHT)).quantize(TENTH))

    def y(value: Decimal) -> str:
        return str((height - BOTTOM - value / top * (height - TOP - BOTTOM)).quantize(TENTH))

    def stairs(line: Sequence[TimedValue]) -> str:
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

    return StepChart(
        lines=tuple(stairs(line) for line in lines),
        marks=tuple((y(value), value) for value in (Decimal(0), top / 2, top)),
        first=first,
        last=last,
        width=width,
        height=height,
        left=left,
    )


def round_scale_top(highest: Decimal) -> Decimal:
    """Return a round upper end for a scale, at least ``highest``; half of it is round too."""
    unit = Decimal(1).scaleb(highest.adjusted()) if highest > 0 else Decimal(1)
    return next(unit * top for top in ROUND_TOPS if unit * top >= highest)


# Metrics over time

TREND_WIDTH, TREND_HEIGHT = 360, 168
TREND_LEFT, TREND_RIGHT, TREND_TOP, TREND_BOTTOM = 56, 12, 12, 26
# Round ends of a scale; half of each is round too.
ROUND_TOPS_OF_UNITS = tuple(
    Decimal(top) for top in (2, 4, 6, 8, 10, 20, 30, 40, 60, 80, 100, 200, 400, 600, 1000)
)
UNITS_S = (86_400, 3_600, 60, 1)
RATE_TOPS = tuple(Decimal(top) / 100 for top in (10, 20, 50, 100))
RATE_FLOORS = tuple(Decimal(floor) / 100 for floor in (90, 80, 50, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoint:
    """A metric on one day; a bound is None if the sample is too small for one."""

    on: date
    value: Decimal
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLine:
    """A grid line: its height and its value."""

    at: float
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendChart:
    """What a template draws; ``whisker`` is the confidence interval of the last day."""

    line: str
    band: str
    dot: tuple[float, float]
    whisker: tuple[float, float] | None
    marks: tuple[GridLine, ...]
    first: date
    last: date
    width: int = TREND_WIDTH
    height: int = TREND_HEIGHT
    left: int = TREND_LEFT
    right: int = TREND_WIDTH - TREND_RIGHT
    floor: int = TREND_HEIGHT - TREND_BOTTOM


def trend_chart(points: Sequence[MetricPoint], *, is_rate: bool) -> TrendChart | None:
    """Lay out a metric on a scale chosen by its values; the scale may cut the confidence band."""
    if not points:
        return None
    ordered = sorted(points, key=lambda point: point.on)
    end = ordered[-1]
    floor, top = _rates(ordered) if is_rate else (Decimal(0), _top(ordered))
    first, last = ordered[0].on, end.on
    days = max(1, (last - first).days)

    def x(on: date) -> float:
        share = (on - first).days / days if last > first else 1.0
        return round(TREND_LEFT + share * (TREND_WIDTH - TREND_LEFT - TREND_RIGHT), 1)

    def y(value: Decimal) -> float:
        share = float((max(floor, min(value, top)) - floor) / (top - floor))
        return round(
            TREND_HEIGHT - TREND_BOTTOM - share * (TREND_HEIGHT - TREND_TOP - TREND_BOTTOM), 1
        )

    points_xy = [(x(point.on), y(point.value)) for point in ordered]
    return TrendChart(
        line="M" + " L".join(f"{across} {down}" for across, down in points_xy),
        band=" ".join(_bands(ordered, x, y)),
        dot=points_xy[-1],
        whisker=None if end.low is None or end.high is None else (y(end.high), y(end.low)),
        marks=tuple(
            GridLine(at=y(value), value=value) for value in (floor, (floor + top) / 2, top)
        ),
        first=first,
        last=last,
    )


def _rates(points: Sequence[MetricPoint]) -> tuple[Decimal, Decimal]:
    """Return the scale of a rate: from 90, 80 or 50 % to 100 %, or from zero to a round top."""
    lowest = min(*(point.value for point in points), points[-1].low or Decimal(0), Decimal(1))
    highest = max(*(point.value for point in points), points[-1].high or Decimal(1), Decimal(0))
    floor = next(floor for floor in RATE_FLOORS if floor <= lowest)
    top = next(top for top in RATE_TOPS if top >= highest)
    return (floor, Decimal(1)) if floor else (floor, top)


def _top(points: Sequence[MetricPoint]) -> Decimal:
    """Return the top of a scale: a round number of days, hours, minutes or seconds."""
    highest = max(*(point.value for point in points), points[-1].high or Decimal(0), Decimal(1))
    unit = next(unit for unit in UNITS_S if unit <= highest)
    return unit * next(top for top in (*ROUND_TOPS_OF_UNITS, highest) if unit * top >= highest)


def _bands(
    points: Sequence[MetricPoint], x: Callable[[date], float], y: Callable[[Decimal], float]
) -> Iterator[str]:
    """Yield one polygon of the band for each two successive days that both have bounds."""
    for earlier, later in pairwise(points):
        if earlier.low is None or earlier.high is None or later.low is None or later.high is None:
            continue
        corners = (
            (x(earlier.on), y(earlier.high)),
            (x(later.on), y(later.high)),
            (x(later.on), y(later.low)),
            (x(earlier.on), y(earlier.low)),
        )
        yield "M" + " L".join(f"{across} {down}" for across, down in corners) + " Z"
