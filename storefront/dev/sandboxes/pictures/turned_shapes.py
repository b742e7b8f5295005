"""Turned shapes: build flashlights and lanterns from sections, add their fittings.

A flashlight is built along its axis, a lantern from the ground to the handle.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager

from . import optics
from .lathe import Lathe, Section
from .subject import Subject
from .svg import Pen, Point, engrave, finish, lit, mix, num, points_path

# Flashlights

TEXTURES = ("knurl", "coarse", "flutes", "grooves", "scales", "squares")
Size = tuple[float, float]
RING_MM = 10


class Turning:
    """One flashlight on the lathe: remembers how far it has come along the axis."""

    def __init__(self, pen: Pen, subject: Subject) -> None:
        self.pen, self.subject, self.dice = pen, subject, subject.dice
        self.lathe = Lathe(pen, lean=math.radians(4 if subject.is_side else 38))
        self.length = float(subject.product.size_mm[0])
        self.head = subject.product.size_mm[1] / 2
        self.x = -self.length / 2
        self.finish = {
            "Stainless steel": "polished", "Copper": "polished", "Brass": "polished",
            "Titanium": "polished", "PC": "gloss", "ABS": "gloss",
        }.get(subject.product.material, "satin")  # fmt: skip
        self.texture = self.dice.pick(TEXTURES)

    def cut(  # noqa: PLR0913 a cut has so many sides
        self,
        share: float,
        radius: float,
        radius_end: float | None = None,
        *,
        texture: str = "",
        color: str = "",
        finish: str = "",
    ) -> tuple[float, float]:
        """Turn a piece that takes a share of the length; tell where it begins and ends."""
        start, end = self.x, self.x + share * self.length
        self.lathe.section(
            Section(
                start=start,
                end=end,
                radius=radius,
                radius_end=radius if radius_end is None else radius_end,
                color=color or self.subject.paint,
                finish=finish or self.finish,
                texture=texture,
            )
        )
        self.x = end
        return start, end

    def groove(self, radius: float, *, color: str = "#0b0d12", share: float = 0.008) -> None:
        self.cut(share, radius, color=color)

    def fins(self, share: float, radius: float, depth: float, count: int) -> None:
        for _ in range(count):
            self.cut(share / count * 0.42, radius - depth, color=lit(self.subject.paint, -0.35))
            self.cut(share / count * 0.58, radius)

    def switch(self, along: float, radius: float, *, size: float, is_metal: bool) -> None:
        """Set a button into the side that faces us."""
        x, y = self.lathe.at(along, radius, 62)
        squash = 0.82
        with self.pen.moved(
            f"translate({num(x)} {num(y)}) scale({num(self.lathe.shrink)} {squash})"
        ):
            self.pen.circle(size * 1.32, fill=lit(self.subject.paint, -0.6))
            self.pen.circle(size * 1.22, fill=lit(self.subject.paint, 0.25), opacity=0.8)
            cap = "#c7ccd4" if is_metal else "#1a1d24"
            fill = self.pen.radial(
                ((0, lit(cap, 0.5), 1), (0.6, cap, 1), (1, lit(cap, -0.45), 1)),
                at=(-size * 0.3, -size * 0.4),
                radius=size * 1.5,
            )
            self.pen.circle(size, fill=fill)
            light = self.subject.accent if not is_metal else "#39d353"
            self.pen.circle(size * 0.3, fill=light)

    def port(self, along: float, radius: float) -> None:
        """Cover a charging port with rubber."""
        patch = self.lathe.patch((along - 4, along + 4), radius, (96, 128))
        self.pen.path(patch, fill="#14161c", line=lit(self.subject.paint, 0.2), width=0.4)

    def clip(self, start: float, end: float, radius: float) -> None:
        steel = self.subject.dice.pick(("#b8bec8", "#2b2e36"))
        lift = radius + 1.6
        line = [
            self.lathe.at(start, radius + 0.4, 128),
            self.lathe.at(start + 2, lift + 0.6, 128),
            self.lathe.at((start + end) / 2, lift + 0.5, 128),
            self.lathe.at(end - 5, radius + 0.3, 128),
            self.lathe.at(end, lift + 1.2, 128),
        ]
        path = points_path(line, closed=False)
        shadow = points_path([(x - 0.2, y + 1.4) for x, y in line], closed=False)
        self.pen.path(shadow, line="#04050a", width=4, opacity=0.4)
        self.pen.path(path, line=lit(steel, -0.45), width=4.2)
        self.pen.path(path, line=steel, width=3.2)
        with self.pen.moved("translate(0 -0.9)"):
            self.pen.path(path, line=lit(steel, 0.6), width=0.7, opacity=0.8)

    def mark(self, along: float, radius: float, text: str) -> None:
        """Engrave a word along the side."""
        x, y = self.lathe.at(along, radius, 92)
        color = lit(self.subject.paint, 0.75)
        with self.pen.moved(f"translate({num(x)} {num(y)}) scale({num(self.lathe.shrink)} 1)"):
            engrave(self.pen, text, at=(0, 0), height=min(radius * 0.36, 4.2), color=color)

    def tail(self, share: float, radius: float) -> None:
        style = self.dice.pick(("button", "lip", "flat", "lanyard"))
        if style == "button":
            self.cut(share * 0.18, radius * 0.58, color=self.subject.accent, finish="rubber")
            self.cut(share * 0.12, radius * 0.86, radius)
        elif style == "lip":
            self.cut(share * 0.16, radius * 0.92, radius)
        elif style == "lanyard":
            self.cut(share * 0.1, radius * 0.7, radius * 0.95)
        else:
            self.cut(share * 0.05, radius * 0.96, radius)
        texture = self.dice.pick(("grooves", "knurl", "flutes", ""))
        self.cut(share * 0.72, radius, texture=texture)
        self.groove(radius * 0.95)

    def bezel(self, share: float, radius: float) -> None:
        color = self.dice.pick((self.subject.paint, "#aab0ba", self.subject.accent, "#1b1d23"))
        self.cut(share, radius, radius * 0.985, color=color, finish="polished")
        self.lathe.face(self.x, radius * 0.985, color=color, shine=0.35)

    def lens(self, radius: float, *, kind: str, recess: float = 1.0) -> None:
        """Set the glass into the head."""
        lamp = self.subject.lamp
        with self.lathe.facing(self.x - recess):
            self.pen.circle(radius * 1.05, fill="#07080c")
            if kind == "bull":
                optics.bull_eye(self.pen, radius, lamp=lamp)
            elif kind == "optic":
                optics.optic(self.pen, radius, lamp=lamp)
            elif kind == "many":
                optics.emitters(self.pen, radius, count=self.subject.emitters, lamp=lamp)
            else:
                optics.reflector(self.pen, radius, lamp=lamp, smooth=kind == "smooth")
                optics.emitter(self.pen, max(radius * 0.13, 1.3), lamp=lamp)
            coating = self.dice.pick(("#6f63ff", "#3fb6c9", "#9a6bff", "#d08a4a"))
            optics.glass(self.pen, radius, coating=coating)
        self.light(radius)

    def light(self, radius: float) -> None:
        lamp = self.subject.lamp
        if lamp is None:
            return
        light = self.subject.product.light
        narrow = light.beam_m if light else 100
        spread = math.radians(max(26 - narrow / 22, 5))
        x = self.x * self.lathe.shrink
        optics.beam(
            self.pen, (x, 0), mouth=radius, length=self.length * 0.55, spread=spread, color=lamp
        )
        optics.glow(self.pen, (x, 0), radius * 2.6, color=lamp, strength=0.6)

    def crown(self, radius: float) -> None:
        """Cut a strike bezel: teeth around the lens."""
        steel = self.dice.pick(("#aab0ba", self.subject.metal))
        for around in range(10, 180, 34):
            tooth = self.lathe.patch((self.x - 0.5, self.x + 2.6), radius, (around, around + 20))
            self.pen.path(tooth, fill=lit(steel, 0.3 - around / 200))

    def size(self) -> Size:
        ring = 2 * RING_MM if self.subject.product.shape == "key_tube" else 0
        return self.length * self.lathe.shrink + ring, self.head * 2


# Lanterns

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
