"""Archetypes: define the value ranges of a kind of light or accessory, read them from data/.

Each file holds one family. In a file, ``[least, most]`` of a measure is a range.
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .randomness import Span

DATA = Path(__file__).parent / "data"
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


def read_kinds[K: (LightKind, AccessoryKind)](kind: type[K], family: str) -> tuple[K, ...]:
    """Return the archetypes of one family, in the order of its file."""
    ranges = {field.name for field in fields(kind) if "Span" in str(field.type)}

    def value(name: str, value: Any) -> Any:
        if name in ranges:
            return Span(*value)
        return tuple(value) if isinstance(value, list) else value

    return tuple(
        kind(code=code, family=family, **{name: value(name, given) for name, given in rows.items()})
        for code, rows in read_data(family.replace(" ", "_")).items()
    )


def read_data(name: str) -> dict[str, dict[str, Any]]:
    """Return the tables of a file. A table in a table becomes pairs of label and choices."""
    tables = tomllib.loads((DATA / f"{name}.toml").read_text())
    for rows in tables.values():
        for field, given in rows.items():
            if isinstance(given, dict):
                rows[field] = tuple((label, tuple(choices)) for label, choices in given.items())
    return tables
