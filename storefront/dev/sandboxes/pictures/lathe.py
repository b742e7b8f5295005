"""Lathe shapes: draw solids of revolution from the side or from the front.

The axis lies along x, the head to the right. ``lean`` turns the head towards the viewer: lengths
shrink by its cosine, and circles become ellipses whose width is its sine.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass

from .svg import Pen, Point, finish, lit, num, points_path

EDGE_MM = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A piece of the profile: a cylinder, or a cone where the radii differ."""

    start: float
    end: float
    radius: float
    radius_end: float
    color: str
    finish: str = "satin"
    texture: str = ""
    is_edged: bool = True


class Lathe:
    """Draws sections from the tail to the head."""

    def __init__(self, pen: Pen, *, lean: float) -> None:
        self.pen = pen
        self.shrink, self.squeeze = math.cos(lean), math.sin(lean)

    def at(self, along: float, radius: float, around: float) -> Point:
        """Project a point of the surface; ``around`` is 0 above, 90 in front, 180 below."""
        angle = math.radians(around)
        return (
            along * self.shrink - radius * math.sin(angle) * self.squeeze,
            -radius * math.cos(angle),
        )

    def outline(self, section: Section) -> str:
        x0, x1 = section.start * self.shrink, section.end * self.shrink
        r0, r1 = section.radius, section.radius_end
        return (
            f"M{num(x0)} {num(-r0)}L{num(x1)} {num(-r1)}"
            f"A{num(r1 * self.squeeze)} {num(r1)} 0 0 1 {num(x1)} {num(r1)}"
            f"L{num(x0)} {num(r0)}A{num(r0 * self.squeeze)} {num(r0)} 0 0 1 {num(x0)} {num(-r0)}Z"
        )

    def section(self, section: Section) -> None:
        path = self.outline(section)
        self.pen.path(path, fill=self.pen.linear(finish(section.color, section.finish)))
        if section.texture:
            TEXTURES[section.texture](self, section)
        if section.is_edged:
            self._edge(section)

    def _edge(self, section: Section) -> None:
        """Catch the light on the rim nearest to us."""
        bright = lit(section.color, 0.45)
        for along, radius, strength in (
            (section.end - EDGE_MM, section.radius_end, 0.5),
            (section.start + EDGE_MM / 2, section.radius, 0.2),
        ):
            for reach, share in ((64, 0.5), (44, 0.5)):
                arc = [
                    self.at(along, radius, around)
                    for around in range(58 - reach // 2, 59 + reach // 2, 8)
                ]
                path = points_path(arc, closed=False)
                self.pen.path(path, line=bright, width=EDGE_MM, opacity=strength * share)
        dark = [self.at(section.start, section.radius, around) for around in range(0, 181, 10)]
        self.pen.path(points_path(dark, closed=False), line="#05060a", width=0.3, opacity=0.5)

    def face(self, along: float, radius: float, *, color: str, shine: float = 0.2) -> None:
        """Close the body with a flat disc that looks forward."""
        fill = self.pen.linear(
            (
                (0, lit(color, shine + 0.15), 1),
                (0.5, lit(color, shine - 0.2), 1),
                (1, lit(color, -0.5), 1),
            ),
            line=(-radius, -radius, radius, radius),
        )
        with self.facing(along):
            self.pen.circle(radius, fill=fill)

    def facing(self, along: float) -> AbstractContextManager[None]:
        """Draw on the disc at a place of the axis, in circles that become ellipses."""
        return self.pen.moved(
            f"translate({num(along * self.shrink)} 0) scale({num(max(self.squeeze, 0.001))} 1)"
        )

    def ring(
        self, along: float, radius: float, *, color: str, width: float, opacity: float = 1
    ) -> None:
        """Draw a line around the visible half."""
        arc = [self.at(along, radius, around) for around in range(0, 181, 9)]
        self.pen.path(
            points_path(arc, closed=False), line=color, width=width, opacity=opacity, cap="butt"
        )

    def patch(self, along: tuple[float, float], radius: float, around: tuple[float, float]) -> str:
        """Give the path of a piece of the surface, from here to there along and around."""
        (x0, x1), (a0, a1) = along, around
        steps = [a0 + (a1 - a0) * step / 8 for step in range(9)]
        there = [self.at(x1, radius, angle) for angle in steps]
        back = [self.at(x0, radius, angle) for angle in reversed(steps)]
        return points_path([*there, *back])


def _helix(lathe: Lathe, section: Section, *, pitch: float, tilt: float) -> str:
    """Give lines that climb around the body, as a knurling wheel leaves them."""
    paths = []
    length = section.end - section.start
    around = -180.0
    while around < 360:  # noqa: PLR2004 once around, and what climbs in from outside
        line = []
        for step in range(13):
            share = step / 12
            angle = around + tilt * share * length
            if -4 <= angle <= 184:  # noqa: PLR2004 the half that faces us
                radius = section.radius + (section.radius_end - section.radius) * share
                line.append(lathe.at(section.start + length * share, radius, angle))
        if len(line) > 1:
            paths.append(points_path(line, closed=False))
        around += pitch
    return "".join(paths)


def _knurl(lathe: Lathe, section: Section) -> None:
    pitch = math.degrees(2.1 / section.radius)
    for tilt in (6.5, -6.5):
        path = _helix(lathe, section, pitch=pitch, tilt=tilt)
        lathe.pen.path(path, line="#04050a", width=0.62, opacity=0.55, cap="butt")
        with lathe.pen.moved("translate(-0.28 -0.3)"):
            lathe.pen.path(path, line=lit(section.color, 0.5), width=0.24, opacity=0.35, cap="butt")


def _coarse(lathe: Lathe, section: Section) -> None:
    pitch = math.degrees(3.6 / section.radius)
    for tilt in (4.2, -4.2):
        path = _helix(lathe, section, pitch=pitch, tilt=tilt)
        lathe.pen.path(path, line="#04050a", width=0.9, opacity=0.6, cap="butt")
        with lathe.pen.moved("translate(-0.4 -0.45)"):
            lathe.pen.path(path, line=lit(section.color, 0.5), width=0.3, opacity=0.4, cap="butt")


def _flutes(lathe: Lathe, section: Section) -> None:
    step = max(math.degrees(2.8 / section.radius), 9)
    around = step / 2
    while around < 180:  # noqa: PLR2004 the half that faces us
        line = points_path(
            [
                lathe.at(section.start + 1.2, section.radius, around),
                lathe.at(section.end - 1.2, section.radius_end, around),
            ],
            closed=False,
        )
        width = max(1.1 * math.sin(math.radians(around)), 0.25)
        lathe.pen.path(line, line="#04050a", width=width, opacity=0.55)
        with lathe.pen.moved(f"translate(0 {num(width * 0.6)})"):
            lathe.pen.path(line, line=lit(section.color, 0.55), width=0.22, opacity=0.4)
        around += step


def _grooves(lathe: Lathe, section: Section) -> None:
    along = section.start + 1.4
    while along < section.end - 0.8:
        share = (along - section.start) / (section.end - section.start)
        radius = section.radius + (section.radius_end - section.radius) * share
        lathe.ring(along, radius, color="#04050a", width=0.75, opacity=0.6)
        lathe.ring(along + 0.55, radius, color=lit(section.color, 0.5), width=0.22, opacity=0.4)
        along += 2.3


def _scales(lathe: Lathe, section: Section) -> None:
    """Cut short slots, row by row."""
    row, along = 0, section.start + 2.2
    while along < section.end - 2:
        around = 10.0 + (row % 2) * 12
        while around < 172:  # noqa: PLR2004 the half that faces us
            line = points_path(
                [
                    lathe.at(along, section.radius, around),
                    lathe.at(along + 1.9, section.radius, around),
                ],
                closed=False,
            )
            width = max(1.7 * math.sin(math.radians(around)), 0.35)
            lathe.pen.path(line, line="#04050a", width=width, opacity=0.5)
            around += 24
        row, along = row + 1, along + 2.6


def _square_cuts(lathe: Lathe, section: Section) -> None:
    _grooves(lathe, section)
    _flutes(lathe, section)


TEXTURES = {
    "knurl": _knurl,
    "coarse": _coarse,
    "flutes": _flutes,
    "grooves": _grooves,
    "scales": _scales,
    "squares": _square_cuts,
}
