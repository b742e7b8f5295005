"""Cell pictures: draw single cells, sets of cells and chargers."""

from __future__ import annotations

import math
from collections.abc import Callable

from . import blocks
from .blocks import Block
from .lathe import Lathe, Section
from .subject import Subject
from .svg import Pen, engrave, finish, lit, num, rounded_box
from .turned_shapes import Size


def one_cell(  # noqa: PLR0913 a cell has so many sides
    pen: Pen, *, length: float, radius: float, color: str, band: str, words: tuple[str, ...],
    has_button: bool = True,
) -> None:  # fmt: skip
    """Stand a cell on its negative end, centered."""
    lathe = Lathe(pen, lean=math.radians(16))
    steel, start = "#c3c8d0", -length / 2
    with pen.moved("rotate(-90)"):
        lathe.section(
            Section(
                start=start,
                end=start + 1,
                radius=radius * 0.94,
                radius_end=radius,
                color=steel,
                finish="polished",
            )
        )
        lathe.section(
            Section(
                start=start + 1,
                end=start + length * 0.7,
                radius=radius,
                radius_end=radius,
                color=color,
                finish="gloss",
            )
        )
        lathe.section(
            Section(
                start=start + length * 0.7,
                end=start + length * 0.94,
                radius=radius,
                radius_end=radius,
                color=band,
                finish="gloss",
            )
        )
        lathe.section(
            Section(
                start=start + length * 0.94,
                end=start + length * 0.965,
                radius=radius,
                radius_end=radius * 0.9,
                color=color,
                finish="gloss",
            )
        )
        lathe.face(start + length * 0.965, radius * 0.9, color="#eceae2", shine=0.1)
        top = start + length * 0.965
        if has_button:
            lathe.section(
                Section(
                    start=top,
                    end=start + length,
                    radius=radius * 0.4,
                    radius_end=radius * 0.38,
                    color=steel,
                    finish="polished",
                )
            )
        lathe.face(
            start + length if has_button else top + 0.2,
            radius * (0.38 if has_button else 0.6),
            color=steel,
            shine=0.5,
        )
    light = lit(color, 0.85)
    for place, word in enumerate(words):
        at = (radius * 0.14, length * (-0.02 + 0.13 * place) + radius * 0.25)
        height = radius * (0.42 if place == 0 else 0.32)
        engrave(pen, word, at=at, height=height, color=light, room=radius * 1.15)
    engrave(
        pen, "+", at=(0, -length * 0.32), height=radius * 0.5, color=lit(band, 0.8), opacity=0.9
    )


def cells(pen: Pen, subject: Subject) -> Size:
    product = subject.product
    battery = product.battery
    length, width, _ = product.size_mm
    count = subject.pieces
    words = (
        product.maker.name,
        battery.format if battery else "",
        f"{battery.capacity_mah} MAH" if battery else "",
    )
    gap = width * 1.25
    for place in range(count):
        x = (place - (count - 1) / 2) * gap
        y = (place % 2) * width * 0.3 - (width * 0.15 if count > 1 else 0)
        with pen.moved(f"translate({num(x)} {num(y)})"):
            one_cell(
                pen, length=length, radius=width / 2, color=subject.paint, band=subject.accent,
                words=words, has_button=subject.dice.chance(0.5),
            )  # fmt: skip
    return max(gap * count + width, length * 0.6), length * 1.2


def charger(pen: Pen, subject: Subject) -> Size:
    facts = dict(subject.product.specs)
    bays = int(facts.get("Bays", "2"))
    length = float(subject.product.size_mm[0])
    width = 26.0 * bays + 14
    view = Block(pen, yaw=56 if subject.angle == "side" else 24, pitch=24)
    body = subject.dice.pick(
        (
            blocks.box(width, length, 9),
            blocks.chamfered(width, length, 10),
            blocks.box(width, length, 18),
        )
    )
    view.push(body, near=0, far=24, color=subject.paint, bevel=4, size=(width, length))
    for bay in range(bays):
        x = (bay - (bays - 1) / 2) * 26
        with view.front():
            pen.path(rounded_box(21, length * 0.66, 9, at=(x, length * 0.08)), fill="#07080c")
            pen.path(
                rounded_box(21, length * 0.66, 9, at=(x, length * 0.08)),
                line=lit(subject.paint, 0.4),
                width=0.5,
                opacity=0.7,
            )
            pen.path(rounded_box(7, 2.4, 1, at=(x, length * 0.39)), fill="#c3c8d0")
            pen.circle(
                1.5,
                at=(x, -length * 0.33),
                fill=("#39d353", "#ff5a4d", "#39d353", "#f2c230")[bay % 4],
            )
        if bay < max(bays - 1, 1):
            with view.front(-3), pen.moved(f"translate({num(x)} {num(length * 0.06)})"):
                shade = ("#7a3fa0", "#2c6cb5", "#2f9e56")[bay % 3]
                pen.path(
                    rounded_box(18, 65, 2),
                    fill=pen.linear(finish(shade, "gloss"), line=(-9, 0, 9, 0)),
                )
                pen.path(rounded_box(7, 2, 0.6, at=(0, -33)), fill="#c3c8d0")
                engrave(pen, "18650", at=(0, 4), height=3, color="#ffffff")
    with view.front():
        color = lit(subject.paint, 0.8)
        engrave(
            pen,
            subject.product.maker.name,
            at=(0, -length * 0.42),
            height=4.2,
            color=color,
            room=width * 0.6,
        )
    return width * 1.35, length * 1.3


WARE_SHAPES: dict[str, Callable[[Pen, Subject], Size]] = {"cell": cells, "charger": charger}
