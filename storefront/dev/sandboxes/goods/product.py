"""A product as its maker knows it, before it is told in anybody's dialect. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .brands import Maker
from .model import Battery


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One level. ``hours`` is None for blinking modes, which nobody times."""

    name: str
    kind: str
    output_lm: float
    hours: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    modes: tuple[Mode, ...]
    peak_cd: int
    beam_m: float
    emitter: str
    emitter_count: int
    head_mm: int
    ip: str
    drop_m: float

    @property
    def levels(self) -> tuple[Mode, ...]:
        """The steady white (or, on a tail light, red) levels, brightest first."""
        return tuple(mode for mode in self.modes if mode.kind == "level")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    place: int
    vid: str
    sku: str
    barcode: str
    mpn: str
    values: tuple[str, ...]
    color: str
    tint: str
    price: Decimal
    net_g: int
    packed_g: int
    has_cells: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product in its variants.

    Shape:  ``subject`` is its number in the catalog, and the only thing it is made from
    Units:  ``size_mm`` is length, width, height; ``listed_s`` is a Unix time
    """

    subject: int
    pid: str
    spu: str
    kind: str
    family: str
    category: str
    shape: str
    noun: str
    maker: Maker
    model: str
    mpn: str
    title: str
    lead: str
    light: Light | None
    battery: Battery | None
    charging: str
    material: str
    features: tuple[str, ...]
    size_mm: tuple[int, int, int]
    specs: tuple[tuple[str, str], ...]
    option_names: tuple[str, ...]
    variants: tuple[Variant, ...]
    hs_code: str
    listed_s: int
    listed_count: int
    flaw: str = ""

    @property
    def is_lithium(self) -> bool:
        """Test whether some variant has a lithium cell in its box."""
        holds = any(variant.has_cells for variant in self.variants)
        return self.battery is not None and self.battery.is_lithium and holds
