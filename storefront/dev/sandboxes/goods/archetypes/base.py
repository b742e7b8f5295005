"""Archetypes: define the value ranges of a kind of light or accessory. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from storefront.dev.sandboxes.goods.randomness import Span

SMALL_LIPO_MAH = Span(500, 1500)
USUAL_EFFICACY = Span(88, 118)


@dataclass(frozen=True, slots=True, kw_only=True)
class LightKind:
    """One archetype of light.

    Units:  ``throw_cd_per_lm`` is the beam's shape; ``efficacy_lm_h_per_wh`` is the light per
            watt-hour of the battery, with driver losses and warm-up
    """

    code: str
    family: str
    category: str
    noun: str
    shape: str
    supplies: tuple[str, ...]
    lipo_mah: Span = SMALL_LIPO_MAH
    output_lm: Span
    throw_cd_per_lm: Span
    body_g: Span
    length_mm: Span
    width_mm: Span
    height_mm: Span | None = None  # None for round bodies: the width is the head's diameter
    efficacy_lm_h_per_wh: Span = USUAL_EFFICACY
    beam: str
    emitters: tuple[str, ...]
    emitter_count: tuple[int, ...] = (1,)
    levels: tuple[str, ...] = ("High", "Medium", "Low")
    extras: tuple[str, ...] = ()  # modes besides the white levels
    ip: tuple[str, ...] = ("IPX4",)
    drop_m: tuple[float, ...] = (1,)
    features: tuple[str, ...] = ()
    feature_count: tuple[int, int] = (2, 4)
    must_have: tuple[str, ...] = ()
    switch: tuple[str, ...] = ("side",)
    charging: tuple[str, ...] = ("USB-C",)
    materials: tuple[str, ...] = ("Aluminum 6061-T6",)
    ccts: tuple[int, ...] = (5000, 5700, 6500)
    cris: tuple[int, ...] = (70, 70, 80, 90)
    price_usd: Span
    options: tuple[str, ...] = ("",)  # a second axis besides the color: "Battery" or "Tint"
    uses: tuple[str, ...]
    hs_code: str = "8513101000"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessoryKind:
    """One archetype of a product without light: cells, chargers, straps, cases."""

    code: str
    family: str
    category: str
    noun: str
    shape: str
    supplies: tuple[str, ...] = ()
    materials: tuple[str, ...]
    weight_g: Span
    length_mm: Span
    width_mm: Span
    height_mm: Span
    facts: tuple[tuple[str, tuple[str, ...]], ...] = ()  # label and its possible values
    price_usd: Span
    packs: tuple[int, ...] = ()  # pieces in a pack, as a second axis
    uses: tuple[str, ...]
    hs_code: str
