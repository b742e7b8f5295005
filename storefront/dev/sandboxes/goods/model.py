"""Product model: define batteries, modes, lights, variants and products of the sandboxes. Pure.

A product has the manufacturer's data; each sandbox describes it in its own way.

Source: capacities and weights as printed on cells of reputable makers
"""

from dataclasses import dataclass
from decimal import Decimal

from .brands import Brand
from .randomness import RandomDraws, Span

LIPO_G_PER_WH = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """All cells of one light."""

    format: str
    chemistry: str
    count: int
    capacity_mah: int
    voltage_v: float
    cell_g: float

    @property
    def cell_wh(self) -> float:
        return self.capacity_mah * self.voltage_v / 1000

    @property
    def energy_wh(self) -> float:
        return self.cell_wh * self.count

    @property
    def weight_g(self) -> float:
        return self.cell_g * self.count

    @property
    def is_lithium(self) -> bool:
        return self.chemistry in {"Li-ion", "Li-Po", "Lithium metal"}

    @property
    def is_rechargeable(self) -> bool:
        return self.chemistry in {"Li-ion", "Li-Po", "NiMH"}

    @property
    def is_built_in(self) -> bool:
        return self.format == "built-in"


@dataclass(frozen=True, slots=True)
class _Format:
    chemistry: str
    capacities_mah: tuple[int, ...]
    voltage_v: float
    weight_g: float


_FORMATS = {
    "AAA": _Format("Alkaline", (1100, 1200), 1.5, 12),
    "AA": _Format("Alkaline", (2500, 2800), 1.5, 24),
    "AA NiMH": _Format("NiMH", (2000, 2500), 1.2, 28),
    "D": _Format("Alkaline", (16000, 18000), 1.5, 145),
    "CR2032": _Format("Lithium metal", (220,), 3.0, 3),
    "CR123A": _Format("Lithium metal", (1500, 1600), 3.0, 17),
    "10440": _Format("Li-ion", (350,), 3.7, 9),
    "14500": _Format("Li-ion", (800, 900, 1000), 3.7, 21),
    "16340": _Format("Li-ion", (650, 700, 800), 3.7, 18),
    "18350": _Format("Li-ion", (1100, 1200), 3.7, 26),
    "18650": _Format("Li-ion", (2600, 3000, 3400, 3500), 3.6, 48),
    "21700": _Format("Li-ion", (4000, 4500, 5000), 3.6, 70),
    "21700 high": _Format("Li-ion", (6000,), 3.6, 74),
    "26650": _Format("Li-ion", (5000, 5500), 3.7, 94),
}


def battery(supply: str, *, lipo_mah: Span, draws: RandomDraws) -> Battery:
    """Return the cells of a supply such as ``2x18650`` or ``lipo``."""
    if supply == "lipo":
        capacity = round(draws.within(lipo_mah) / 50) * 50
        return Battery(
            format="built-in",
            chemistry="Li-Po",
            count=1,
            capacity_mah=capacity,
            voltage_v=3.7,
            cell_g=round(capacity * 3.7 / 1000 * LIPO_G_PER_WH, 1),
        )
    count, _, name = supply.rpartition("x")
    kind = _FORMATS[name]
    return Battery(
        format=name.split()[0],
        chemistry=kind.chemistry,
        count=int(count or 1),
        capacity_mah=draws.pick(kind.capacities_mah),
        voltage_v=kind.voltage_v,
        cell_g=kind.weight_g,
    )


# Products


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One mode. ``hours`` is None for blinking modes, whose runtime is not measured."""

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
        """The steady levels, white or red for a tail light, brightest first."""
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
    price: Decimal
    net_g: int
    packed_g: int
    has_cells: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product with its variants.

    Shape:  ``subject`` is its number in the catalog, from which all else is derived
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
    brand: Brand
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
        """Return whether the box of some variant has a lithium cell."""
        holds = any(variant.has_cells for variant in self.variants)
        return self.battery is not None and self.battery.is_lithium and holds
