"""Block shapes: draw bodies with a front, seen slightly from the side, and bands around an oval.

A front has any outline and is extruded into the depth. Straps and bands are ribbons.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from .svg import Pen, Point, brightness, lit, mix, num, points_path, rounded_box

Outline = Callable[[float], str]  # the path of the front, drawn in by so much
SLICES = 9


def box(width: float, height: float, radius: float, *, at: Point = (0, 0)) -> Outline:
    def path(inset: float) -> str:
        return rounded_box(width - 2 * inset, height - 2 * inset, max(radius - inset, 0.2), at=at)

    return path


def chamfered(width: float, height: float, cut: float, *, at: Point = (0, 0)) -> Outline:
    """Give a box whose corners are cut off."""

    def path(inset: float) -> str:
        w, h, c = width / 2 - inset, height / 2 - inset, max(cut - inset * 0.4, 0.1)
        corners = ((c - w, -h), (w - c, -h), (w, c - h), (w, h - c), (w - c, h), (c - w, h))
        return points_path((at[0] + x, at[1] + y) for x, y in (*corners, (-w, h - c), (-w, c - h)))

    return path


def shield(
    width: float, height: float, radius: float, taper: float, *, at: Point = (0, 0)
) -> Outline:
    """Give a box that is narrower below, with round corners."""

    def path(inset: float) -> str:
        w, h, r = width / 2 - inset, height / 2 - inset, max(radius - inset, 0.3)
        low, lean = w - taper, taper * 0.15
        stops = (
            ("M", r - w, -h), ("L", w - r, -h), ("Q", w, -h), (" ", w - lean, r - h),
            ("L", low + lean, h - r), ("Q", low, h), (" ", low - r, h),
            ("L", r - low, h), ("Q", -low, h), (" ", -low - lean, h - r),
            ("L", lean - w, r - h), ("Q", -w, -h), (" ", r - w, -h),
        )  # fmt: skip
        steps = (f"{step}{num(at[0] + x)} {num(at[1] + y)}" for step, x, y in stops)
        return f"{''.join(steps)}Z"

    return path


class Block:
    """A view of bodies that share their front's direction.

    Units:  degrees: ``yaw`` shows the right side, ``pitch`` the top
    """

    def __init__(self, pen: Pen, *, yaw: float, pitch: float) -> None:
        turn, tip = math.radians(yaw), math.radians(pitch)
        self.pen = pen
        self.matrix = (
            f"matrix({num(math.cos(turn))} {num(math.sin(turn) * math.sin(tip))}"
            f" 0 {num(math.cos(tip))} 0 0)"
        )
        self.back: Point = (
            math.tan(turn),
            -math.sin(tip) / (math.cos(turn) * math.cos(tip)),
        )  # where one step into the depth leads, in the front's own coordinates

    def front(self, depth: float = 0) -> AbstractContextManager[None]:
        """Draw on the front, or on a plane behind it (before it where depth is below 0)."""
        x, y = self.back[0] * depth, self.back[1] * depth
        return self.pen.moved(f"{self.matrix} translate({num(x)} {num(y)})")

    def push(  # noqa: PLR0913 a body has so many sides
        self,
        outline: Outline,
        *,
        near: float,
        far: float,
        color: str,
        bevel: float = 1.5,
        size: Point,
        is_matte: bool = False,
    ) -> None:
        """Draw a body from its back to its front.

        Units:  ``size`` is about how wide and high it is: the light falls over that
        """
        depth = far - near
        width, height = size
        boost = 0.1 if brightness(color) < 0.2 else 0  # noqa: PLR2004 dark goods on dark pages
        wall = self.pen.linear(
            (
                (0, lit(color, 0.3 + boost), 1),
                (0.3, lit(color, 0.02 + boost), 1),
                (0.62, lit(color, -0.45), 1),
                (1, lit(color, -0.62 + boost), 1),
            ),
            line=(-width * 0.3, -height / 2, width * 0.4, height / 2),
        )
        stride = max(abs(self.back[0]), abs(self.back[1])) * depth / SLICES
        for place in range(SLICES, -1, -1):
            share = place / SLICES
            edge = min(share, 1 - share) * depth
            inset = bevel * (1 - math.sqrt(max(1 - (1 - min(edge / bevel, 1)) ** 2, 0))) * 0.6
            with self.front(near + depth * share):
                if place == SLICES:
                    self.pen.path(outline(inset), fill=lit(color, -0.5))
                self.pen.path(outline(inset + 0.4), line=wall, width=stride * 1.4 + 0.9)
        self.face(outline, near=near, color=color, bevel=bevel, size=size, is_matte=is_matte)

    def face(  # noqa: PLR0913
        self,
        outline: Outline,
        *,
        near: float,
        color: str,
        bevel: float,
        size: Point,
        is_matte: bool = False,
    ) -> None:
        width, height = size
        line = (-width * 0.42, -height * 0.5, width * 0.42, height * 0.5)
        high = 0.2 if is_matte else 0.42
        fill = self.pen.linear(
            (
                (0, lit(color, high), 1),
                (0.3, lit(color, high * 0.35), 1),
                (0.6, lit(color, -0.1), 1),
                (1, lit(color, -0.4), 1),
            ),
            line=line,
        )
        rim = self.pen.linear(
            ((0, lit(color, 0.7), 0.9), (0.5, lit(color, 0.3), 0.2), (1, lit(color, 0.2), 0.35)),
            line=line,
        )
        with self.front(near):
            self.pen.path(outline(bevel * 0.6), fill=fill)
            self.pen.path(outline(bevel * 0.75), line=rim, width=0.45)

    def plate(
        self, outline: Outline, *, near: float, color: str, size: Point, is_glossy: bool = True
    ) -> None:
        """Let another material into the front, with a shadow line around it."""
        width, height = size
        with self.front(near):
            self.pen.path(outline(-0.5), fill="#05060a", opacity=0.55)
            fill = self.pen.linear(
                ((0, lit(color, 0.3), 1), (0.5, color, 1), (1, lit(color, -0.4), 1)),
                line=(-width / 2, -height / 2, width / 2, height / 2),
            )
            self.pen.path(outline(0), fill=fill)
            if is_glossy:
                sheen = self.pen.linear(
                    (
                        (0, "#ffffff", 0.3),
                        (0.36, "#ffffff", 0.1),
                        (0.37, "#ffffff", 0),
                        (1, "#ffffff", 0),
                    ),
                    line=(-width / 2, -height / 2, width / 2, height / 2),
                )
                self.pen.path(outline(0.3), fill=sheen)

    def socket(self, radius: float, *, at: Point, near: float, reach: float, color: str) -> None:
        """Let a round collar stand out from the front, to hold a lens."""
        steps = 8
        for place in range(steps + 1):
            share = place / steps
            with self.front(near - reach * share):
                tone = mix(lit(color, -0.55), lit(color, 0.05), share)
                self.pen.circle(radius * (1.04 - 0.04 * share), at=at, fill=tone)
        with self.front(near - reach):
            ring = self.pen.linear(
                ((0, lit(color, 0.75), 1), (0.5, color, 1), (1, lit(color, -0.55), 1)),
                line=(at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius),
            )
            self.pen.circle(radius, at=at, fill=ring)
            self.pen.circle(radius * 0.88, at=at, fill="#08090d")

    def screw(self, at: Point, radius: float, *, near: float) -> None:
        with self.front(near):
            self.pen.circle(radius * 1.2, at=at, fill="#05060a", opacity=0.5)
            self.pen.circle(radius, at=at, fill="#b9bfc9")
            x, y = at
            self.pen.path(
                f"M{num(x - radius * 0.6)} {num(y)}h{num(radius * 1.2)}"
                f"M{num(x)} {num(y - radius * 0.6)}v{num(radius * 1.2)}",
                line="#4a4f59",
                width=radius * 0.3,
            )

    def knob(self, at: Point, size: Point, *, near: float, color: str, lift: float = 1.4) -> None:
        """Set a push button into the front."""
        outline = box(size[0], size[1], min(size) / 2, at=at)
        with self.front(near):
            self.pen.path(outline(-0.8), fill="#05060a", opacity=0.55)
        self.push_small(outline, near=near - lift, far=near, color=color, at=at, size=size)

    def push_small(  # noqa: PLR0913
        self, outline: Outline, *, near: float, far: float, color: str, at: Point, size: Point
    ) -> None:
        steps = 6
        for place in range(steps, -1, -1):
            with self.front(near + (far - near) * place / steps):
                self.pen.path(outline(0), fill=lit(color, -0.45))
        fill = self.pen.linear(
            ((0, lit(color, 0.45), 1), (0.5, color, 1), (1, lit(color, -0.3), 1)),
            line=(
                at[0] - size[0] / 2,
                at[1] - size[1] / 2,
                at[0] + size[0] / 2,
                at[1] + size[1] / 2,
            ),
        )
        with self.front(near):
            self.pen.path(outline(0), fill=fill)


# Straps and bands


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
