"""Flashlights: turned on a lathe, from the tail to the lens."""

from __future__ import annotations

import math
from collections.abc import Callable

from . import lenses
from .colors import lit
from .lathe import Lathe, Section
from .letters import engrave
from .pen import Pen, num, points_path
from .subject import Subject

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
                lenses.bull_eye(self.pen, radius, lamp=lamp)
            elif kind == "optic":
                lenses.optic(self.pen, radius, lamp=lamp)
            elif kind == "many":
                lenses.emitters(self.pen, radius, count=self.subject.emitters, lamp=lamp)
            else:
                lenses.reflector(self.pen, radius, lamp=lamp, smooth=kind == "smooth")
                lenses.emitter(self.pen, max(radius * 0.13, 1.3), lamp=lamp)
            coating = self.dice.pick(("#6f63ff", "#3fb6c9", "#9a6bff", "#d08a4a"))
            lenses.glass(self.pen, radius, coating=coating)
        self.light(radius)

    def light(self, radius: float) -> None:
        lamp = self.subject.lamp
        if lamp is None:
            return
        light = self.subject.product.light
        narrow = light.beam_m if light else 100
        spread = math.radians(max(26 - narrow / 22, 5))
        x = self.x * self.lathe.shrink
        lenses.beam(
            self.pen, (x, 0), mouth=radius, length=self.length * 0.55, spread=spread, color=lamp
        )
        lenses.glow(self.pen, (x, 0), radius * 2.6, color=lamp, strength=0.6)

    def crown(self, radius: float) -> None:
        """Cut a strike bezel: teeth around the lens."""
        steel = self.dice.pick(("#aab0ba", self.subject.metal))
        for around in range(10, 180, 34):
            tooth = self.lathe.patch((self.x - 0.5, self.x + 2.6), radius, (around, around + 20))
            self.pen.path(tooth, fill=lit(steel, 0.3 - around / 200))

    def size(self) -> Size:
        ring = 2 * RING_MM if self.subject.product.shape == "key_tube" else 0
        return self.length * self.lathe.shrink + ring, self.head * 2


def _word(subject: Subject) -> str:
    return subject.product.maker.name


def tube(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * (0.84 + dice.share() * 0.14)
    work.tail(0.16, body)
    _, end = work.cut(0.4, body, texture=work.texture)
    start = work.x
    if dice.chance(0.5):
        work.groove(body * 0.97, color=work.subject.accent, share=0.012)
    work.cut(0.13, body)
    work.switch((start + work.x) / 2 + 1, body, size=body * 0.42, is_metal=dice.chance(0.4))
    work.fins(0.11, (body + head) / 2, 1.0, dice.whole(2, 4))
    work.cut(0.05, body, head)
    work.cut(0.09, head, texture=dice.pick(("", "grooves", "flutes")))
    work.bezel(0.03, head)
    work.lens(head * 0.82, kind=dice.pick(("smooth", "peel", "optic")))
    if dice.chance(0.6):
        work.clip(end - work.length * 0.36, end, body)


def thrower(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = max(head * (0.4 + dice.share() * 0.12), 14)
    work.tail(0.14, body)
    work.cut(0.34, body, texture=work.texture)
    work.cut(0.1, body * 1.04)
    work.switch(
        work.x - work.length * 0.05, body * 1.04, size=body * 0.36, is_metal=dice.chance(0.6)
    )
    work.fins(0.09, body * 1.22, 1.8, dice.whole(3, 4))
    if dice.chance(0.5):
        work.cut(0.16, body * 1.1, head)
        work.cut(0.1, head, texture=dice.pick(("", "flutes")))
    else:
        work.cut(0.1, body * 1.1, head * 0.9)
        work.cut(0.05, head * 0.9, head)
        work.cut(0.11, head)
    work.bezel(0.03, head)
    work.lens(head * 0.88, kind="smooth", recess=2)


def zoom(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * (0.6 + dice.share() * 0.12)
    work.tail(0.15, body)
    work.cut(0.32, body, texture=work.texture)
    work.cut(0.05, body * 1.05, color=work.subject.accent if dice.chance(0.5) else "")
    work.cut(0.12, body * 1.02)
    work.switch(work.x - work.length * 0.05, body, size=body * 0.34, is_metal=False)
    work.cut(0.06, body * 0.86, color="#c3c8d0", finish="polished")
    work.cut(0.03, body, head)
    work.cut(0.16, head, texture=dice.pick(("flutes", "squares", "coarse")))
    work.groove(head * 0.96)
    work.cut(0.05, head)
    work.bezel(0.03, head)
    work.lens(head * 0.84, kind="bull")


def can(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * (0.82 + dice.share() * 0.16)
    work.cut(0.03, body * 0.94, body)
    work.cut(0.36, body, texture=dice.pick(("flutes", "coarse", "squares", "knurl")))
    work.groove(body * 0.97, color=work.subject.accent, share=0.014)
    work.cut(0.18, body)
    work.switch(work.x - work.length * 0.09, body, size=body * 0.24, is_metal=dice.chance(0.5))
    work.port(work.x - work.length * 0.09, body)
    work.fins(0.2, head, 2.6, dice.whole(3, 5))
    work.cut(0.13, head)
    work.bezel(0.04, head)
    work.lens(head * 0.87, kind="many", recess=2)


def stub(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * (0.88 + dice.share() * 0.12)
    work.tail(0.2, body)
    _, end = work.cut(0.3, body, texture=work.texture)
    work.cut(0.18, body)
    work.switch(work.x - work.length * 0.09, body, size=body * 0.4, is_metal=dice.chance(0.5))
    work.fins(0.12, head, 1.0, 3)
    work.cut(0.12, head)
    work.bezel(0.05, head)
    work.lens(head * 0.8, kind=dice.pick(("optic", "peel", "smooth")))
    work.clip(end - work.length * 0.42, end, body)


def penlight(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * 0.92
    work.cut(0.035, body * 0.55, color=work.subject.accent, finish="rubber")
    work.cut(0.06, body * 0.8, body)
    work.cut(0.04, body, texture="grooves")
    _, end = work.cut(0.5, body, texture=dice.pick(("", "", "knurl", "grooves")))
    work.groove(body * 0.94, color=work.subject.accent)
    work.cut(0.2, body, texture=dice.pick(("knurl", "flutes", "grooves")))
    work.cut(0.08, body, head)
    work.cut(0.05, head)
    work.bezel(0.02, head)
    work.lens(head * 0.78, kind="peel")
    work.clip(-work.length * 0.4, -work.length * 0.02, body)
    work.mark(end - work.length * 0.16, body, _word(work.subject))


def duty(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = min(head * 0.78, 14.5)
    work.tail(0.15, body)
    work.cut(0.05, body * 1.1, body * 1.1, texture="flutes")
    _, end = work.cut(0.36, body, texture=work.texture)
    work.cut(0.06, body)
    work.cut(0.06, body, head)
    work.fins(0.11, head, 1.5, 3)
    work.cut(0.1, head, texture=dice.pick(("", "squares", "flutes")))
    work.bezel(0.05, head * 1.02)
    work.lens(head * 0.82, kind=dice.pick(("smooth", "peel")))
    work.crown(head)
    work.clip(end - work.length * 0.4, end - 4, body)


def key_tube(work: Turning) -> None:
    dice, head = work.dice, work.head
    body = head * 0.96
    tail_x = work.x * work.lathe.shrink
    work.pen.path(
        f"M{num(tail_x - 1)} 0m-9 0a9 6.5 0 1 1 18 0a9 6.5 0 1 1 -18 0Z",
        line="#c3c8d0",
        width=1.3,
    )
    work.cut(0.08, body * 0.5, body * 0.6)
    work.cut(0.05, body * 0.86, body)
    work.cut(0.4, body, texture=dice.pick(("knurl", "grooves", "scales", "flutes", "")))
    work.groove(body * 0.92)
    work.cut(0.22, head, texture=dice.pick(("knurl", "flutes", "grooves")))
    work.cut(0.1, head)
    work.bezel(0.05, head)
    work.lens(head * 0.76, kind=dice.pick(("optic", "peel")))


MAKERS: dict[str, Callable[[Turning], None]] = {
    "tube": tube,
    "thrower": thrower,
    "zoom": zoom,
    "can": can,
    "stub": stub,
    "pen": penlight,
    "duty": duty,
    "key_tube": key_tube,
}


def draw(pen: Pen, subject: Subject) -> Size:
    """Turn the flashlight, and tell its size in the picture."""
    work = Turning(pen, subject)
    MAKERS[subject.product.shape](work)
    return work.size()
