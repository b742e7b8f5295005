"""Lanterns: they stand, and they glow."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager

from . import lenses
from .colors import finish, lit, mix
from .lathe import Lathe, Section
from .letters import engrave
from .pen import Pen, Point, num, points_path, rounded_box
from .subject import Subject
from .torches import Size

LEAN = 17


class Standing:
    """A lantern on the lathe, built from the ground up."""

    def __init__(self, pen: Pen, subject: Subject) -> None:
        self.pen, self.subject, self.dice = pen, subject, subject.dice
        self.height = float(subject.product.size_mm[0])
        self.radius = subject.product.size_mm[1] / 2
        lean = 6 if subject.is_side else LEAN
        self.lathe = Lathe(pen, lean=math.radians(lean))
        self.y = -self.height / 2
        self.finish = "gloss" if "ABS" in subject.product.material else "satin"

    def upright(self) -> AbstractContextManager[None]:
        return self.pen.moved("rotate(-90)")

    def build(  # noqa: PLR0913 a piece has so many sides
        self,
        share: float,
        radius: float,
        radius_end: float | None = None,
        *,
        color: str = "",
        texture: str = "",
        finish: str = "",
    ) -> None:
        end = self.y + share * self.height
        with self.upright():
            self.lathe.section(
                Section(
                    start=self.y, end=end, radius=radius * self.radius,
                    radius_end=(radius if radius_end is None else radius_end) * self.radius,
                    color=color or self.subject.paint, finish=finish or self.finish,
                    texture=texture, is_edged=share > 0.03,  # noqa: PLR2004 thin rings have no edge
                )
            )  # fmt: skip
        self.y = end

    def lid(self, radius: float, *, color: str = "") -> None:
        with self.upright():
            self.lathe.face(
                self.y, radius * self.radius, color=color or self.subject.paint, shine=0.25
            )

    def screen(self, share: float, radius: float, radius_end: float | None = None) -> None:
        """Stand a frosted shade on what is there; it glows when the light is on."""
        end = self.y + share * self.height
        far = radius if radius_end is None else radius_end
        section = Section(
            start=self.y, end=end, radius=radius * self.radius, radius_end=far * self.radius,
            color="#e9e6dc",
        )  # fmt: skip
        path, lamp = self.lathe.outline(section), self.subject.lamp
        base = mix("#e9e6dc", self.subject.paint, 0.05)
        if lamp is None:
            fill = self.pen.linear(tuple((at, c, 0.93) for at, c, _ in finish(base, "frosted")))
        else:
            fill = self.pen.linear(
                (
                    (0, mix(lamp, lenses.AMBER, 0.35), 1),
                    (0.25, mix(lamp, "#ffffff", 0.6), 1),
                    (0.6, mix(lamp, "#ffffff", 0.75), 1),
                    (1, mix(lamp, lenses.AMBER, 0.45), 1),
                )
            )
        with self.upright():
            self.pen.path(path, fill=fill)
        self.y = end

    def crease(self, radius: float, color: str) -> None:
        with self.upright():
            self.lathe.ring(self.y, radius * self.radius, color=color, width=0.9, opacity=0.35)

    def bars(self, bottom: float, top: float, radius: float, *, count: int, color: str) -> None:
        for place in range(count):
            around = 14 + 152 * place / max(count - 1, 1)
            low = self.lathe.at(bottom, radius * self.radius, around)
            high = self.lathe.at(top, radius * self.radius, around)
            path = points_path([low, high], closed=False)
            with self.upright():
                self.pen.path(path, line=lit(color, -0.5), width=3.4)
                self.pen.path(path, line=color, width=2.5)
                with self.pen.moved("translate(0 -0.6)"):
                    self.pen.path(path, line=lit(color, 0.55), width=0.6)

    def bail(self, *, rise: float, spread: float, color: str, width: float = 2.6) -> None:
        """Hang a wire handle over the top."""
        x, y = spread * self.radius, -self.y * self.lathe.shrink
        path = f"M{num(-x)} {num(y)}C{num(-x)} {num(y - rise * 1.35)} {num(x)} {num(y - rise * 1.35)} {num(x)} {num(y)}"
        self.pen.path(path, line=lit(color, -0.5), width=width + 1)
        self.pen.path(path, line=color, width=width)
        with self.pen.moved("translate(-0.5 -0.5)"):
            self.pen.path(path, line=lit(color, 0.6), width=width * 0.22)

    def knob(self, share: float, radius: float, size: float) -> None:
        along = (share - 0.5) * self.height
        x, y = self.lathe.at(along, radius * self.radius, 90)
        with self.pen.moved(f"translate({num(y)} {num(-x)})"):
            self.pen.circle(size * 1.15, fill="#05060a", opacity=0.5)
            fill = self.pen.linear(
                ((0, lit(self.subject.metal, 0.6), 1), (1, lit(self.subject.metal, -0.6), 1)),
                line=(-size, -size, size, size),
            )
            self.pen.circle(size, fill=fill)
            self.pen.circle(size * 0.72, fill=lit(self.subject.metal, -0.1))
            self.pen.path(
                f"M0 {num(-size * 0.65)}V{num(-size * 0.2)}", line="#ffffff", width=size * 0.16
            )

    def word(self, share: float, radius: float, height: float) -> None:
        along = (share - 0.5) * self.height
        x, y = self.lathe.at(along, radius * self.radius, 90)
        color = lit(self.subject.paint, 0.75)
        name = self.subject.product.maker.name
        engrave(
            self.pen,
            name,
            at=(y, -x),
            height=height,
            color=color,
            opacity=0.7,
            room=radius * self.radius * 1.25,
        )

    def shine(self, share: float, reach: float) -> None:
        if self.subject.lamp:
            at: Point = (0, -(share - 0.5) * self.height * self.lathe.shrink)
            lenses.glow(self.pen, at, reach * self.radius, color=self.subject.lamp, strength=0.5)

    def size(self, *, rise: float = 0) -> Size:
        return self.radius * 2.5, (self.height + rise) * 1.12


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
    for low, high in zip(bulge, bulge[1:], strict=False):
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
    work.bail(rise=work.radius * 0.95, spread=0.72, color=metal)
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
        lenses.cob(work.pen, work.radius * 0.2, high, lamp=work.subject.lamp, at=at)
    work.build(0.05, 0.98, 1.0)
    work.build(0.12, 1.0, 0.92)
    work.lid(0.92)
    for turn in (-1, 1):
        x = turn * work.radius * 1.02
        y = -work.y * work.lathe.shrink
        path = f"M{num(x)} {num(y + work.height * 0.1)}C{num(x * 1.32)} {num(y + 6)} {num(x * 1.3)} {num(y + work.height * 0.55)} {num(x)} {num(y + work.height * 0.52)}"
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
            f"M{num(-side / 2 + step * k)} {num(-side / 2)}v{num(side)}M{num(-side / 2)} {num(-side / 2 + step * k)}h{num(side)}"
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
            f"matrix({num(side * 0.8)} {num(-side * side * 0.12 * side)} 0 0.94 {num(side * radius * 0.74)} {num(base_y - high * 0.5)})"
        ):
            pen.path(
                rounded_box(radius * 0.86, high * 0.84, 4),
                fill="#f4f2ea" if lamp is None else "#fffaf0",
            )
            lenses.diodes(
                pen,
                (radius * 0.76, high * 0.78),
                columns=4,
                rows=7,
                lamp=None if lamp is None else None,
            )
    pen.path(
        rounded_box(radius * 0.98, high * 1.04, 6, at=(0, base_y - high * 0.46)),
        fill=lit(work.subject.paint, 0.12),
    )
    pen.path(
        rounded_box(radius * 0.86, high * 0.92, 5, at=(0, base_y - high * 0.46)),
        fill="#f6f4ec" if lamp is None else "#fffdf6",
    )
    lenses.diodes(
        pen,
        (radius * 0.76, high * 0.84),
        columns=4,
        rows=7,
        lamp=None,
        at=(0, base_y - high * 0.46),
    )
    work.bail(rise=radius * 0.6, spread=0.44, color="#b9bfc9")
    if lamp:
        for x in (-radius * 0.74, 0, radius * 0.74):
            lenses.glow(pen, (x, base_y - high * 0.5), radius * 1.25, color=lamp, strength=0.6)


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
