"""Optics: draw reflectors, lenses, LEDs, and the light that they emit."""

from __future__ import annotations

import math

from .svg import Pen, Point, Stops, circle_path, lit, mix, points_path, ring_points, rounded_box

PHOSPHOR, HOT = "#e8c53a", "#fffdf2"
AMBER = "#ffc23d"  # the fringe of all light: it must show on paper as well
WARM, NEUTRAL, COOL = "#ffc46b", "#fff0d0", "#eaf3ff"
PETALS, BLOOMS = 40, 4


def light_color(kelvin: int) -> str:
    if kelvin < 1000:  # noqa: PLR2004 a tail light has no color temperature
        return "#ff3b30"
    if kelvin < 3600:  # noqa: PLR2004
        return mix(WARM, NEUTRAL, max(kelvin - 2200, 0) / 2800)
    return mix(NEUTRAL, COOL, min(max(kelvin - 4000, 0) / 2500, 1))


def reflector(pen: Pen, radius: float, *, lamp: str | None, smooth: bool = True) -> None:
    """Draw a bowl of mirror: bright and dark by turns, as bowls are."""
    base = "#c9ced6" if lamp is None else mix(lamp, "#ffffff", 0.35)
    dark = "#343a45" if lamp is None else mix(lamp, "#8a6a30", 0.25)
    fill = pen.radial(
        (
            (0, lit(base, 0.5), 1),
            (0.3, mix(base, dark, 0.25), 1),
            (0.62, mix(base, dark, 0.62), 1),
            (0.86, base, 1),
            (0.94, lit(base, 0.6), 1),
            (1, dark, 1),
        ),
        radius=radius,
    )
    pen.circle(radius, fill=fill)
    tones: dict[tuple[str, int], list[str]] = {}
    for place in range(PETALS):
        angle = 2 * math.pi * place / PETALS
        tone = math.sin(angle * 2 + 0.8) * 0.5 + math.sin(angle * 5 + 2) * 0.22
        wedge = [
            (0.0, 0.0),
            *(
                (radius * math.cos(angle + step), radius * math.sin(angle + step))
                for step in (-0.085, 0, 0.085)
            ),
        ]
        level = math.ceil(abs(tone) * 4)
        color = "#ffffff" if tone > 0 else "#0a0d14"
        tones.setdefault((color, level), []).append(points_path(wedge))
    for (color, level), paths in tones.items():
        strength = level / 4 * (0.4 if lamp is None else 0.2) * (1 if smooth else 0.5)
        pen.path("".join(paths), fill=color, opacity=strength)
    if not smooth:
        for ring in range(1, 8):
            count = 6 + ring * 5
            dots = ring_points(count, radius * (0.25 + ring * 0.095), turn=ring * 0.4)
            path = "".join(circle_path(radius * 0.035, at=dot) for dot in dots)
            pen.path(path, fill="#ffffff", opacity=0.16)


def emitter(pen: Pen, radius: float, *, lamp: str | None, at: Point = (0, 0)) -> None:
    """Draw one LED on its white carrier."""
    x, y = at
    pen.circle(radius * 1.5, at=at, fill="#15171d")
    pen.path(rounded_box(radius * 1.9, radius * 1.9, radius * 0.25, at=at), fill="#f1f1ec")
    color = PHOSPHOR if lamp is None else HOT
    fill = pen.radial(
        ((0, lit(color, 0.35), 1), (1, lit(color, -0.12 if lamp is None else 0), 1)),
        at=(x - radius * 0.2, y - radius * 0.2),
        radius=radius,
    )
    pen.path(rounded_box(radius * 1.35, radius * 1.35, radius * 0.3, at=at), fill=fill)
    if lamp is not None:
        glow(pen, at, radius * 4, color=lamp, strength=0.9)


def glass(pen: Pen, radius: float, *, coating: str = "#6f63ff") -> None:
    """Lay glass over it: two windows mirrored, and the tint of the coating."""
    pen.circle(
        radius,
        fill=pen.radial(
            ((0, coating, 0), (0.72, coating, 0.05), (1, coating, 0.26)), radius=radius
        ),
    )
    upper = (
        f"M{-radius * 0.78:.2f} {-radius * 0.22:.2f}A{radius * 0.82:.2f} {radius * 0.82:.2f} 0 0 1"
        f" {radius * 0.3:.2f} {-radius * 0.77:.2f}"
        f"Q{-radius * 0.28:.2f} {-radius * 0.5:.2f} {-radius * 0.78:.2f} {-radius * 0.22:.2f}Z"
    )
    fill = pen.linear(
        ((0, "#ffffff", 0.75), (1, "#ffffff", 0.04)),
        line=(-radius * 0.5, -radius * 0.8, 0, -radius * 0.2),
    )
    pen.path(upper, fill=fill)
    lower = (
        f"M{radius * 0.72:.2f} {radius * 0.36:.2f}A{radius * 0.8:.2f} {radius * 0.8:.2f} 0 0 1"
        f" {radius * 0.05:.2f} {radius * 0.8:.2f}"
    )
    pen.path(lower, line="#ffffff", width=radius * 0.045, opacity=0.4)


def optic(pen: Pen, radius: float, *, lamp: str | None) -> None:
    """Draw a molded lens: clear rings around a cup."""
    edge = "#aeb9c6" if lamp is None else mix(lamp, "#ffffff", 0.2)
    deep = "#20262f" if lamp is None else mix(lamp, "#b07a20", 0.3)
    stops: Stops = (
        (0, lit(edge, 0.6), 1),
        (0.24, edge, 1),
        (0.27, deep, 1),
        (0.5, mix(edge, deep, 0.55), 1),
        (0.78, mix(edge, deep, 0.2), 1),
        (0.83, lit(edge, 0.5), 1),
        (1, deep, 1),
    )
    pen.circle(radius, fill=pen.radial(stops, radius=radius))
    pen.circle(radius * 0.22, fill=PHOSPHOR if lamp is None else HOT, opacity=0.92)
    if lamp is not None:
        glow(pen, (0, 0), radius * 0.95, color=lamp, strength=0.8)


def bull_eye(pen: Pen, radius: float, *, lamp: str | None) -> None:
    """Draw the thick lens of a zoom head, with the LED large behind it."""
    base = "#8fa3b5" if lamp is None else mix(lamp, "#ffffff", 0.3)
    stops: Stops = (
        (0, lit(base, 0.55), 1),
        (0.4, mix(base, "#1a212b", 0.35), 1),
        (0.8, mix(base, "#0c1016", 0.72), 1),
        (0.93, lit(base, 0.3), 1),
        (1, "#10141b", 1),
    )
    pen.circle(radius, fill=pen.radial(stops, radius=radius, focus=(-radius * 0.25, -radius * 0.3)))
    side = radius * 0.52
    pen.path(rounded_box(side * 2, side * 2, side * 0.3), fill="#f4efdc", opacity=0.35)
    pen.path(
        rounded_box(side * 1.5, side * 1.5, side * 0.22),
        fill=PHOSPHOR if lamp is None else HOT,
        opacity=0.95,
    )
    if lamp is not None:
        glow(pen, (0, 0), radius, color=lamp, strength=0.85)


def emitters(pen: Pen, radius: float, *, count: int, lamp: str | None) -> None:
    """Arrange several emitters, each in a cup of its own."""
    places: list[Point]
    if count <= 1:
        places, cup = [(0.0, 0.0)], radius
    elif count <= 4:  # noqa: PLR2004
        places, cup = ring_points(count, radius * 0.48, turn=-math.pi / 2 + 0.4), radius * 0.44
    elif count <= 7:  # noqa: PLR2004
        places, cup = [(0, 0), *ring_points(count - 1, radius * 0.64, turn=0.3)], radius * 0.31
    else:
        outer = max(count * 2 // 3, 6)
        places = [
            *ring_points(outer, radius * 0.74, turn=0.2),
            *ring_points(max(count - outer, 1), radius * 0.34),
        ]
        cup = radius * 0.2
    pen.circle(radius, fill="#171a21")
    for x, y in places:
        with pen.moved(f"translate({x:.2f} {y:.2f})"):
            reflector(pen, cup, lamp=lamp)
            emitter(pen, cup * 0.26, lamp=lamp if count <= BLOOMS else None)


def cob(pen: Pen, width: float, height: float, *, lamp: str | None, at: Point = (0, 0)) -> None:
    """Draw a strip of phosphor under a clear cover."""
    radius = min(width, height) * 0.22
    frame = rounded_box(width + 2.4, height + 2.4, radius + 1, at=at)
    pen.path(frame, fill="#e9e9e4" if lamp is None else "#fff8e4")
    color = PHOSPHOR if lamp is None else HOT
    left, top = at[0] - width / 2, at[1] - height / 2
    fill = pen.linear(
        (
            (0, lit(color, 0.3), 1),
            (0.5, color, 1),
            (1, lit(color, -0.15 if lamp is None else 0), 1),
        ),
        line=(left, top, left + width * 0.4, top + height),
    )
    pen.path(rounded_box(width, height, radius, at=at), fill=fill)
    if lamp is None:
        _dots(pen, width, height, at=at)
    sheen = pen.linear(
        ((0, "#ffffff", 0.55), (0.42, "#ffffff", 0.1), (0.43, "#ffffff", 0), (1, "#ffffff", 0)),
        line=(left, top, left + min(width, height), top + height),
    )
    pen.path(frame, fill=sheen)


def _dots(pen: Pen, width: float, height: float, *, at: Point) -> None:
    step = min(max(min(width, height) / 3, 2.2), 5)
    columns, rows = max(int(width / step), 1), max(int(height / step), 1)
    dots = []
    for column in range(columns):
        for row in range(rows):
            x = at[0] - width / 2 + width * (column + 0.5) / columns
            y = at[1] - height / 2 + height * (row + 0.5) / rows
            dots.append(circle_path(step * 0.2, at=(x, y)))
    pen.path("".join(dots), fill="#b98f1c", opacity=0.55)


def diodes(  # noqa: PLR0913 rows, columns, and where
    pen: Pen, size: Point, *, columns: int, rows: int, lamp: str | None, at: Point = (0, 0)
) -> None:
    """Draw rows of single LEDs under a cover."""
    width, height = size
    side = min(width / columns, height / rows) * 0.5
    for column in range(columns):
        for row in range(rows):
            x = at[0] - width / 2 + width * (column + 0.5) / columns
            y = at[1] - height / 2 + height * (row + 0.5) / rows
            pen.path(rounded_box(side * 1.25, side, side * 0.15, at=(x, y)), fill="#f5f3ea")
            pen.circle(side * 0.4, at=(x, y), fill=PHOSPHOR if lamp is None else HOT)
            if lamp is not None:
                glow(pen, (x, y), side * 1.6, color=lamp, strength=0.55)


def glow(pen: Pen, at: Point, radius: float, *, color: str, strength: float = 0.7) -> None:
    """Let light bloom: white at its heart, then its own color, then nothing."""
    stops: Stops = (
        (0, "#fffef8", strength),
        (0.16, mix(color, "#ffffff", 0.5), strength * 0.82),
        (0.4, mix(color, AMBER, 0.35), strength * 0.36),
        (0.7, mix(color, AMBER, 0.7), strength * 0.12),
        (1, AMBER, 0),
    )
    pen.path(circle_path(radius, at=at), fill=pen.radial(stops, at=at, radius=radius))


def beam(  # noqa: PLR0913 where from, and how wide
    pen: Pen, start: Point, *, mouth: float, length: float, spread: float, color: str
) -> None:
    """Throw light along x, from a mouth so wide."""
    x, y = start
    for share, strength in ((1.0, 0.26), (0.62, 0.26), (0.3, 0.3)):
        wide = mouth + length * math.tan(spread) * share
        cone = [
            (x, y - mouth * (0.5 + share / 2)),
            (x + length, y - wide),
            (x + length, y + wide),
            (x, y + mouth * (0.5 + share / 2)),
        ]
        fill = pen.linear(
            (
                (0, mix(color, "#ffffff", 0.5), strength),
                (0.3, mix(color, AMBER, 0.4), strength * 0.55),
                (1, AMBER, 0),
            ),
            line=(x, y, x + length, y),
        )
        pen.path(points_path(cone), fill=fill)
