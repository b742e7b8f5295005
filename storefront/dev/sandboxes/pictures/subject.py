"""Picture subject: describe what to draw, and from which angle."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.dev.sandboxes.goods.model import Product, Variant
from storefront.dev.sandboxes.goods.randomness import RandomDraws
from storefront.dev.sandboxes.goods.variants import COLORS

from .optics import light_color
from .svg import brightness, lit

NEUTRAL_K = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One variant from one angle.

    Shape:  ``lamp`` is the color of its light, or None while it is off
    """

    product: Product
    dice: RandomDraws
    paint: str
    accent: str
    angle: str
    lamp: str | None
    pieces: int = 1

    @property
    def is_side(self) -> bool:
        return self.angle in {"side", "scale"}

    @property
    def emitters(self) -> int:
        return self.product.light.emitter_count if self.product.light else 1

    @property
    def metal(self) -> str:
        return lit(self.paint, 0.25) if brightness(self.paint) < 0.6 else lit(self.paint, -0.2)  # noqa: PLR2004


def subject_of(product: Product, variant: Variant | None, *, angle: str, seed: int) -> Subject:
    color = COLORS[variant.color] if variant else COLORS["Graphite"]
    tail = product.kind == "bike_rear"
    lamp = None
    if angle == "lit" and product.light is not None:
        kelvin = 0 if tail else _kelvin(product, variant)
        lamp = light_color(kelvin)
    return Subject(
        product=product,
        dice=RandomDraws(seed, "look", product.subject),
        paint=color,
        accent=product.maker.accent,
        angle=angle,
        lamp=lamp,
        pieces=_pieces(variant),
    )


def _pieces(variant: Variant | None) -> int:
    pack = variant.values[-1] if variant else ""
    return int(pack.split()[0]) if pack.endswith("pcs") else 1


def _kelvin(product: Product, variant: Variant | None) -> int:
    text = variant.tint if variant and variant.tint else ""
    text = text or dict(product.specs).get("Color temperature", "")
    digits = text.split(" ")[0]
    return int(digits) if digits.isdecimal() else NEUTRAL_K
