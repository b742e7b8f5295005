"""Picture renderer: draw a product by its kind, scale it, add a shadow, rasterize it."""

from __future__ import annotations

import math
from collections.abc import Callable

import resvg_py

from storefront.dev.sandboxes.goods.model import Product, Variant

from . import accessories, cells, flashlights, headlamps, lanterns, small_lights, work_lights
from .subject import Subject, subject_of
from .svg import Pen, num
from .turned_shapes import Size

SIDE = 900
FILLED, FILLED_LIT = 0.84, 0.7
TURNS = {  # degrees: how goods lie on the sheet, where they do not stand
    **dict.fromkeys(flashlights.MAKERS, -27),
    "workpen": 24,
    "hinge": 15,
    "flat": 12,
    "bar": -14,
}
# A pod is drawn about the middle, its strap above: so much brings both to the middle.
LIFTS = {"pod_duo": 0.2, "pod_single": 0.2, "slim": 0.2, "pod_zoom": 0.2, "barrel": 0.31}
CELL_MM, CELL_RADIUS_MM = 50.5, 7.25  # an AA cell, which everybody has held
_DRAWN: dict[str, Callable[[Pen, Subject], Size]] = {
    **dict.fromkeys(flashlights.MAKERS, flashlights.draw),
    **dict.fromkeys(lanterns.DRAWN, lanterns.draw),
    **headlamps.HEADLAMP_SHAPES,
    **headlamps.BAND_SHAPES,
    **work_lights.DRAWN,
    **small_lights.DRAWN,
    **cells.WARE_SHAPES,
    **accessories.GEAR_SHAPES,
}


def png(product: Product, variant: Variant | None, *, angle: str, seed: int) -> bytes:
    """Return a picture of one variant, on transparent ground."""
    drawn = svg(subject_of(product, variant, angle=angle, seed=seed))
    return bytes(resvg_py.svg_to_bytes(svg_string=drawn, skip_system_fonts=True))


def svg(subject: Subject) -> str:
    pen, shape = Pen(), subject.product.shape
    with pen.lifted() as lift:
        width, height = _DRAWN[shape](pen, subject)
        lift(height * LIFTS.get(shape, 0))
    is_torch = shape in flashlights.MAKERS
    if subject.angle == "scale":
        return _beside_a_cell(pen, width, height)
    turn = 0 if subject.is_side else TURNS.get(shape, 0)
    wide, high = _bounds(width, height, turn)
    scale = SIDE * (FILLED_LIT if subject.lamp and is_torch else FILLED) / max(wide, high)
    shift = -0.1 if subject.lamp and is_torch else 0  # room for the beam
    x, y = SIDE * (0.5 + shift), SIDE * (0.49 - shift)
    pen.shade((x, min(y + high * scale * 0.47, SIDE * 0.95)), wide * scale * 0.42)
    return pen.svg(
        size=SIDE, transform=f"translate({num(x)} {num(y)}) scale({scale:.3f}) rotate({turn})"
    )


def _bounds(width: float, height: float, turn: float) -> Size:
    angle = math.radians(abs(turn))
    return (
        width * math.cos(angle) + height * math.sin(angle),
        width * math.sin(angle) + height * math.cos(angle),
    )


def _beside_a_cell(pen: Pen, width: float, height: float) -> str:
    """Stand an AA cell to the right, on the same ground and to the same scale."""
    gap = max(width * 0.04, 6)
    wide = width + gap + 2 * CELL_RADIUS_MM
    high = max(height, CELL_MM)
    scale = SIDE * FILLED / max(wide, high)
    ground = high / 2
    place = (wide / 2 - CELL_RADIUS_MM, ground - CELL_MM / 2)
    with pen.moved(f"translate({num(place[0] + (gap + 2 * CELL_RADIUS_MM) / 2)} {num(place[1])})"):
        cells.one_cell(
            pen, length=CELL_MM, radius=CELL_RADIUS_MM, color="#23252b", band="#b8683a",
            words=("AA", "50 MM"),
        )  # fmt: skip
    left = SIDE / 2 - (gap + 2 * CELL_RADIUS_MM) / 2 * scale
    pen.shade((left, SIDE / 2 + ground * scale), width * scale * 0.42)
    return pen.svg(size=SIDE, transform=f"translate({num(left)} {SIDE / 2}) scale({scale:.3f})")
