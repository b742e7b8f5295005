"""Work light pictures: draw bars, panels and pens."""

from __future__ import annotations

from collections.abc import Callable

from . import blocks, optics
from .blocks import Block
from .subject import Subject
from .svg import Pen, engrave, lit, num
from .turned_shapes import Size


def _view(subject: Subject, pen: Pen, *, yaw: float = 28, pitch: float = 12) -> Block:
    return Block(pen, yaw=62 if subject.angle == "side" else yaw, pitch=pitch)


def _word(view: Block, subject: Subject, at: tuple[float, float], height: float) -> None:
    with view.front():
        color = lit(subject.paint, 0.8)
        engrave(
            view.pen, subject.product.maker.name, at=at, height=height, color=color, opacity=0.6
        )


def _hook(pen: Pen, at: tuple[float, float], size: float, color: str) -> None:
    x, y = at
    path = (
        f"M{num(x)} {num(y)}v{num(-size * 0.5)}"
        f"a{num(size * 0.42)} {num(size * 0.42)} 0 1 1 {num(size * 0.7)} {num(size * 0.3)}"
    )
    pen.path(path, line=lit(color, -0.5), width=size * 0.2)
    pen.path(path, line=color, width=size * 0.13)


def hinge(pen: Pen, subject: Subject) -> Size:
    """Draw a grip and a lamp that bends on it."""
    dice, paint = subject.dice, subject.paint
    length, width, depth = subject.product.size_mm
    view = _view(subject, pen)
    upper, lower = length * 0.54, length * 0.4
    _hook(pen, (0, -length * 0.5), width * 0.5, "#b9bfc9")
    grip = blocks.box(width * 0.86, lower, width * 0.2, at=(0, length * 0.27))
    view.push(grip, near=3, far=depth, color="#22252d", bevel=3, size=(width, lower), is_matte=True)
    with view.front(3):
        for row in range(5):
            y = length * 0.2 + row * lower * 0.13
            pen.path(
                f"M{num(-width * 0.28)} {num(y)}h{num(width * 0.56)}", line="#0c0e13", width=2.4
            )
            pen.path(
                f"M{num(-width * 0.28)} {num(y + 1.5)}h{num(width * 0.56)}",
                line="#4a4f59",
                width=0.5,
            )
    base = blocks.box(width * 0.98, width * 0.24, 3, at=(0, length * 0.47))
    view.push(base, near=0, far=depth * 1.15, color=paint, bevel=2, size=(width, width * 0.3))
    joint = blocks.box(width * 0.5, length * 0.07, 4, at=(0, length * 0.055))
    view.push(joint, near=5, far=depth * 0.8, color="#9aa1ab", bevel=1.5, size=(width, 20))
    lamp = blocks.box(width, upper, width * dice.pick((0.2, 0.34)), at=(0, -length * 0.24))
    view.push(lamp, near=0, far=depth * 0.8, color=paint, bevel=3, size=(width, upper))
    with view.front():
        optics.cob(pen, width * 0.66, upper * 0.74, lamp=subject.lamp, at=(0, -length * 0.23))
    view.knob((0, length * 0.13), (width * 0.34, width * 0.24), near=3, color=subject.accent)
    _word(view, subject, (0, -length * 0.478), width * 0.09)
    if subject.lamp:
        with view.front(-4):
            for step in (-0.36, -0.12):
                optics.glow(pen, (0, length * step), width * 1.8, color=subject.lamp, strength=0.45)
    return width * 2.2, length * 1.12


def workpen(pen: Pen, subject: Subject) -> Size:
    dice, paint = subject.dice, subject.paint
    length, width, depth = subject.product.size_mm
    view = _view(subject, pen, yaw=32, pitch=10)
    body = blocks.box(width, length * 0.92, width * 0.36, at=(0, length * 0.03))
    view.push(body, near=0, far=depth, color=paint, bevel=3, size=(width, length))
    cap = blocks.box(width * 0.86, length * 0.07, width * 0.3, at=(0, -length * 0.46))
    view.push(cap, near=2, far=depth * 0.9, color="#22252d", bevel=2, size=(width, 14))
    strip = length * dice.pick((0.4, 0.48))
    with view.front():
        optics.cob(pen, width * 0.46, strip, lamp=subject.lamp, at=(0, -length * 0.12))
    view.knob((0, length * 0.2), (width * 0.42, width * 0.42), near=0, color=subject.accent)
    clip = blocks.box(width * 0.34, length * 0.34, 3, at=(width * 0.62, length * 0.28))
    view.push(clip, near=depth * 0.5, far=depth * 0.66, color="#b9bfc9", bevel=1, size=(width, 60))
    _word(view, subject, (0, length * 0.36), width * 0.17)
    if subject.lamp:
        with view.front(-3):
            for step in (-0.25, -0.05):
                optics.glow(pen, (0, length * step), width * 2.4, color=subject.lamp, strength=0.42)
    return width * 4, length * 1.1


def flood(pen: Pen, subject: Subject) -> Size:
    """Draw a panel in a stand that folds."""
    dice, paint, lamp = subject.dice, subject.paint, subject.lamp
    width, stands, depth = subject.product.size_mm
    height = stands * 0.84
    view = _view(subject, pen, yaw=26, pitch=10)
    steel = dice.pick(("#b9bfc9", "#2b2f38", subject.accent))
    foot = (
        f"M{num(-width * 0.36)} {num(height * 0.66)}H{num(width * 0.36)}"
        f"M{num(-width * 0.52)} {num(height * 0.05)}L{num(-width * 0.4)} {num(height * 0.66)}"
        f"M{num(width * 0.52)} {num(height * 0.05)}L{num(width * 0.4)} {num(height * 0.66)}"
    )
    for shift, tone in ((depth * 0.9, -0.35), (depth * 0.2, 0.0)):
        with view.front(shift):
            pen.path(foot, line=lit(steel, -0.5), width=9)
            pen.path(foot, line=lit(steel, tone), width=6.5)
            with pen.moved("translate(-1 -1)"):
                pen.path(foot, line=lit(steel, 0.5), width=1.2, opacity=0.7)
    handle = blocks.box(width * 0.4, height * 0.16, 6, at=(0, -height * 0.56))
    view.push(handle, near=8, far=depth * 0.7, color="#22252d", bevel=2, size=(width, 30))
    shell = dice.pick(
        (
            blocks.box(width, height, 14),
            blocks.chamfered(width, height, 20),
            blocks.box(width, height, 26),
        )
    )
    view.push(shell, near=0, far=depth, color=paint, bevel=5, size=(width, height))
    view.plate(
        blocks.box(width * 0.88, height * 0.84, 10), near=0, color="#15171d", size=(width, height)
    )
    with view.front():
        if subject.emitters > 2:  # noqa: PLR2004 a field of diodes
            optics.diodes(pen, (width * 0.82, height * 0.76), columns=10, rows=6, lamp=None)
            if lamp:
                pen.path(
                    blocks.box(width * 0.84, height * 0.78, 8)(0), fill="#fff7df", opacity=0.55
                )
        else:
            parts = subject.emitters
            for place in range(parts):
                x = (place - (parts - 1) / 2) * width * 0.42
                size = (width * (0.36 if parts > 1 else 0.62), height * 0.6)
                optics.cob(pen, *size, lamp=lamp, at=(x, 0))
        if lamp:
            optics.glow(pen, (0, 0), width * 0.85, color=lamp, strength=0.75)
    for x in (-width * 0.5, width * 0.5):
        view.screw((x * 0.92, -height * 0.43), 2.6, near=0)
    return width * 1.5, height * 1.62


def bar(pen: Pen, subject: Subject) -> Size:
    """Draw a slim bar that hangs from two hooks."""
    dice, paint = subject.dice, subject.paint
    length, width, depth = subject.product.size_mm
    view = _view(subject, pen, yaw=16, pitch=24)
    if subject.angle == "side":
        view = Block(pen, yaw=40, pitch=30)
    for side in (-1, 1):
        with view.front(depth * 0.5):
            _hook(pen, (side * length * 0.44, -width * 0.4), width * 0.9, "#b9bfc9")
    body = blocks.box(length, width, width * dice.pick((0.2, 0.5)))
    view.push(body, near=0, far=depth, color=paint, bevel=3, size=(length, width * 2))
    for side in (-1, 1):
        end = blocks.box(length * 0.08, width * 1.06, 4, at=(side * length * 0.47, 0))
        view.push(
            end, near=-1, far=depth, color="#22252d", bevel=2, size=(30, width), is_matte=True
        )
    with view.front():
        size = (length * 0.7, width * 0.5)
        at = (-length * 0.06, 0)
        if subject.product.light and "COB" in subject.product.light.emitter:
            optics.cob(pen, *size, lamp=subject.lamp, at=at)
        else:
            pen.path(blocks.box(*size, 3, at=at)(0), fill="#eef0ee", opacity=0.9)
            optics.diodes(pen, size, columns=22, rows=1 + (width > 30), lamp=None, at=at)  # noqa: PLR2004
    view.knob((length * 0.36, 0), (width * 0.4, width * 0.4), near=0, color=subject.accent)
    if subject.lamp:
        with view.front(-3):
            for place in range(5):
                at = (length * (-0.36 + place * 0.15), 0)
                optics.glow(pen, at, width * 2.2, color=subject.lamp, strength=0.5)
    return length * 1.12, length * 0.5


DRAWN: dict[str, Callable[[Pen, Subject], Size]] = {
    "hinge": hinge,
    "workpen": workpen,
    "flood": flood,
    "bar": bar,
}
