"""Small light pictures: draw bike lights, keychain lights, clip lights and angle lights."""

from __future__ import annotations

import math
from collections.abc import Callable

from . import blocks, optics
from .blocks import Block
from .subject import Subject
from .svg import Pen, engrave, finish, lit, num, rounded_box
from .turned_shapes import Size, Standing


def _view(subject: Subject, pen: Pen, *, yaw: float = 30, pitch: float = 20) -> Block:
    return Block(pen, yaw=62 if subject.angle == "side" else yaw, pitch=pitch)


def _bar(pen: Pen, width: float, y: float, radius: float) -> None:
    """Draw a piece of handlebar behind the light."""
    path = rounded_box(width * 2.9, radius * 2, 2, at=(width * 0.52, y))
    pen.path(path, fill=pen.linear(finish("#3b4048", "gloss")), opacity=0.9)


def bike_front(pen: Pen, subject: Subject) -> Size:
    depth, _, height = subject.product.size_mm
    with pen.moved(f"translate({num(-depth * 0.26)} {num(-height * 0.1)})"):
        _on_bar(pen, subject)
    return max(height * 5, depth * 1.7), height * 4


def _on_bar(pen: Pen, subject: Subject) -> None:
    dice, paint, shape = subject.dice, subject.paint, subject.product.shape
    depth, width, height = subject.product.size_mm
    twin = shape == "bike_twin"
    _bar(pen, depth * 0.5, height * 1.05, 12)
    view = _view(subject, pen, yaw=34, pitch=20)
    clamp = blocks.box(width * 0.5, height * 0.8, 8, at=(0, height * 0.86))
    view.push(
        clamp,
        near=depth * 0.3,
        far=depth * 0.62,
        color="#1d2027",
        bevel=2,
        size=(width, height),
        is_matte=True,
    )
    outline = dice.pick((
        blocks.box(width, height, height * 0.3), blocks.chamfered(width, height, height * 0.26),
        blocks.shield(width, height, height * 0.3, width * 0.08),
        blocks.box(width, height, height * 0.48),
    ))  # fmt: skip
    view.push(outline, near=0, far=depth, color=paint, bevel=2.5, size=(width, height))
    for step in range(4):  # cooling ribs on top
        rib = blocks.box(width * 0.7, 2.4, 1, at=(0, -height * 0.5))
        near = depth * (0.14 + step * 0.08)
        view.push_small(
            rib,
            near=near,
            far=near + depth * 0.04,
            color=lit(paint, -0.1),
            at=(0, -height / 2),
            size=(width, 3),
        )
    button = blocks.box(width * 0.36, 3, 1.4, at=(0, -height * 0.52))
    view.push_small(
        button,
        near=depth * 0.6,
        far=depth * 0.8,
        color=subject.accent,
        at=(0, -height / 2),
        size=(width, 3),
    )
    view.plate(
        blocks.box(width * 0.9, height * 0.82, height * 0.26),
        near=0,
        color="#101218",
        size=(width, height),
    )
    places = [(0.0, height * 0.36)]
    if twin:
        places = [(-width * 0.24, height * 0.3), (width * 0.24, height * 0.3)]
    elif subject.emitters > 1:
        places = [(-width * 0.2, height * 0.25), (width * 0.24, height * 0.2)]
    for x, radius in places:
        with view.front(-0.5), pen.moved(f"translate({num(x)} 0)"):
            if dice.chance(0.5):
                optics.reflector(pen, radius, lamp=subject.lamp)
                optics.emitter(pen, radius * 0.17, lamp=subject.lamp)
            else:
                optics.optic(pen, radius, lamp=subject.lamp)
            optics.glass(pen, radius)
    if subject.lamp:
        with view.front(-6):
            optics.glow(pen, (0, 0), width * 1.6, color=subject.lamp, strength=0.7)


def bike_rear(pen: Pen, subject: Subject) -> Size:
    dice = subject.dice
    height, width, depth = subject.product.size_mm
    view = _view(subject, pen, yaw=28, pitch=14)
    band = blocks.box(width * 0.42, height * 1.3, 6, at=(0, 0))
    view.push(
        band,
        near=depth,
        far=depth + 9,
        color="#1d2027",
        bevel=2,
        size=(width, height),
        is_matte=True,
    )
    outline = dice.pick((
        blocks.box(width, height, width * 0.48), blocks.box(width, height, width * 0.2),
        blocks.shield(width, height, width * 0.3, width * 0.12),
        blocks.chamfered(width, height, width * 0.25),
    ))  # fmt: skip
    view.push(outline, near=0, far=depth, color=subject.paint, bevel=2.5, size=(width, height))
    inset = width * 0.1
    view.plate(lambda more: outline(inset + more), near=0, color="#7d1019", size=(width, height))
    lamp = subject.lamp
    with view.front():
        rows = max(subject.emitters // 2, 3)
        for row in range(rows):
            y = height * (-0.3 + 0.6 * row / max(rows - 1, 1))
            for x in (-width * 0.16, width * 0.16):
                pen.circle(width * 0.1, at=(x, y), fill="#ff5a4d" if lamp is None else "#ffe3df")
                pen.circle(width * 0.045, at=(x, y), fill="#ffd9d2" if lamp is None else "#ffffff")
        if lamp:
            optics.glow(pen, (0, 0), height * 1.15, color=lamp, strength=0.85)
        pen.path(
            f"M{num(-width * 0.3)} {num(-height * 0.3)}Q{num(-width * 0.32)} {num(-height * 0.42)}"
            f" {num(width * 0.1)} {num(-height * 0.42)}",
            line="#ffffff", width=1.2, opacity=0.55,
        )  # fmt: skip
    return height * 1.6, height * 1.5


def key_slab(pen: Pen, subject: Subject) -> Size:
    """Draw a square light with a field of phosphor and a hook for keys."""
    dice, paint = subject.dice, subject.paint
    height, width, depth = subject.product.size_mm
    view = _view(subject, pen)
    with view.front(depth * 0.5):
        loop = rounded_box(width * 0.8, height * 0.36, height * 0.16, at=(0, -height * 0.46))
        steel = dice.pick(("#b9bfc9", "#2b2f38", subject.accent))
        pen.path(loop, line=lit(steel, -0.5), width=5.4)
        pen.path(loop, line=steel, width=4)
        with pen.moved("translate(-0.7 -0.7)"):
            pen.path(loop, line=lit(steel, 0.6), width=0.9)
    radius = dice.pick((5, 9, height * 0.2))
    body = dice.pick(
        (
            blocks.box(width, height * 0.8, radius, at=(0, height * 0.1)),
            blocks.chamfered(width, height * 0.8, 8, at=(0, height * 0.1)),
        )
    )
    view.push(body, near=0, far=depth, color=paint, bevel=2.5, size=(width, height))
    with view.front():
        optics.cob(pen, width * 0.64, height * 0.46, lamp=subject.lamp, at=(0, height * 0.06))
    for x in (-width * 0.38, width * 0.38):
        for y in (-height * 0.17, height * 0.36):
            view.screw((x, y), 1.5, near=0)
    with view.front():
        color = lit(paint, 0.8)
        engrave(
            pen,
            subject.product.maker.name,
            at=(0, height * 0.41),
            height=3,
            color=color,
            opacity=0.6,
        )
    if subject.lamp:
        with view.front(-3):
            optics.glow(pen, (0, height * 0.06), height * 1.0, color=subject.lamp, strength=0.6)
    return width * 2, height * 1.45


def flat(pen: Pen, subject: Subject) -> Size:
    dice, paint = subject.dice, subject.paint
    length, width, depth = subject.product.size_mm
    view = _view(subject, pen, yaw=34, pitch=24)
    with view.front(depth * 1.15):
        clip = rounded_box(width * 0.3, length * 0.6, 3, at=(width * 0.3, length * 0.1))
        pen.path(clip, fill="#9aa1ab", line="#5b616c", width=0.8)
    body = dice.pick(
        (
            blocks.box(width, length, width * 0.3),
            blocks.box(width, length, width * 0.14),
            blocks.chamfered(width, length, width * 0.22),
        )
    )
    view.push(body, near=0, far=depth, color=paint, bevel=2, size=(width, length))
    top = blocks.box(width * 0.8, length * 0.16, 3, at=(0, -length * 0.4))
    view.plate(top, near=0, color="#101218", size=(width, length * 0.3))
    with view.front():
        for x in (-width * 0.2, width * 0.2):
            with pen.moved(f"translate({num(x)} {num(-length * 0.4)})"):
                optics.optic(pen, width * 0.15, lamp=subject.lamp)
        optics.cob(pen, width * 0.28, length * 0.3, lamp=subject.lamp, at=(0, -length * 0.1))
    view.knob((0, length * 0.2), (width * 0.4, width * 0.4), near=0, color=subject.accent)
    with view.front():
        for step in range(4):
            on = step < 3  # noqa: PLR2004
            pen.circle(
                0.8,
                at=(-width * 0.2 + step * width * 0.13, length * 0.36),
                fill="#5fd38a" if on else "#33404a",
            )
    if subject.lamp:
        with view.front(-3):
            optics.glow(pen, (0, -length * 0.2), length * 0.75, color=subject.lamp, strength=0.6)
    return width * 2.6, length * 1.3


def button(pen: Pen, subject: Subject) -> Size:
    length, width, depth = subject.product.size_mm
    view = _view(subject, pen, yaw=26, pitch=22)
    with view.front(depth * 0.5):
        pen.path(
            rounded_box(width * 0.6, width * 0.6, width * 0.3, at=(0, -length * 0.56)),
            line="#9aa1ab",
            width=1.6,
        )
    outline = subject.dice.pick(
        (
            blocks.shield(width, length, width * 0.45, width * 0.14),
            blocks.box(width, length, width * 0.48),
        )
    )
    view.push(outline, near=0, far=depth, color=subject.paint, bevel=3, size=(width, length))
    view.knob((0, -length * 0.05), (width * 0.6, width * 0.6), near=0, color=subject.accent)
    with view.front(), pen.moved(f"translate(0 {num(length * 0.38)})"):
        pen.circle(width * 0.16, fill="#e8eef2", opacity=0.9)
        pen.circle(width * 0.09, fill=optics.PHOSPHOR if subject.lamp is None else optics.HOT)
        if subject.lamp:
            optics.glow(pen, (0, 0), length * 0.9, color=subject.lamp, strength=0.85)
    return width * 2.2, length * 1.7


def angle(pen: Pen, subject: Subject) -> Size:
    """Draw a light that stands on its tail and looks forward from its neck."""
    work = Standing(pen, subject)
    dice = work.dice
    texture = dice.pick(("knurl", "flutes", "grooves", "scales", "squares"))
    work.build(0.1, 1.0, texture=dice.pick(("grooves", "flutes", "knurl")))
    work.build(0.01, 0.92, color=subject.accent)
    work.build(0.06, 0.98)
    work.build(0.34, 0.98, texture=texture)
    work.build(0.03, 0.94, color=lit(subject.paint, -0.3))
    work.build(0.46, 1.06)
    work.lid(1.06)
    at = (-work.radius * 0.1, -work.height * 0.25)
    radius = work.radius * 0.92
    squeeze = math.cos(math.radians(18))
    with pen.moved(f"translate({num(at[0])} {num(at[1])}) scale({num(squeeze)} 1)"):
        fill = pen.linear(
            ((0, lit(subject.metal, 0.7), 1), (1, lit(subject.metal, -0.6), 1)),
            line=(-radius, -radius, radius, radius),
        )
        pen.circle(radius, fill=fill)
        pen.circle(radius * 0.86, fill="#07080c")
        if dice.chance(0.5):
            optics.optic(pen, radius * 0.84, lamp=subject.lamp)
        else:
            optics.reflector(pen, radius * 0.84, lamp=subject.lamp, smooth=False)
            optics.emitter(pen, radius * 0.16, lamp=subject.lamp)
        optics.glass(pen, radius * 0.84)
    steel = dice.pick(("#b8bec8", "#2b2e36"))
    x = work.radius * 0.98
    clip = f"M{num(x)} {num(-work.height * 0.02)}c5 3 4 8 3 14V{num(work.height * 0.36)}"
    pen.path(clip, line=lit(steel, -0.5), width=3.6)
    pen.path(clip, line=steel, width=2.6)
    work.word(0.3, 1.0, work.radius * 0.24)
    if subject.lamp:
        optics.glow(pen, at, work.radius * 3.4, color=subject.lamp, strength=0.7)
    return work.radius * 4.2, work.height * 1.18


DRAWN: dict[str, Callable[[Pen, Subject], Size]] = {
    "bike_front": bike_front,
    "bike_twin": bike_front,
    "bike_rear": bike_rear,
    "key_slab": key_slab,
    "flat": flat,
    "button": button,
    "angle": angle,
}
