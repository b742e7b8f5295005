"""Accessory pictures: draw straps, holsters, diffusers, filters, mounts, cases, cells, chargers."""

from __future__ import annotations

import math
from collections.abc import Callable

from . import blocks
from .blocks import Block, Ribbon
from .lathe import Lathe, Section
from .subject import Subject
from .svg import Pen, engrave, lit, mix, num, rounded_box
from .turned_shapes import Size


def strap(pen: Pen, subject: Subject) -> Size:
    dice = subject.dice
    ribbon = Ribbon(center=(0, 0), across=80, deep=42)
    style = dice.pick(blocks.STYLES[:5])
    width = subject.product.size_mm[1]
    for is_front in (False, True):
        blocks.strap(
            pen,
            ribbon,
            width=width,
            color=subject.paint,
            accent=subject.accent,
            style=style,
            is_front=is_front,
        )
    for turn in (48, 132):
        x, y = ribbon.at(turn, 0)
        pen.path(rounded_box(9, width * 1.25, 2.4, at=(x, y)), fill="#15171d")
        pen.path(rounded_box(7.6, width * 1.15, 2, at=(x - 0.4, y - 0.4)), fill="#3a3f4a")
        pen.path(rounded_box(3, width * 0.8, 1.4, at=(x, y)), fill="#0a0c11")
    x, y = ribbon.at(90, 0)
    pen.path(rounded_box(38, width * 1.3, 5, at=(x, y)), fill="#15171d")
    pen.path(rounded_box(36, width * 1.2, 4.4, at=(x - 0.5, y - 0.6)), fill="#343945")
    pen.path(rounded_box(24, width * 0.5, 3, at=(x, y)), fill="#0a0c11")
    return 190, 150


def holster(pen: Pen, subject: Subject) -> Size:
    dice, paint = subject.dice, subject.paint
    height, width, depth = subject.product.size_mm
    view = Block(pen, yaw=58 if subject.angle == "side" else 26, pitch=14)
    loop = blocks.box(width * 0.5, height * 0.5, 5, at=(0, -height * 0.16))
    view.push(
        loop,
        near=depth,
        far=depth + 7,
        color=lit(paint, -0.2),
        bevel=2,
        size=(width, height),
        is_matte=True,
    )
    body = blocks.shield(width, height, 9, width * 0.06)
    view.push(body, near=0, far=depth, color=paint, bevel=6, size=(width, height), is_matte=True)
    flap = blocks.shield(width * 1.02, height * 0.44, 8, width * 0.1, at=(0, -height * 0.29))
    view.push(
        flap, near=-3, far=0, color=lit(paint, 0.06), bevel=1.5, size=(width, height), is_matte=True
    )
    with view.front(-3):
        pen.path(flap(2.6), line=lit(paint, 0.6), width=0.6, dashes="2.4 1.6", opacity=0.8)
        pen.circle(3.4, at=(0, -height * 0.15), fill=lit(subject.accent, -0.3))
        pen.circle(2.8, at=(-0.3, -height * 0.153), fill=dice.pick((subject.accent, "#b9bfc9")))
    with view.front():
        pen.path(body(3), line=lit(paint, 0.6), width=0.6, dashes="2.4 1.6", opacity=0.6)
        engrave(
            pen,
            subject.product.maker.name,
            at=(0, height * 0.26),
            height=3.4,
            color=lit(paint, 0.7),
            opacity=0.6,
        )
    return width * 2.4, height * 1.2


# shares of the length, radii below and above, texture and finish
FOOT = ((0.16, 1.0, 1.0, "grooves", "rubber"), (0.02, 1.02, 1.02, "", "rubber"))
WAND = ((0.7, 0.98, 0.62, "", "frosted"), (0.12, 0.62, 0.3, "", "frosted"))
DOME = (
    (0.5, 1.0, 0.98, "", "frosted"),
    (0.22, 0.98, 0.66, "", "frosted"),
    (0.1, 0.66, 0.24, "", "frosted"),
)
WAND_MM = 80


def diffuser(pen: Pen, subject: Subject) -> Size:
    length, width, _ = subject.product.size_mm
    lathe = Lathe(pen, lean=math.radians(8 if subject.angle == "side" else 20))
    radius, x = width / 2, -length / 2
    pale = mix(subject.paint, "#f4f1e8", 0.55)
    with pen.moved("rotate(-90)"):
        parts = (*FOOT, *(WAND if length > WAND_MM else DOME))
        for share, low, high, texture, kind in parts:
            end = x + share * length
            color = lit(subject.paint, -0.25) if kind == "rubber" else pale
            lathe.section(
                Section(
                    start=x,
                    end=end,
                    radius=low * radius,
                    radius_end=high * radius,
                    color=color,
                    finish=kind,
                    texture=texture,
                    is_edged=kind == "rubber",
                )
            )
            x = end
        lathe.face(x, radius * parts[-1][2], color=pale, shine=0.5)
    return width * 2, length * 1.25


def color_filter(pen: Pen, subject: Subject) -> Size:
    length, width, _ = subject.product.size_mm
    lathe = Lathe(pen, lean=math.radians(58 if subject.angle != "side" else 24))
    radius = width / 2
    rim = "#2b2f38"
    lathe.section(
        Section(
            start=-length / 2,
            end=length * 0.2,
            radius=radius,
            radius_end=radius,
            color=rim,
            texture=subject.dice.pick(("knurl", "flutes", "grooves")),
        )
    )
    lathe.section(
        Section(
            start=length * 0.2,
            end=length / 2,
            radius=radius * 1.05,
            radius_end=radius * 1.03,
            color=rim,
        )
    )
    lathe.face(length / 2, radius * 1.03, color=rim, shine=0.3)
    with lathe.facing(length / 2 - 1):
        glass = subject.paint
        fill = pen.linear(
            ((0, lit(glass, 0.55), 0.96), (0.5, glass, 0.96), (1, lit(glass, -0.5), 0.96)),
            line=(-radius, -radius, radius, radius),
        )
        pen.circle(radius * 0.88, fill=fill)
        path = (
            f"M{num(-radius * 0.66)} {num(-radius * 0.2)}A{num(radius * 0.7)} {num(radius * 0.7)}"
            f" 0 0 1 {num(radius * 0.3)} {num(-radius * 0.64)}"
        )
        pen.path(path, line="#ffffff", width=radius * 0.1, opacity=0.55)
        pen.path(
            f"M{num(-radius * 0.5)} {num(radius * 0.6)}L{num(radius * 0.6)} {num(-radius * 0.5)}",
            line="#ffffff",
            width=radius * 0.16,
            opacity=0.14,
        )
    return width * 1.7, width * 1.5


def mount(pen: Pen, subject: Subject) -> Size:
    width, depth, height = subject.product.size_mm
    view = Block(pen, yaw=54 if subject.angle == "side" else 30, pitch=22)
    for y, radius, color in (
        (height * 0.3, width * 0.3, "#2b2f38"),
        (-height * 0.28, width * 0.26, subject.paint),
    ):
        for place in range(12, -1, -1):
            with view.front(depth * (place / 12 - 0.5)):
                tone = lit(color, -0.45 + 0.4 * (1 - place / 12))
                pen.path(
                    rounded_box(radius * 2.3, radius * 2.2, radius, at=(0, y))
                    + rounded_box(radius * 1.55, radius * 1.55, radius * 0.78, at=(0, y)),
                    fill=tone,
                    rule="evenodd",
                )
        with view.front(-depth / 2):
            fill = pen.linear(
                ((0, lit(color, 0.5), 1), (0.5, color, 1), (1, lit(color, -0.4), 1)),
                line=(-radius, y - radius, radius, y + radius),
            )
            pen.path(
                rounded_box(radius * 2.3, radius * 2.2, radius, at=(0, y))
                + rounded_box(radius * 1.55, radius * 1.55, radius * 0.78, at=(0, y)),
                fill=fill,
                rule="evenodd",
            )
    for y in (0.3, -0.28):
        lug = blocks.box(width * 0.2, height * 0.12, 2, at=(width * 0.36, height * y))
        view.push(
            lug,
            near=-depth * 0.3,
            far=depth * 0.2,
            color=subject.accent,
            bevel=1.4,
            size=(width * 0.3, 12),
        )
    waist = blocks.box(width * 0.34, height * 0.12, 3, at=(0, height * 0.02))
    view.push(waist, near=-depth * 0.5, far=depth * 0.5, color="#15171d", bevel=2, size=(width, 12))
    view.screw((0, height * 0.02), 3, near=-depth * 0.5)
    return width * 1.9, height * 1.7


def case(pen: Pen, subject: Subject) -> Size:
    dice, paint = subject.dice, subject.paint
    width, height, depth = subject.product.size_mm
    view = Block(pen, yaw=54 if subject.angle == "side" else 26, pitch=24)
    body = dice.pick(
        (
            blocks.box(width, height, height * 0.26),
            blocks.box(width, height, height * 0.48),
            blocks.chamfered(width, height, height * 0.16),
        )
    )
    view.push(
        body,
        near=depth * 0.5,
        far=depth,
        color=lit(paint, -0.15),
        bevel=9,
        size=(width, height),
        is_matte=True,
    )
    view.push(
        body, near=depth * 0.44, far=depth * 0.52, color="#15171d", bevel=0.6, size=(width, height)
    )
    view.push(
        body, near=0, far=depth * 0.45, color=paint, bevel=12, size=(width, height), is_matte=True
    )
    with view.front():
        pen.path(body(14), line=lit(paint, 0.4), width=1, opacity=0.5)
        pattern = "".join(
            f"M{num(-width * 0.32 + k * width * 0.08)} {num(height * 0.26)}"
            f"l{num(width * 0.06)} {num(-height * 0.1)}"
            for k in range(9)
        )
        if dice.chance(0.6):
            pen.path(pattern, line=subject.accent, width=2, opacity=0.8)
        pen.path(
            rounded_box(width * 0.42, height * 0.2, 3, at=(0, -height * 0.06)),
            fill="#0d0f14",
            opacity=0.55,
        )
        engrave(
            pen,
            subject.product.maker.name,
            at=(0, -height * 0.06),
            height=height * 0.09,
            color=subject.accent,
        )
    pull = blocks.box(5, 14, 2, at=(width * 0.3, height * 0.52))
    view.push(pull, near=depth * 0.44, far=depth * 0.5, color="#b9bfc9", bevel=1, size=(5, 14))
    return width * 1.35, height * 1.6


GEAR_SHAPES: dict[str, Callable[[Pen, Subject], Size]] = {
    "strap": strap,
    "holster": holster,
    "diffuser": diffuser,
    "filter": color_filter,
    "mount": mount,
    "case": case,
}
