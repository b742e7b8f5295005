"""Batteries: parse a supplier's battery text, derive the lithium shipping class. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from catalog.attributes import units
from catalog.attributes.families import FamilyKind
from catalog.attributes.numbers import UnreadableError


@dataclass(frozen=True, slots=True)
class CellLimits:
    """Physical limits of one cell of a format.

    Source: best cells on the market; output is the 99th percentile of branded lights
    """

    max_mah: int
    voltage: Decimal
    weight_g: int
    max_output_lm: int


CELL_LIMITS: Mapping[str, CellLimits] = {
    "AAA": CellLimits(1300, Decimal("1.5"), 12, 300),
    "AA": CellLimits(3000, Decimal("1.5"), 24, 600),
    "C": CellLimits(8500, Decimal("1.5"), 70, 300),
    "D": CellLimits(20000, Decimal("1.5"), 150, 500),
    "CR123A": CellLimits(1700, Decimal("3.0"), 17, 600),
    "CR2": CellLimits(900, Decimal("3.0"), 11, 300),
    "CR2032": CellLimits(240, Decimal("3.0"), 3, 30),
    "10440": CellLimits(400, Decimal("3.7"), 9, 500),
    "14500": CellLimits(1250, Decimal("3.7"), 22, 1600),
    "16340": CellLimits(1000, Decimal("3.7"), 19, 1600),
    "18350": CellLimits(1600, Decimal("3.7"), 27, 2500),
    "18650": CellLimits(4000, Decimal("3.7"), 50, 4000),
    "21700": CellLimits(6000, Decimal("3.6"), 76, 6500),
    "26650": CellLimits(6200, Decimal("3.7"), 98, 4500),
    "32650": CellLimits(7000, Decimal("3.2"), 150, 6000),
}
BUILT_IN = "built_in"
_MAX_VOLTAGE_RATIO = Decimal("1.5")  # of a charged cell to the nominal voltage of its format
# Of these formats, only lithium cells have more than 1.5 V.
LITHIUM_FORMATS = frozenset(
    name for name, cell in CELL_LIMITS.items() if cell.voltage > Decimal("1.5")
)
LITHIUM_CHEMISTRIES = frozenset({"li_ion", "li_po", "lifepo4", "lithium_metal"})

# The count stands before or after the format: "2*18650", "3 AAA", "18650 x 2".
_FORMAT = re.compile(
    r"(?<![A-Za-z0-9_.])"
    r"(?:(?P<count>\d{1,2})\s*(?:x|×|\*|pcs|pieces|-cell|节)\s*|(?P<bare>\d)(?:\s?(?=A|CR)|\s(?=\d{5})))?"
    r"(?P<format>AAA|AA|CR123A|CR123|CR2032|CR2|10440|14500|16340|18350|18650|21700|26650|32650"
    r"|[CD](?=\s*(?:cells?|alkaline|ni-?mh|size)\b))(?![A-Za-z0-9_])"
    r"(?:\s*(?:batter(?:y|ies)|cells?|锂电池|电池)?\s*[x×*]\s*(?P<after>\d)(?![\d.]))?",
    re.IGNORECASE,
)
_CHEMISTRIES = (
    ("lifepo4", r"lifepo4|\blfp\b|磷酸铁锂"),
    ("li_po", r"li-?\s?po(?:ly(?:mer)?)?\b|lithium[ -]polymer|polymer|聚合物"),
    ("li_ion", r"li-?\s?ion\b|lithium[ -]ion|锂离子|锂电"),
    ("lithium_metal", r"lithium metal|\bcr(?:123a?|2|2032)\b|\bli-?mno2\b"),
    ("nimh", r"ni-?mh|镍氢"),
    ("alkaline", r"alkaline|碱性"),
    ("zinc_carbon", r"zinc"),
)
_AMOUNT = re.compile(r"\d[\d.,]*\s*-?\s*(?:m?ah|wh|v|volts?|毫安时?|安时|瓦时|伏)\b", re.IGNORECASE)
_LITHIUM = re.compile(r"\bli-?\s?(?:ion|po)|lithium", re.IGNORECASE)
_ALTERNATIVES = re.compile(r"\bor\b|[/;]", re.IGNORECASE)
_BUILT_IN = re.compile(r"built[- ]?in|internal|integrated|non[- ]removable|内置", re.IGNORECASE)
_NOT_INCLUDED = re.compile(
    r"not\s+(?:be\s+)?included|without\s+batter|excluded|\bno\s+batter|batteries?\s+not"
    r"|sold separately|[不无]含电池|不带电池|无电池",
    re.IGNORECASE,
)
_INCLUDED = re.compile(r"\bincluded\b|\bwith\s+batter|\bincludes\b", re.IGNORECASE)
_INSTALLED = re.compile(r"(?:pre-?)?installed|inside", re.IGNORECASE)
_BATTERY = re.compile(r"batter|capacity", re.IGNORECASE)
_PACK = re.compile(r"pack|quantity|pieces", re.IGNORECASE)
_PIECES = re.compile(r"\b(\d{1,2})\s*(?:pcs|pieces|pack|x)\b", re.IGNORECASE)
_COUNT = re.compile(r"(?:^|[^\w.])(\d{1,2})\s*(?:(?:x|×|pcs|pieces|cells?)\b|节)", re.IGNORECASE)
# "2*1800mAh", "1800mAh*2": the capacity is that of one cell.
_COUNT_OF_CAPACITY = re.compile(
    r"(?<![\w.])(\d{1,2})\s*[x×*]\s*\d{3,5}\s*(?:mah|毫安)"
    r"|(?:m?ah|毫安时?|安时)\s*[x×*]\s*(\d{1,2})(?![\d.])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery as stated; an empty value is not stated. ``energy_wh`` is for all cells."""

    format: str = ""
    count: int | None = None
    is_included: bool | None = None
    is_installed: bool = False
    is_built_in: bool = False
    chemistry: str = ""
    capacity_mah: int | None = None
    voltage: Decimal | None = None
    energy_wh: Decimal | None = None

    @property
    def has_lithium(self) -> bool:
        return (
            self.chemistry in LITHIUM_CHEMISTRIES
            or (self.format in LITHIUM_FORMATS and not self.chemistry)
            or (self.format == BUILT_IN and not self.chemistry and self.voltage in _LI_VOLTAGES)
        )

    @property
    def cell_wh(self) -> Decimal | None:
        if self.energy_wh is None:
            return None
        return (self.energy_wh / (self.count or 1)).quantize(Decimal("0.01"))


_LI_VOLTAGES = frozenset(Decimal(volts) for volts in ("3.6", "3.7", "3.8", "7.2", "7.4"))


def parse_battery(text: str, *, mark: str = "") -> Battery:
    """Parse a text such as ``2 x 18650 2600 mAh 3.7 V (included)``.

    Raises: UnreadableError  a capacity, voltage or energy is ambiguous
    """
    cell = _FORMAT.search(text)
    format_ = _format_of(cell) if cell else ""
    is_built_in = bool(_BUILT_IN.search(text))
    if is_built_in and not format_:
        format_ = BUILT_IN
    chemistry = next(
        (name for name, pattern in _CHEMISTRIES if re.search(pattern, text, re.IGNORECASE)), ""
    )
    if not format_ and chemistry == "li_po":
        format_, is_built_in = BUILT_IN, True  # pouch cells have no standard format
    capacity = units.parse_quantity(text, units.CAPACITY_MAH, mark=mark)
    voltage = units.parse_quantity(text, units.VOLTAGE_V, mark=mark)
    energy = units.parse_quantity(text, units.ENERGY_WH, mark=mark)
    battery = Battery(
        format=format_,
        count=_count(cell, text, format_=format_),
        is_included=_is_included(text, is_built_in=is_built_in),
        is_installed=is_built_in or bool(_INSTALLED.search(text)),
        is_built_in=is_built_in,
        chemistry=chemistry or ("li_ion" if format_ in LITHIUM_FORMATS else ""),
        capacity_mah=int(capacity) if capacity else None,
        voltage=voltage
        or (CELL_LIMITS[format_].voltage if capacity and format_ in CELL_LIMITS else None),
    )
    is_per_cell = bool(_COUNT_OF_CAPACITY.search(text))
    return _with_energy(battery, energy, is_per_cell=is_per_cell)


def parse_without_amounts(text: str) -> Battery:
    """Parse what a text with contradictory amounts states otherwise: format, count, chemistry."""
    return parse_battery(_AMOUNT.sub(" ", text))


def formats(text: str) -> list[str]:
    """Return all formats that a text names; the light may run on each: ``AA or 14500``.

    A lithium battery of no format, such as ``custom Li-Po or AAA``, counts as built-in.
    """
    has_own = any(
        _LITHIUM.search(part) and not _FORMAT.search(part) for part in _ALTERNATIVES.split(text)
    )
    return [_format_of(cell) for cell in _FORMAT.finditer(text)] + [BUILT_IN] * has_own


def _format_of(cell: re.Match[str]) -> str:
    name = cell["format"].upper()
    return "CR123A" if name == "CR123" else name


def _count(cell: re.Match[str] | None, text: str, *, format_: str) -> int | None:
    if cell and (stated := cell["count"] or cell["bare"] or cell["after"]):
        return int(stated)
    if match := _COUNT_OF_CAPACITY.search(text):
        return int(match[1] or match[2])
    if match := _COUNT.search(text):
        return int(match[1])
    return 1 if format_ else None


def _is_included(text: str, *, is_built_in: bool) -> bool | None:
    if _NOT_INCLUDED.search(text):
        return False
    if is_built_in or _INCLUDED.search(text) or _INSTALLED.search(text):
        return True
    return None


def cell_voltage(format_: str, *, count: int, voltage: Decimal) -> Decimal:
    """Return the voltage of one cell; several cells in series are often stated with their sum."""
    cell = CELL_LIMITS.get(format_)
    is_sum = cell is not None and count > 1 and voltage > cell.voltage * _MAX_VOLTAGE_RATIO
    return cell.voltage if cell and is_sum else voltage


def _with_energy(
    battery: Battery, stated_wh: Decimal | None, *, is_per_cell: bool = False
) -> Battery:
    """Set the energy: as stated, or computed as n · V · Ah."""
    energy = stated_wh
    if energy is None and battery.capacity_mah and battery.voltage:
        has_cells = is_per_cell or battery.format in CELL_LIMITS
        count = (battery.count or 1) if has_cells else 1
        voltage = cell_voltage(battery.format, count=count, voltage=battery.voltage)
        energy = count * voltage * battery.capacity_mah / 1000
    if energy is None:
        return battery
    return replace(battery, energy_wh=energy.quantize(Decimal("0.01")))


def for_option(battery: Battery, *, name: str, value: str) -> Battery:
    """Return the battery as one option changes it: not included, other capacity, or more cells.

    Shape:  ``name`` and ``value`` as the supplier writes them: ``Battery`` and ``Without battery``
    """
    if _PACK.search(name) and (pieces := _PIECES.search(value)) and battery.count:
        times = int(pieces[1])
        energy = battery.energy_wh * times if battery.energy_wh is not None else None
        return replace(battery, count=battery.count * times, energy_wh=energy)
    if not _BATTERY.search(name):
        return battery
    try:
        stated = parse_battery(value)
    except UnreadableError:
        return replace(battery, capacity_mah=None, energy_wh=None)
    if stated.capacity_mah:
        changed = replace(battery, capacity_mah=stated.capacity_mah, energy_wh=None)
        battery = _with_energy(changed, stated.energy_wh)
    if stated.is_included is not None and not battery.is_built_in:
        battery = replace(battery, is_included=stated.is_included)
    return battery


def lithium_class(battery: Battery, *, family_kind: str, has_battery: bool) -> str:
    """Return how the lithium ships: ``none``, ``inside`` the light, ``with`` it, or ``alone``.

    A battery that the supplier flags but does not describe counts as lithium packed with the light:
    the stricter class.
    Source: UN3480, UN3481 and their packing instructions 965 to 967
    """
    is_described = bool(battery.format or battery.chemistry)
    if is_described and not battery.has_lithium:
        return "none"
    if family_kind == FamilyKind.BATTERY:
        return "alone" if is_described or has_battery else "none"
    if not is_described:
        return "with" if has_battery else "none"
    if battery.is_built_in:
        return "inside"
    is_there = has_battery if battery.is_included is None else battery.is_included
    if not is_there:
        return "none"
    return "inside" if battery.is_installed else "with"


def un_number(*, lithium: str, chemistry: str) -> str:
    """Return the UN number under which a lithium class ships, "" without lithium.

    Lithium of an unknown chemistry counts as lithium-ion, which lights usually have.
    Source: UN model regulations: 3480 and 3090 are batteries alone, 3481 and 3091 in or with
            equipment
    """
    if lithium == "none":
        return ""
    is_alone, is_metal = lithium == "alone", chemistry == "lithium_metal"
    return {
        (True, False): "UN3480",
        (False, False): "UN3481",
        (True, True): "UN3090",
        (False, True): "UN3091",
    }[is_alone, is_metal]
