"""SVG: mix colors, write shapes and gradients, engrave text as strokes. Pure.

Light comes from the upper left. Engraved letters need no font.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

WHITE, BLACK = "#ffffff", "#05060a"
Stops = tuple[tuple[float, str, float], ...]


def mix(first: str, second: str, share: float) -> str:
    """Move from the first color towards the second."""
    share = min(max(share, 0), 1)
    channels = (
        round(int(first[at : at + 2], 16) * (1 - share) + int(second[at : at + 2], 16) * share)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def lit(color: str, amount: float) -> str:
    """Lighten (above 0) or darken (below 0)."""
    return mix(color, WHITE, amount) if amount > 0 else mix(color, BLACK, -amount)


def brightness(color: str) -> float:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.3 * red + 0.59 * green + 0.11 * blue


_FINISHES = {
    # how far along the round, and how much lighter or darker than the paint
    "satin": (
        (0, 0.24), (0.05, -0.12), (0.16, 0.16), (0.26, 0.5), (0.34, 0.3), (0.5, -0.08),
        (0.72, -0.46), (0.9, -0.68), (0.965, -0.5), (1, 0.06),
    ),
    "gloss": (
        (0, 0.3), (0.06, 0.0), (0.17, 0.12), (0.2, 0.72), (0.25, 0.85), (0.3, 0.25),
        (0.5, 0.0), (0.78, -0.42), (0.93, -0.6), (1, 0.12),
    ),
    "polished": (
        (0, 0.35), (0.06, -0.45), (0.14, 0.2), (0.22, 0.86), (0.3, 0.3), (0.37, -0.35),
        (0.46, 0.12), (0.6, -0.1), (0.7, -0.58), (0.82, -0.3), (0.9, -0.66), (0.97, 0.1),
        (1, 0.35),
    ),
    "rubber": (
        (0, 0.14), (0.06, -0.02), (0.25, 0.2), (0.42, 0.06), (0.7, -0.3), (0.92, -0.5),
        (1, 0.02),
    ),
    "frosted": (
        (0, 0.1), (0.12, 0.35), (0.3, 0.6), (0.55, 0.3), (0.85, 0.0), (1, 0.25),
    ),
}  # fmt: skip


def finish(color: str, kind: str) -> Stops:
    """Give the stops of a round surface, from its lit edge to its dark one.

    Dark paint gets more of the light at its edges: it must not vanish on a dark page.
    """
    boost = 0.1 if brightness(color) < 0.2 else 0  # noqa: PLR2004
    return tuple(
        (at, lit(color, amount + (boost if amount > 0 or at in {0, 1} else 0)), 1.0)
        for at, amount in _FINISHES[kind]
    )


# Shapes and gradients

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


# Engraving

# Each letter on a grid 4 wide and 6 high, as strokes of points x, y.
_STROKES = {
    "A": "06 20 46|14 34",
    "B": "06 00 30 41 42 33 03|33 44 45 36 06",
    "C": "41 30 10 01 05 16 36 45",
    "D": "00 06 26 44 42 20 00",
    "E": "40 00 06 46|03 33",
    "F": "40 00 06|03 33",
    "G": "41 30 10 01 05 16 36 45 43 23",
    "H": "00 06|40 46|03 43",
    "I": "20 26",
    "J": "40 45 36 16 05",
    "K": "00 06|40 03 46",
    "L": "00 06 46",
    "M": "06 00 23 40 46",
    "N": "06 00 46 40",
    "O": "10 30 41 45 36 16 05 01 10",
    "P": "06 00 30 41 42 33 03",
    "Q": "10 30 41 45 36 16 05 01 10|34 46",
    "R": "06 00 30 41 42 33 03|23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05",
    "T": "00 40|20 26",
    "U": "00 05 16 36 45 40",
    "V": "00 26 40",
    "W": "00 16 23 36 40",
    "X": "00 46|40 06",
    "Y": "00 23 40|23 26",
    "Z": "00 40 06 46",
    "0": "10 30 41 45 36 16 05 01 10|14 32",
    "1": "11 20 26",
    "2": "01 10 30 41 42 06 46",
    "3": "01 10 30 41 42 33 44 45 36 16 05|33 13",
    "4": "36 30 04 44",
    "5": "40 00 02 32 43 45 36 16 05",
    "6": "41 30 10 01 05 16 36 45 44 33 03",
    "7": "00 40 16",
    "8": "10 30 41 42 33 13 02 01 10|13 04 05 16 36 45 44 33",
    "9": "43 13 02 01 10 30 41 45 36 16 05",
    "-": "13 33",
    ".": "25 26",
    "/": "06 40",
    "+": "21 25|03 43",
    " ": "",
}
ADVANCE, HEIGHT = 5.6, 6


def engrave(  # noqa: PLR0913 a line of writing has so many sides
    pen: Pen,
    text: str,
    *,
    at: tuple[float, float],
    height: float,
    color: str,
    opacity: float = 0.8,
    room: float = math.inf,
) -> None:
    """Write a line, centered on a point, and smaller where there is not so much room."""
    height = min(height, room / max(len(text), 1) * HEIGHT / ADVANCE)
    scale = height / HEIGHT
    width = (len(text) * ADVANCE - (ADVANCE - 4)) * scale
    path, left = [], at[0] - width / 2
    for place, letter in enumerate(text.upper()):
        for stroke in filter(None, _STROKES.get(letter, "").split("|")):
            points = [
                f"{num(left + (place * ADVANCE + int(dot[0])) * scale)}"
                f" {num(at[1] + (int(dot[1]) - HEIGHT / 2) * scale)}"
                for dot in stroke.split()
            ]
            path.append("M" + "L".join(points))
    pen.path("".join(path), line=color, width=height * 0.15, opacity=opacity)
