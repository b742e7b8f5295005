"""Lantern pictures: draw standing lanterns that glow."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from . import optics
from .subject import Subject
from .svg import Pen, Point, lit, num, points_path, rounded_box
from .turned_shapes import Size, Standing


def retro(work: Standing) -> None:
    dice, metal = work.dice, work.dice.pick(("#b9953f", "#b8683a", "#9aa1ab", work.subject.paint))
    work.build(0.03, 1.0, 1.0)
    work.build(0.13, 1.0, 0.98)
    work.build(0.06, 0.98, 0.62)
    work.build(0.05, 0.5, color=metal, finish="polished", texture="flutes")
    bottom = work.y
    bulge = dice.pick(
        ((0.42, 0.62, 0.66, 0.56, 0.4), (0.5, 0.56, 0.56, 0.54, 0.48), (0.4, 0.7, 0.72, 0.5, 0.34))
    )
    for low, high in pairwise(bulge):
        work.screen(0.1, low, high)
    middle = (bottom + work.y) / 2
    with work.upright():
        work.pen.ellipse(
            (middle * work.lathe.shrink, -work.radius * 0.3),
            (work.height * 0.14, work.radius * 0.08), fill="#ffffff", opacity=0.5,
        )  # fmt: skip
    work.bars(bottom, work.y, 0.8, count=dice.whole(3, 4), color=metal)
    work.build(0.04, 0.5, 0.74, color=metal, finish="polished")
    work.build(0.07, 0.74, 0.46)
    work.build(0.05, 0.34, texture="grooves")
    work.build(0.03, 0.44, 0.3)
    work.lid(0.3)
    work.bail(rise=work.radius * 1.5, spread=0.72, color=metal, sink=0.15)
    work.knob(0.11, 1.0, work.radius * 0.17)


def pullup(work: Standing) -> None:
    dice = work.dice
    work.build(0.2, 0.96, 1.0, texture=dice.pick(("flutes", "grooves", "")))
    work.build(0.02, 0.98, color=work.subject.accent)
    bottom = work.y
    work.screen(0.42, 0.82)
    count = 3
    for place in range(count):
        x = (place - 1) * work.radius * 0.5
        high = work.height * 0.34 * work.lathe.shrink
        at = (x, -(bottom * work.lathe.shrink + high * 0.6))
        optics.cob(work.pen, work.radius * 0.2, high, lamp=work.subject.lamp, at=at)
    work.build(0.05, 0.98, 1.0)
    work.build(0.12, 1.0, 0.92)
    work.lid(0.92)
    for turn in (-1, 1):
        x = turn * work.radius * 1.02
        y = -work.y * work.lathe.shrink
        path = (
            f"M{num(x)} {num(y + work.height * 0.1)}C{num(x * 1.32)} {num(y + 6)}"
            f" {num(x * 1.3)} {num(y + work.height * 0.55)} {num(x)} {num(y + work.height * 0.52)}"
        )
        work.pen.path(path, line="#3a3f4a", width=3.4)
        work.pen.path(path, line="#b9bfc9", width=2.2)
    work.word(0.1, 0.98, work.radius * 0.2)


def accordion(work: Standing) -> None:
    work.build(0.1, 0.9, 0.98)
    work.build(0.03, 1.0, color=lit(work.subject.paint, -0.2))
    for place in range(5):
        work.screen(0.065, 0.74, 0.98)
        work.crease(0.98, "#ffffff")
        work.screen(0.065, 0.98, 0.74 if place < 4 else 0.86)  # noqa: PLR2004 the last fold
        work.crease(0.74, "#5b5648")
    work.build(0.05, 1.0, 1.0)
    work.build(0.06, 1.0, 0.94)
    work.lid(0.94, color="#14203a")
    with work.upright(), work.lathe.facing(work.y):
        side = work.radius * 1.16
        work.pen.path(rounded_box(side, side, 2), fill="#16264a")
        step = side / 5
        lines = "".join(
            f"M{num(-side / 2 + step * k)} {num(-side / 2)}v{num(side)}"
            f"M{num(-side / 2)} {num(-side / 2 + step * k)}h{num(side)}"
            for k in range(1, 5)
        )
        work.pen.path(lines, line="#8fb0e8", width=0.6, opacity=0.6)
    work.bail(rise=work.radius * 0.75, spread=0.96, color=lit(work.subject.paint, -0.2), width=4)


def column(work: Standing) -> None:
    dice = work.dice
    work.build(0.05, 1.0, color=lit(work.subject.paint, -0.3), finish="rubber")
    work.build(0.26, 1.0, 1.0, texture=dice.pick(("flutes", "squares", "grooves", "", "knurl")))
    work.build(0.02, 0.97, color=work.subject.accent)
    bottom = work.y
    work.screen(0.44, 0.84)
    if dice.chance(0.7):
        work.bars(bottom, work.y, 0.92, count=dice.whole(3, 4), color=work.subject.metal)
    work.build(0.05, 0.96, 1.0)
    work.build(0.1, 1.0, dice.pick((0.7, 0.9, 0.98)))
    work.lid(0.68)
    work.bail(
        rise=work.radius * dice.pick((0.8, 1.1)), spread=dice.pick((0.3, 0.85)),
        color=dice.pick(("#b9bfc9", "#3a3f4a", work.subject.accent)),
    )  # fmt: skip
    work.knob(0.18, 1.0, work.radius * 0.2)
    work.word(0.09, 1.0, work.radius * 0.15)


def leaves(work: Standing) -> None:
    pen, radius, height, lamp = work.pen, work.radius, work.height, work.subject.lamp
    high = height * 0.62
    work.build(0.26, 0.62, 0.6, texture=work.dice.pick(("flutes", "", "grooves")))
    base_y = -work.y * work.lathe.shrink
    work.build(0.55, 0.3, color=lit(work.subject.paint, -0.3))
    work.build(0.06, 0.5, 0.5)
    work.lid(0.5)
    for side, lean in ((-1, 0.34), (1, 0.34)):
        wing: list[Point] = [
            (side * radius * 0.3, base_y + 4),
            (side * radius * 1.18, base_y - high * 0.12),
            (side * radius * 1.18, base_y - high * (1 - lean * 0.2)),
            (side * radius * 0.3, base_y - high * 1.02),
        ]
        pen.path(
            points_path([(x + side * 2, y + 2) for x, y in wing]),
            fill=lit(work.subject.paint, -0.4),
        )
        pen.path(
            points_path(wing),
            fill=work.subject.paint if side < 0 else lit(work.subject.paint, -0.25),
        )
        with pen.moved(
            f"matrix({num(side * 0.8)} {num(-side * 0.12)} 0 0.94"
            f" {num(side * radius * 0.74)} {num(base_y - high * 0.5)})"
        ):
            pen.path(
                rounded_box(radius * 0.86, high * 0.84, 4),
                fill="#f4f2ea" if lamp is None else "#fffaf0",
            )
            optics.diodes(
                pen,
                (radius * 0.76, high * 0.78),
                columns=4,
                rows=7,
                lamp=None,
            )
    pen.path(
        rounded_box(radius * 0.98, high * 1.04, 6, at=(0, base_y - high * 0.46)),
        fill=lit(work.subject.paint, 0.12),
    )
    pen.path(
        rounded_box(radius * 0.86, high * 0.92, 5, at=(0, base_y - high * 0.46)),
        fill="#f6f4ec" if lamp is None else "#fffdf6",
    )
    optics.diodes(
        pen,
        (radius * 0.76, high * 0.84),
        columns=4,
        rows=7,
        lamp=None,
        at=(0, base_y - high * 0.46),
    )
    work.bail(rise=radius * 0.7, spread=0.44, sink=0.03, color="#b9bfc9")
    if lamp:
        for x in (-radius * 0.74, 0, radius * 0.74):
            optics.glow(pen, (x, base_y - high * 0.5), radius * 1.25, color=lamp, strength=0.6)


DRAWN: dict[str, tuple[Callable[[Standing], None], float, float]] = {
    # how to build it, how far its handle rises in radii, where its light sits in heights
    "retro": (retro, 0.9, 0.5),
    "pullup": (pullup, 0.1, 0.45),
    "accordion": (accordion, 0.7, 0.5),
    "column": (column, 0.9, 0.55),
    "leaves": (leaves, 0.5, 0.6),
}


def draw(pen: Pen, subject: Subject) -> Size:
    work = Standing(pen, subject)
    build, rise, heart = DRAWN[subject.product.shape]
    build(work)
    if subject.product.shape != "leaves":
        work.shine(heart, 2.1)
    lift = rise * work.radius
    width, height = work.size(rise=lift)
    return width, height
