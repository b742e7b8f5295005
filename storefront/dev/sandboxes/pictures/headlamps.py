"""Headlamp pictures: draw pods with their straps, barrels, light bands and cap lights."""

from __future__ import annotations

import math
from collections.abc import Callable

from . import blocks, optics
from .blocks import Block, Outline, Ribbon
from .lathe import Lathe, Section
from .subject import Subject
from .svg import Pen, lit, num, rounded_box
from .turned_shapes import Size

# Pods and straps

STRAP_CLOTH = ("#2a2d36", "#343945", "#464c59", "#2a3d5c", "#5a303c", "#2f5148", "#54452f")


def front_view(subject: Subject, pen: Pen, *, yaw: float = 24, pitch: float = 16) -> Block:
    if subject.angle == "side":
        return Block(pen, yaw=58, pitch=12)
    return Block(pen, yaw=yaw, pitch=pitch)


def head_strap(pen: Pen, subject: Subject, width: float, height: float, *, has_top: bool) -> Ribbon:
    """Lay the strap around the head that is not there."""
    dice = subject.dice
    across = width * (0.98 + dice.share() * 0.16)
    deep = across * (0.46 + dice.share() * 0.08)
    ribbon = Ribbon(center=(width * 0.1, height * 0.1 - deep), across=across, deep=deep)
    style, cloth = dice.pick(blocks.STYLES), dice.pick(STRAP_CLOTH)
    band = max(height * 0.42, 15)
    accent = dice.pick((subject.accent, subject.paint, lit(subject.paint, 0.3)))
    if has_top:
        top = (
            f"M{num(ribbon.center[0])} {num(ribbon.center[1] - ribbon.deep)}"
            f"Q{num(width * 0.1)} {num(-height * 0.9 - deep * 2.4)}"
            f" {num(-width * 0.02)} {num(-height * 0.3)}"
        )
        pen.path(top, line=lit(cloth, -0.35), width=band * 0.62)
        pen.path(top, line=cloth, width=band * 0.5)
        pen.path(top, line=accent, width=band * 0.08, dashes="4 3", opacity=0.9)
    for is_front in (False, True):
        blocks.strap(
            pen, ribbon, width=band, color=cloth, accent=accent, style=style, is_front=is_front
        )
    return ribbon


def pod_outline(subject: Subject, width: float, height: float) -> Outline:
    pick = subject.dice.pick(("box", "box", "pill", "chamfered", "shield"))
    if pick == "pill":
        return blocks.box(width, height, height * 0.5)
    if pick == "chamfered":
        return blocks.chamfered(width, height, height * 0.2)
    if pick == "shield":
        return blocks.shield(width, height, height * 0.22, width * 0.09)
    return blocks.box(width, height, height * (0.16 + subject.dice.share() * 0.16))


def _bracket(view: Block, width: float, height: float, depth: float) -> None:
    """Hold the pod by two ears on a plate behind it."""
    outline = blocks.box(width + 10, height * 0.78, 5)
    view.push(
        outline, near=depth, far=depth + 6, color="#22252d", bevel=1.2,
        size=(width + 10, height), is_matte=True,
    )  # fmt: skip


def top_button(view: Block, subject: Subject, width: float, height: float, depth: float) -> None:
    outline = blocks.box(width * 0.34, 5, 1.6, at=(-width * 0.08, -height / 2 - 0.4))
    color = subject.dice.pick((subject.accent, "#15171d", subject.accent))
    view.push_small(
        outline, near=depth * 0.3, far=depth * 0.72, color=color,
        at=(-width * 0.08, -height / 2), size=(width * 0.34, 5),
    )  # fmt: skip


def pod(pen: Pen, subject: Subject) -> Size:
    """Draw the usual one: a box on a bracket, one lens or two, a strap."""
    dice, shape = subject.dice, subject.product.shape
    width, height, depth = subject.product.size_mm
    if shape == "slim":
        height = round(height * 0.86)
    depth = min(depth, round(height * 0.8))
    head_strap(pen, subject, width, height, has_top="top strap" in subject.product.features)
    view = front_view(subject, pen)
    _bracket(view, width, height, depth)
    outline = pod_outline(subject, width, height)
    view.push(outline, near=0, far=depth, color=subject.paint, bevel=3, size=(width, height))
    top_button(view, subject, width, height, depth)
    dark = dice.chance(0.6)
    inner = blocks.box(width * 0.86, height * 0.72, height * 0.2)
    if dice.chance(0.7):
        color = "#14161c" if dark else lit(subject.paint, -0.35)
        view.plate(inner, near=0, color=color, size=(width, height))
    _front(view, subject, width, height)
    if dice.chance(0.4):
        for x in (-width * 0.44, width * 0.44):
            view.screw((x, height * 0.32), 1.3, near=0)
    return width * 2.3, width * 1.75


def _front(view: Block, subject: Subject, width: float, height: float) -> None:
    dice, lamp, pen = subject.dice, subject.lamp, view.pen
    layout = {
        "pod_single": ("center", "center", "triple"),
        "slim": ("center", "triple", "twin"),
    }.get(subject.product.shape, ("duo", "duo", "twin", "duo_right"))
    pick = dice.pick(layout)
    big = height * 0.34
    if pick == "center":
        _lens(view, subject, (-width * 0.06, 0), big)
        with view.front():
            optics.diodes(
                pen, (4, height * 0.5), columns=1, rows=2, lamp=None, at=(width * 0.33, 0)
            )
    elif pick == "triple":
        _lens(view, subject, (-width * 0.26, 0), big * 0.74)
        _lens(view, subject, (width * 0.02, 0), big * 0.74)
        _lens(view, subject, (width * 0.29, 0), big * 0.58)
    elif pick == "twin":
        _lens(view, subject, (-width * 0.21, 0), big * 0.9)
        _lens(view, subject, (width * 0.21, 0), big * 0.9)
    else:
        side = -1 if pick == "duo" else 1
        _lens(view, subject, (side * width * 0.21, -height * 0.02), big)
        with view.front():
            size = (width * 0.3, height * 0.46)
            optics.cob(pen, *size, lamp=lamp, at=(-side * width * 0.23, -height * 0.02))
    if "motion sensor" in subject.product.features:
        with view.front():
            spot = (width * 0.02, height * 0.37)
            pen.circle(1.7, at=spot, fill="#030407")
            pen.circle(0.8, at=spot, fill="#5b1420")
    if lamp:
        with view.front(-4):
            optics.glow(pen, (-width * 0.1, 0), width * 0.95, color=lamp, strength=0.6)


def _lens(view: Block, subject: Subject, at: tuple[float, float], radius: float) -> None:
    dice = subject.dice
    ring = dice.pick((subject.accent, "#b4bac4", "#1c1f26", subject.metal))
    view.socket(radius * 1.16, at=at, near=0, reach=2.6, color=ring)
    with view.front(-2.2), view.pen.moved(f"translate({num(at[0])} {num(at[1])})"):
        if dice.chance(0.5):
            optics.reflector(view.pen, radius, lamp=subject.lamp)
            optics.emitter(view.pen, radius * 0.17, lamp=subject.lamp)
        else:
            optics.optic(view.pen, radius, lamp=subject.lamp)
        optics.glass(view.pen, radius)


def pod_zoom(pen: Pen, subject: Subject) -> Size:
    """Draw one to three sliding heads on a plate."""
    width, height, depth = subject.product.size_mm
    count = 3 if subject.emitters == 3 else 1  # noqa: PLR2004
    head_strap(pen, subject, width, height, has_top=True)
    view = front_view(subject, pen)
    _bracket(view, width * 0.9, height * 0.9, depth * 0.5)
    view.push(
        pod_outline(subject, width * 0.95, height * 0.8), near=depth * 0.2, far=depth * 0.5,
        color="#1d2027", bevel=2, size=(width, height), is_matte=True,
    )  # fmt: skip
    places = [(0.0, 0.0, height * 0.46)]
    if count > 1:
        places = [(-width * 0.36, 0, height * 0.29), (width * 0.36, 0, height * 0.29), *places[:1]]
        places[2] = (0.0, 0.0, height * 0.4)
    for x, y, radius in places:
        view.socket(radius, at=(x, y), near=depth * 0.2, reach=depth * 0.32, color=subject.paint)
        view.socket(
            radius * 1.04, at=(x, y), near=-depth * 0.12, reach=depth * 0.18,
            color=subject.dice.pick((subject.paint, subject.accent)),
        )  # fmt: skip
        with view.front(-depth * 0.28), pen.moved(f"translate({num(x)} {num(y)})"):
            optics.bull_eye(pen, radius * 0.86, lamp=subject.lamp)
            optics.glass(pen, radius * 0.86)
    if subject.lamp:
        with view.front(-depth * 0.4):
            optics.glow(pen, (0, 0), width * 0.8, color=subject.lamp, strength=0.65)
    return width * 2.3, width * 1.75


HEADLAMP_SHAPES: dict[str, Callable[[Pen, Subject], Size]] = {
    "pod_duo": pod,
    "pod_single": pod,
    "slim": pod,
    "pod_zoom": pod_zoom,
}


# Barrels, bands and cap lights


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
    style = dice.pick(blocks.STYLES)
    blocks.strap(
        pen, ribbon, width=height * 0.8, color=cloth, accent=accent, style=style, is_front=False
    )
    blocks.strap(
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


BAND_SHAPES: dict[str, Callable[[Pen, Subject], Size]] = {
    "barrel": barrel,
    "band": band,
    "clip": clip,
}
