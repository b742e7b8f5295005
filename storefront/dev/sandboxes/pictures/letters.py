"""Letters and figures as strokes, for engraving: no font is needed. Pure."""

from __future__ import annotations

import math

from .svg import Pen, num

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
