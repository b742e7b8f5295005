"""Write SVG: shapes, and the gradients they are filled with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from .colors import Stops

Point = tuple[float, float]


def num(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def points_path(points: Iterable[Point], *, closed: bool = True) -> str:
    text = "L".join(f"{num(x)} {num(y)}" for x, y in points)
    return f"M{text}{'Z' if closed else ''}"


def rounded_box(width: float, height: float, radius: float, *, at: Point = (0, 0)) -> str:
    """Give the path of a rounded rectangle around a center."""
    radius = min(radius, width / 2, height / 2)
    left, top = at[0] - width / 2, at[1] - height / 2
    arc = f"a{num(radius)} {num(radius)} 0 0 1 "
    across, down, r = num(width - 2 * radius), num(height - 2 * radius), num(radius)
    return (
        f"M{num(left + radius)} {num(top)}h{across}{arc}{r} {r}v{down}{arc}-{r} {r}"
        f"h-{across}{arc}-{r} -{r}v-{down}{arc}{r} -{r}Z"
    )


def circle_path(radius: float, *, at: Point = (0, 0), squeeze: float = 1) -> str:
    """Give the path of a circle, or of one squeezed along x."""
    rx, ry, across = num(radius * squeeze), num(radius), num(2 * radius * squeeze)
    arc = f"a{rx} {ry} 0 1 1"
    return f"M{num(at[0] - radius * squeeze)} {num(at[1])}{arc} {across} 0{arc} -{across} 0Z"


def ring_points(count: int, radius: float, *, turn: float = 0) -> list[Point]:
    angles = (turn + 2 * math.pi * place / count for place in range(count))
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


class Pen:
    """An SVG that grows: the latest shape lies on top."""

    def __init__(self) -> None:
        self._shapes: list[str] = []
        self._defs: dict[str, str] = {}
        self._under = ""

    def shade(self, at: Point, radius: float) -> None:
        """Cast a soft shadow on the ground under everything, in the sheet's own measure."""
        fill = self.radial(
            ((0, "#05060a", 0.42), (0.5, "#05060a", 0.18), (1, "#05060a", 0)), radius=1
        )
        where = f"translate({num(at[0])} {num(at[1])}) scale({num(radius)} {num(radius * 0.11)})"
        self._under += f'<circle r="1" fill="{fill}" transform="{where}"/>'

    def svg(self, *, size: int, transform: str) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}"'
            f' viewBox="0 0 {size} {size}"><defs>{"".join(self._defs)}</defs>'
            f'{self._under}<g transform="{transform}">{"".join(self._shapes)}</g></svg>'
        )

    def _define(self, tag: str, attributes: str, content: str) -> str:
        """Define once, however often it is used."""
        name = f"d{len(self._defs)}"
        for known, known_name in self._defs.items():
            if known == f'<{tag} id="{known_name}" {attributes}>{content}</{tag}>':
                return known_name
        self._defs[f'<{tag} id="{name}" {attributes}>{content}</{tag}>'] = name
        return name

    def linear(self, stops: Stops, *, line: tuple[float, float, float, float] | None = None) -> str:
        """Define a gradient along a line; without one, from the top to the bottom of a shape."""
        x1, y1, x2, y2 = (num(value) for value in line or (0, 0, 0, 1))
        unit = ' gradientUnits="userSpaceOnUse"' if line else ""
        where = f'x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"{unit}'
        return f"url(#{self._define('linearGradient', where, _stops(stops))})"

    def radial(
        self, stops: Stops, *, at: Point = (0, 0), radius: float, focus: Point | None = None
    ) -> str:
        where = f'cx="{num(at[0])}" cy="{num(at[1])}" r="{num(radius)}"'
        if focus:  # three times as dear as one without
            where += f' fx="{num(focus[0])}" fy="{num(focus[1])}"'
        where += ' gradientUnits="userSpaceOnUse"'
        return f"url(#{self._define('radialGradient', where, _stops(stops))})"

    def path(  # noqa: PLR0913 a shape has so many sides
        self,
        path: str,
        *,
        fill: str = "none",
        line: str = "",
        width: float = 1,
        opacity: float = 1,
        rule: str = "",
        dashes: str = "",
        cap: str = "round",
    ) -> None:
        more = f' fill="{fill}"'
        if line:
            more += f' stroke="{line}" stroke-width="{num(width)}" stroke-linejoin="round"'
            more += f' stroke-linecap="{cap}"'
        if dashes:
            more += f' stroke-dasharray="{dashes}"'
        if opacity < 1:  # "opacity" would cost a layer of its own for each shape
            more += f' fill-opacity="{num(opacity)}" stroke-opacity="{num(opacity)}"'
        if rule:
            more += f' fill-rule="{rule}"'
        self._shapes.append(f'<path d="{path}"{more}/>')

    def circle(self, radius: float, *, at: Point = (0, 0), fill: str, opacity: float = 1) -> None:
        self.path(circle_path(radius, at=at), fill=fill, opacity=opacity)

    def ellipse(self, at: Point, radii: Point, *, fill: str, opacity: float = 1) -> None:
        self._shapes.append(
            f'<ellipse cx="{num(at[0])}" cy="{num(at[1])}" rx="{num(radii[0])}"'
            f' ry="{num(radii[1])}" fill="{fill}" fill-opacity="{num(opacity)}"/>'
        )

    @contextmanager
    def moved(self, transform: str) -> Iterator[None]:
        self._shapes.append(f'<g transform="{transform}">')
        yield
        self._shapes.append("</g>")

    @contextmanager
    def lifted(self) -> Iterator[Callable[[float], None]]:
        """Move what is drawn down by what is known only when it is drawn."""
        place = len(self._shapes)
        self._shapes.append("<g>")

        def lift(by: float) -> None:
            self._shapes[place] = f'<g transform="translate(0 {num(by)})">'

        yield lift
        self._shapes.append("</g>")


def _stops(stops: Stops) -> str:
    return "".join(
        f'<stop offset="{num(at)}" stop-color="{color}" stop-opacity="{num(opacity)}"/>'
        for at, color, opacity in stops
    )
