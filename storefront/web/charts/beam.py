"""Beam chart: draw a beam's shape and reach from candela and lumens on one scale. Pure.

The intensity is modeled as a round hot spot, I(a) = cd * exp(-a**2 / 2s**2), whose flux equals the
light's lumens: 2 pi s**2 cd = lm. All beams are drawn by the same formula and scale.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

type Point = tuple[float, float]

FULL_MOON_LX = 0.25  # ANSI/PLATO FL 1: a beam ends where it is as dim as a full moon
CONTOURS_LX = (FULL_MOON_LX, 1.0, 10.0)
DECADES = 3  # the glyph's scale runs from 1 m to 1,000 m
STEPS = 24
# Paths of glyphs have whole numbers: decimals took two thirds of a list page. Templates scale them by
# 1 / PATH_SCALE.
PATH_SCALE = 4
ALL_ROUND = 0.85  # radians; a light with a wider hot spot is drawn as shining all round
# The chart
CHART_WIDTH, CHART_MARGIN = 640, 28
CHART_MAX_HALF, CHART_MIN_HALF = 150, 34
NEAR_LX = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Position of a logarithmic scale.

    Shape:  ``compression`` narrows the beams to fit the height; half a contour has ``steps`` lines
    """

    source_x: float
    length: float
    middle: float
    half: float
    compression: float
    steps: int

    def x(self, meters: float) -> float:
        return round(self.source_x + self.length * math.log10(max(meters, 1)) / DECADES, 1)


GLYPH = Frame(source_x=14, length=186, middle=24, half=23, compression=0.58, steps=12)
STAGE = Frame(source_x=46, length=910, middle=132, half=112, compression=0.5, steps=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyph:
    """A small beam on a log scale.

    Shape:  ``paths`` are its contours, the widest first, in units of 1 / ``PATH_SCALE``
    """

    reach_m: int
    paths: tuple[str, ...]
    ticks: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contour:
    """Where the ground is lit to ``lux``: outline and reach."""

    lux: float
    reach_m: int
    path: str
    label_x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A beam from above in true proportions, with a scale in meters."""

    width: int
    height: float
    middle: float
    axis_y: float
    source_x: float
    contours: tuple[Contour, ...]
    ticks: tuple[tuple[float, int], ...]
    is_all_round: bool


def reach_m(intensity_cd: int, lux: float = FULL_MOON_LX) -> int:
    """Return the distance at which the beam's center falls to ``lux``: sqrt(cd / lx)."""
    return round(math.sqrt(intensity_cd / lux))


def spread(intensity_cd: int, output_lm: float) -> float:
    """Return the hot spot's radius in radians; an area light shines nearly all round."""
    return min(math.sqrt(output_lm / (2 * math.pi * intensity_cd)), math.sqrt(2))


@lru_cache(maxsize=2048)
def glyph(intensity_cd: int, output_lm: float, frame: Frame = GLYPH) -> Glyph:
    return Glyph(
        reach_m=reach_m(intensity_cd),
        paths=tuple(
            _relative_path(each) for each in glyph_contours(intensity_cd, output_lm, frame)
        ),
        ticks=tuple((frame.x(10**exponent), 10**exponent) for exponent in range(1, DECADES + 1)),
    )


def glyph_contours(intensity_cd: int, output_lm: float, frame: Frame = GLYPH) -> list[list[Point]]:
    """Return the contours of a glyph as points, the widest first."""
    sigma = spread(intensity_cd, output_lm)
    reaches = [math.sqrt(intensity_cd / lux) for lux in CONTOURS_LX]
    return [_glyph_contour(distance_m, sigma, frame) for distance_m in reaches if distance_m > 1]


def _glyph_contour(distance_m: float, sigma: float, frame: Frame) -> list[Point]:
    """Return the outline of one contour in log-polar form: true angles, logarithmic distances."""
    is_all_round = sigma > ALL_ROUND
    widest = min(2 * sigma * math.sqrt(math.log(distance_m)), math.pi)
    if is_all_round:
        widest = math.pi
    unit = frame.length / (DECADES * math.log(10))
    upper = []
    for step in range(frame.steps + 1):
        angle = widest * (1 - step / frame.steps)
        fall = 0 if is_all_round else angle**2 / (4 * sigma**2)
        length = max(math.log(distance_m) - fall, 0) * unit
        y = frame.half * math.tanh(frame.compression * length * math.sin(angle) / frame.half)
        upper.append((max(frame.source_x + length * math.cos(angle), 0), y))
    return _mirrored(upper, frame.middle)


def _relative_path(points: Sequence[Point]) -> str:
    """Return a closed path of relative lines, which is the shortest."""
    scaled = [(round(x * PATH_SCALE), round(y * PATH_SCALE)) for x, y in points]
    lines = " ".join(f"{to_x - x},{to_y - y}" for (x, y), (to_x, to_y) in pairwise(scaled))
    return "M{},{}l{}Z".format(*scaled[0], lines)


@lru_cache(maxsize=512)
def chart(intensity_cd: int, output_lm: float) -> Chart:
    sigma = spread(intensity_cd, output_lm)
    outlines = [(lux, _outline(intensity_cd, sigma, lux)) for lux in CONTOURS_LX]
    edge = outlines[0][1]
    half_m = max(y for _, y in edge)
    back_m = -min(x for x, _ in edge)
    front_m = max(x for x, _ in edge)
    room = CHART_WIDTH - 2 * CHART_MARGIN
    px_per_m = min(room / (front_m + back_m), CHART_MAX_HALF / half_m)
    half = max(half_m * px_per_m, CHART_MIN_HALF)
    middle = half + 20
    is_all_round = back_m * px_per_m > 1
    source_x = CHART_MARGIN + back_m * px_per_m
    if is_all_round:
        source_x += (room - (front_m + back_m) * px_per_m) / 2
    contours = []
    for lux, points in outlines:
        if px_per_m * reach_m(intensity_cd, lux) < 1:
            continue
        scaled = [(source_x + x * px_per_m, y * px_per_m) for x, y in points]
        distance_m = max(x for x, _ in points)
        contours.append(
            Contour(
                lux=lux,
                reach_m=reach_m(intensity_cd, lux),
                path="M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in _mirrored(scaled, middle)) + "Z",
                label_x=round(source_x + distance_m * px_per_m, 1),
            )
        )
    step = _step(room / px_per_m)
    last = int((CHART_WIDTH - CHART_MARGIN - source_x) / px_per_m / step)
    return Chart(
        width=CHART_WIDTH,
        height=round(middle + half + 44, 1),
        middle=round(middle, 1),
        axis_y=round(middle + half + 14, 1),
        source_x=round(source_x, 1),
        contours=tuple(contours),
        ticks=tuple((round(source_x + n * step * px_per_m, 1), n * step) for n in range(last + 1)),
        is_all_round=is_all_round,
    )


def _outline(intensity_cd: int, sigma: float, lux: float) -> list[Point]:
    """Return half a contour in meters, from the light to the farthest point."""
    distance_m = math.sqrt(intensity_cd / lux)
    if sigma > ALL_ROUND:
        angles = [math.pi * (1 - step / (2 * STEPS)) for step in range(2 * STEPS + 1)]
        return [(distance_m * math.cos(angle), distance_m * math.sin(angle)) for angle in angles]
    widest = min(2 * sigma * math.sqrt(math.log(distance_m / NEAR_LX)), math.pi)
    points = []
    for step in range(2 * STEPS + 1):
        angle = widest * (1 - step / (2 * STEPS))
        length = distance_m * math.exp(-(angle**2) / (4 * sigma**2))
        points.append((length * math.cos(angle), length * math.sin(angle)))
    return points


def _mirrored(upper: Sequence[Point], middle: float) -> list[Point]:
    lower = [(x, -y) for x, y in reversed(upper[:-1])]
    return [(x, middle + y) for x, y in [*upper, *lower]]


def _step(span_m: float) -> int:
    """Return a round distance between ticks; the scale has at most eight of them."""
    for step in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        if span_m / step <= 7:  # noqa: PLR2004 - at most eight ticks
            return step
    return 1000
