"""Headlamps that are no pods: a barrel along the forehead, a band of light, a light for caps."""

from __future__ import annotations

import math
from collections.abc import Callable

from . import blocks, optics, ribbons
from .colors import lit
from .headlamps import STRAP_CLOTH, front_view, head_strap, pod_outline, top_button
from .lathe import Lathe, Section
from .ribbons import Ribbon
from .subject import Subject
from .svg import Pen, num, rounded_box
from .turned_shapes import Size


def barrel(pen: Pen, subject: Subject) -> Size:
    """Draw a tube that lies along the forehead and shines forward at one end."""
    dice = subject.dice
    length, width, _ = subject.product.size_mm
    radius = width / 2
    head_strap(pen, subject, length * 0.68, width * 1.35, has_top=dice.chance(0.4))
    lathe = Lathe(pen, lean=math.radians(16))
    texture = dice.pick(("knurl", "flutes", "grooves", "scales", "squares"))
    x = -length / 2
    for share, size, pattern, color in (
        (0.13, 1.0, dice.pick(("grooves", "flutes", "knurl")), subject.paint),
        (0.01, 0.94, "", subject.accent),
        (0.13, 0.98, "", subject.paint),
        (0.08, 1.16, "", "#1b1e25"),
        (0.2, 0.98, texture, subject.paint),
        (0.08, 1.16, "", "#1b1e25"),
        (0.04, 1.0, "", subject.paint),
        (0.31, 1.06, "", subject.paint),
        (0.02, 0.96, "", subject.accent),
    ):
        end = x + share * length
        rubber = size > 1.1  # noqa: PLR2004 the holder's rings
        lathe.section(
            Section(
                start=x, end=end, radius=radius * size, radius_end=radius * size, color=color,
                texture=pattern, finish="rubber" if rubber else "satin",
            )
        )  # fmt: skip
        x = end
    lathe.face(x, radius * 0.96, color=subject.paint)
    places = [0.3] if subject.emitters == 1 else [0.2, 0.37]
    for share in places:
        at = ((share * length - 1) * lathe.shrink, 0)
        size = radius * (0.9 if len(places) == 1 else 0.74)
        with pen.moved(f"translate({num(at[0])} {num(at[1])}) scale(0.97 1)"):
            ring = pen.linear(
                ((0, lit(subject.metal, 0.6), 1), (1, lit(subject.metal, -0.5), 1)),
                line=(-size, -size, size, size),
            )
            pen.circle(size, fill=ring)
            optics.optic(pen, size * 0.84, lamp=subject.lamp)
            optics.glass(pen, size * 0.84)
        if subject.lamp:
            optics.glow(pen, at, radius * 3.4, color=subject.lamp, strength=0.7)
    return length * 1.55, length * 1.05


def band(pen: Pen, subject: Subject) -> Size:
    """Draw a silicone band with a strip of light along the forehead."""
    dice, lamp = subject.dice, subject.lamp
    across, height = subject.product.size_mm[0] * 0.52, float(subject.product.size_mm[1])
    ribbon = Ribbon(center=(0, -height * 0.5), across=across, deep=across * 0.42)
    cloth, accent = dice.pick(STRAP_CLOTH), subject.accent
    style = dice.pick(ribbons.STYLES)
    ribbons.strap(
        pen, ribbon, width=height * 0.8, color=cloth, accent=accent, style=style, is_front=False
    )
    ribbons.strap(
        pen, ribbon, width=height, color=subject.paint, accent=subject.paint, style="plain",
        is_front=True,
    )  # fmt: skip
    for turn, size in ((22, 1.25), (158, 1.18)):
        spot = ribbon.at(turn, 0)
        wide = height * (0.95 if turn < 90 else 0.8)  # noqa: PLR2004
        pen.path(rounded_box(wide, height * size, 6, at=spot), fill=lit(subject.paint, -0.3))
        fill = pen.linear(
            (
                (0, lit(subject.paint, 0.4), 1),
                (0.5, subject.paint, 1),
                (1, lit(subject.paint, -0.5), 1),
            ),
            line=(
                spot[0] - wide / 2,
                spot[1] - height / 2,
                spot[0] + wide / 2,
                spot[1] + height / 2,
            ),
        )
        pen.path(rounded_box(wide - 1, height * size - 1, 5.4, at=spot), fill=fill)
        if turn > 90:  # noqa: PLR2004 the spot sits at one end
            with pen.moved(f"translate({num(spot[0])} {num(spot[1])}) scale(0.8 1)"):
                pen.circle(height * 0.36, fill="#0b0d12")
                optics.reflector(pen, height * 0.32, lamp=lamp)
                optics.emitter(pen, height * 0.07, lamp=lamp)
                optics.glass(pen, height * 0.32)
        else:
            pen.circle(height * 0.15, at=spot, fill="#0d0f14")
            pen.circle(height * 0.1, at=spot, fill=accent)
    half = height * (0.15 + dice.share() * 0.07)
    strip = ribbon.piece(38, 140, -half, half)
    pen.path(ribbon.piece(36, 142, -half - 1.4, half + 1.4), fill="#f2f2ec")
    color = optics.PHOSPHOR if lamp is None else optics.HOT
    fill = pen.linear(
        ((0, lit(color, -0.2), 1), (0.35, lit(color, 0.35), 1), (1, lit(color, -0.25), 1)),
        line=(-across, 0, across, 0),
    )
    pen.path(strip, fill=fill)
    pen.path(ribbon.line(38, 140, -half * 0.45), line="#ffffff", width=half * 0.4, opacity=0.35)
    if lamp:
        for turn in (50, 70, 90, 110, 130):
            optics.glow(pen, ribbon.at(turn, 0), height * 1.5, color=lamp, strength=0.38)
    return across * 2.1, across * 1.15


def clip(pen: Pen, subject: Subject) -> Size:
    """Draw a light that clips to the brim of a cap."""
    dice = subject.dice
    width, height, _ = subject.product.size_mm
    view = front_view(subject, pen, yaw=30, pitch=26)
    jaw = blocks.box(width * 0.5, height * 0.16, 2, at=(0, height * 0.44))
    view.push(jaw, near=2, far=26, color="#1d2027", bevel=1, size=(width, height), is_matte=True)
    jaw = blocks.box(width * 0.56, height * 0.16, 2, at=(0, height * 0.2))
    view.push(jaw, near=2, far=30, color=subject.paint, bevel=1, size=(width, height))
    outline = pod_outline(subject, width, height * 0.66)
    view.push(outline, near=0, far=11, color=subject.paint, bevel=2.4, size=(width, height * 0.7))
    view.plate(
        blocks.box(width * 0.84, height * 0.4, 4), near=0, color="#101218", size=(width, height)
    )
    with view.front():
        if subject.product.light and "COB" in subject.product.light.emitter:
            optics.cob(pen, width * 0.68, height * 0.2, lamp=subject.lamp)
        else:
            count = max(subject.emitters, 3)
            size = (width * 0.76, height * 0.3)
            optics.diodes(pen, size, columns=count, rows=dice.whole(1, 2), lamp=subject.lamp)
    top_button(view, subject, width, height * 0.66, 11)
    if subject.lamp:
        with view.front(-3):
            optics.glow(pen, (0, 0), width * 0.9, color=subject.lamp, strength=0.5)
    return width * 1.5, width * 1.15


DRAWN: dict[str, Callable[[Pen, Subject], Size]] = {"barrel": barrel, "band": band, "clip": clip}
