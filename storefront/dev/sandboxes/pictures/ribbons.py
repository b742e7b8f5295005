"""Straps and bands: ribbons laid around an oval."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .colors import lit
from .svg import Pen, Point, num, points_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ribbon:
    """A band around an oval. Its front is at 90 degrees, its right end at 0."""

    center: Point
    across: float
    deep: float

    def at(self, turn: float, height: float) -> Point:
        angle = math.radians(turn)
        return (
            self.center[0] + self.across * math.cos(angle),
            self.center[1] + self.deep * math.sin(angle) + height,
        )

    def piece(self, start: float, end: float, upper: float, lower: float) -> str:
        steps = max(int(abs(end - start) / 5), 2)
        turns = [start + (end - start) * step / steps for step in range(steps + 1)]
        edge = [self.at(turn, upper) for turn in turns]
        back = [self.at(turn, lower) for turn in reversed(turns)]
        return points_path([*edge, *back])

    def line(self, start: float, end: float, height: float) -> str:
        steps = max(int(abs(end - start) / 5), 2)
        turns = [start + (end - start) * step / steps for step in range(steps + 1)]
        return points_path([self.at(turn, height) for turn in turns], closed=False)


def strap(  # noqa: PLR0913 a strap has so many sides
    pen: Pen, ribbon: Ribbon, *, width: float, color: str, accent: str, style: str, is_front: bool
) -> None:
    """Draw the half that runs behind the head, or the half that comes to the front."""
    left, right = ribbon.center[0] - ribbon.across, ribbon.center[0] + ribbon.across
    dim = 0 if is_front else -0.42
    fill = pen.linear(
        (
            (0, lit(color, dim - 0.3), 1),
            (0.14, lit(color, dim + 0.22), 1),
            (0.4, lit(color, dim + 0.06), 1),
            (0.8, lit(color, dim - 0.25), 1),
            (1, lit(color, dim - 0.5), 1),
        ),
        line=(left, 0, right, 0),
    )
    start, end = (0, 180) if is_front else (180, 360)
    half = width / 2
    pen.path(ribbon.piece(start, end, -half, half), fill=fill)
    for height in (-half + 0.9, half - 0.9):
        pen.path(ribbon.line(start, end, height), line=lit(color, 0.35), width=0.35, opacity=0.5)
    paint = accent if is_front else lit(accent, -0.45)
    if style == "stripe":
        pen.path(ribbon.piece(start, end, -half * 0.22, half * 0.22), fill=paint, opacity=0.9)
    elif style == "dashes":
        path = ribbon.line(start, end, 0)
        pen.path(path, line=paint, width=half * 0.34, dashes="7 5", cap="butt", opacity=0.95)
    elif style == "twin":
        for height in (-half * 0.42, half * 0.42):
            pen.path(ribbon.line(start, end, height), line=paint, width=half * 0.16, opacity=0.9)
    elif style == "chevrons":
        _chevrons(pen, ribbon, turns=(start, end), half=half, color=paint)
    elif style == "holes":
        path = ribbon.line(start, end, 0)
        pen.path(
            path, line="#05060a", width=half * 0.5, dashes=f"0.1 {num(half * 1.3)}", opacity=0.7
        )


def _chevrons(
    pen: Pen, ribbon: Ribbon, *, turns: tuple[float, float], half: float, color: str
) -> None:
    paths, (start, end) = [], turns
    turn = start + 6.0
    while turn < end - 6:
        points = [
            ribbon.at(turn, -half * 0.5),
            ribbon.at(turn + 3.5, 0),
            ribbon.at(turn, half * 0.5),
        ]
        paths.append(points_path(points, closed=False))
        turn += 7
    pen.path("".join(paths), line=color, width=1.1, opacity=0.85)


STYLES = ("stripe", "dashes", "twin", "chevrons", "holes", "plain")
