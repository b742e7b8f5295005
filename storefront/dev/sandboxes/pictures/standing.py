"""Build what stands upright, from the ground to the handle."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager

from . import optics
from .colors import finish, lit, mix
from .lathe import Lathe, Section
from .letters import engrave
from .subject import Subject
from .svg import Pen, Point, num, points_path
from .turned_shapes import Size

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
                    (0, mix(lamp, optics.AMBER, 0.35), 1),
                    (0.25, mix(lamp, "#ffffff", 0.6), 1),
                    (0.6, mix(lamp, "#ffffff", 0.75), 1),
                    (1, mix(lamp, optics.AMBER, 0.45), 1),
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

    def bail(
        self, *, rise: float, spread: float, color: str, width: float = 2.6, sink: float = 0
    ) -> None:
        """Hang a wire handle over the top."""
        x, y = spread * self.radius, (sink * self.height - self.y) * self.lathe.shrink
        path = (
            f"M{num(-x)} {num(y)}C{num(-x)} {num(y - rise * 1.35)}"
            f" {num(x)} {num(y - rise * 1.35)} {num(x)} {num(y)}"
        )
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
            optics.glow(self.pen, at, reach * self.radius, color=self.subject.lamp, strength=0.5)

    def size(self, *, rise: float = 0) -> Size:
        return self.radius * 2.5, (self.height + rise) * 1.12
