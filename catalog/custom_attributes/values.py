"""Custom values: parse the text that a supplier states for a custom attribute. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from catalog.attributes import contacts, units
from catalog.attributes.numbers import OutOfRangeError, UnreadableError, parse_decimal
from catalog.attributes.spec_patterns import FL1, LEP
from catalog.attributes.text_cleaning import clean_text
from catalog.custom_attributes.registry import CUSTOM, Definition
from storefront.lib.text import fold

MAX_TEXT = 200
OUT_OF_RANGE = "out-of-range"
# The units of one table are converted into each other.
_UNIT_TABLES: Sequence[units.Units] = (
    units.TIME_MIN,
    units.WEIGHT_G,
    units.LENGTH_MM,
    units.DISTANCE_M,
    units.CAPACITY_MAH,
    units.OUTPUT_LM,
    units.INTENSITY_CD,
    units.VOLTAGE_V,
    units.ENERGY_WH,
    units.POWER_W,
    units.COLOR_K,
)
# Folded.
_YES = frozenset({"yes", "true", "1", "y", "ja", "oui", "si", "✓", "with", "included", "beli"})
_NO = frozenset({"no", "false", "0", "n", "nein", "non", "✗", "-", "none", "without", "xeyr"})
# Usual labels of what products are filtered, checked and shipped by.
BUILT_IN = frozenset(
    {"light output", "output", "max output", "lumens", "brightness", "luminous flux"}
    | {"lowest output", "peak intensity", "beam distance", "throw", "color temperature", "cct"}
    | {"run time", "runtime", "run time on high", "ip rating", "impact resistance", "cri"}
    | {"length", "dimensions", "head diameter", "weight", "net weight", "product weight"}
    | {"battery", "batteries", "battery type", "battery capacity", "capacity", "power source"}
    | {"battery voltage", "voltage", "battery energy", "energy", "charging", "charging port"}
    | {"modes", "light modes", "light color", "material", "body material", "features"}
)
_STORED_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_BARE_NUMBER = re.compile(r"[+-]?\d[\d.,' ]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """The custom values of one product.

    Shape:  ``values`` maps codes to stored values, ``sources`` codes to the supplier's label and
            text; ``rest`` are the lines of no attribute and the unreadable ones
    """

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, dict[str, str]] = field(default_factory=dict)
    rest: dict[str, str] = field(default_factory=dict)
    problems: list["Problem"] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a line of an attribute is not its value: it cannot be read, or is out of range."""

    attribute: str  # its code
    label: str  # of the line, as stated
    raw: str
    message: str
    is_out_of_range: bool

    @property
    def code(self) -> str:
        return OUT_OF_RANGE if self.is_out_of_range else "value-unreadable"

    @property
    def as_warning(self) -> dict[str, Any]:
        """Return an entry of ``Spec.warnings``."""
        return {
            "column": f"{CUSTOM}{self.attribute}",
            "code": self.code,
            "message": self.message,
            "is_error": True,
            "raw": f"{clean_text(self.label)[:60]}: {self.raw}",
        }


def extract(
    lines: Mapping[str, str], *, definitions: Sequence[Definition], mark: str = ""
) -> Extracted:
    """Take the values of custom attributes out of the lines of a specification table.

    A line belongs to an attribute if its label is a name of the attribute, whatever its unit. The
    translation of a text is labeled ``Care (az)``. A line that the checks of numbers need also stays
    in ``rest``.
    """
    of_labels = find_definitions(lines, definitions)
    found = Extracted()
    for label, stated in lines.items():
        text = clean_text(stated)
        definition = of_labels.get(label)
        if definition is None or definition.code in found.values:
            found.rest[label] = stated
            continue
        try:
            value = parse(units.with_heading_unit(text, heading=label), definition, mark=mark)
        except UnreadableError as error:
            is_out_of_range = isinstance(error, OutOfRangeError)
            found.problems.append(
                Problem(
                    attribute=definition.code,
                    label=label,
                    raw=text[:60],
                    message=str(error),
                    is_out_of_range=is_out_of_range,
                )
            )
            if not is_out_of_range:
                found.rest[label] = stated
            continue
        if LEP.search(text) or FL1.search(f"{label} {text}"):
            found.rest[label] = stated
        found.values[definition.code] = value
        found.sources[definition.code] = {"label": clean_text(label)[:60], "raw": text[:MAX_TEXT]}
    return found


def find_definitions(
    labels: Iterable[str], definitions: Sequence[Definition]
) -> dict[str, Definition]:
    """Map the labels that name a custom attribute, whatever their unit, to its definition."""
    by_label = {
        _plain(label) if definition.language else _label(label): definition
        for definition in definitions
        for label in (definition.code, *dict(definition.names).values(), *definition.labels)
    }
    found = {label: by_label.get(_plain(label)) or by_label.get(_label(label)) for label in labels}
    return {label: definition for label, definition in found.items() if definition}


def parse(text: str, definition: Definition, *, mark: str = "") -> Any:
    """Return the stored value: a decimal as text, a code, a list of codes, a boolean, or a text.

    Raises: UnreadableError  the text states no value of the attribute's kind, or one out of range
    """
    if definition.kind == "number":
        number = _number(text, definition.unit, mark)
        if problem := range_problem(number, definition):
            raise OutOfRangeError(problem)
        return f"{number:f}"
    if definition.kind == "yes_no":
        return _yes_or_no(text)
    if definition.kind in {"choice", "choices"}:
        return _choices(text, definition)
    return text.strip()[:MAX_TEXT]


def find_built_in(labels: Iterable[str]) -> str:
    """Return the first label that names a column of ``Spec`` or a contact; empty if none does.

    An attribute with this name would take the line of the column from each import.
    """
    return next((label for label in labels if _is_built_in(_label(label))), "")


def _is_built_in(label: str) -> bool:
    contact = contacts.MANUFACTURER.fullmatch(label) or contacts.RESPONSIBLE.fullmatch(label)
    return label in BUILT_IN or contact is not None


def of_kind(value: Any, definition: Definition) -> Any:
    """Return a stored value as the attribute allows it now; None if it does not.

    Values outlive a deleted attribute, which may return with another kind, and a deleted choice.
    """
    codes = dict(definition.choices)
    match definition.kind, value:
        case "number", str() if _STORED_NUMBER.fullmatch(value):
            return value
        case "yes_no", bool():
            return value
        case "choice", str() if value in codes:
            return value
        case "choices", list():
            return [code for code in value if code in codes] or None
        case "text", str():
            return value
    return None


@lru_cache(maxsize=4096)  # each product has the labels of all attributes, and those of its supplier
def _label(label: str) -> str:
    """Return a label folded, without a unit: ``Charge time (h)`` is ``charge time``."""
    return _plain(re.sub(r"\s*[(\[][^()\[\]]*[)\]]\s*$", "", label))


@lru_cache(maxsize=4096)
def _plain(label: str) -> str:
    return fold(label.replace("_", " ")).strip(" :")


def _number(text: str, unit: str, mark: str) -> Decimal:
    table = next((table for table in _UNIT_TABLES if unit.casefold() in table), None)
    if table and (amount := units.parse_quantity(text, table, mark=mark)) is not None:
        return (amount / table[unit.casefold()]).quantize(Decimal("0.001")).normalize()
    plain = text.strip()
    if unit and plain.casefold().endswith(unit.casefold()):
        plain = plain[: -len(unit)].strip()
    if not _BARE_NUMBER.fullmatch(plain):
        raise UnreadableError(f"{text[:60]!r} is not a number" + (f" in {unit}" if unit else ""))
    return parse_decimal(plain, mark=mark)


def range_problem(number: Decimal, definition: Definition) -> str:
    """Return why a number is out of the range of its attribute, or ""."""
    if definition.minimum is not None and number < definition.minimum:
        return f"{number:f} is less than {Decimal(definition.minimum).normalize():f}"
    if definition.maximum is not None and number > definition.maximum:
        return f"{number:f} is more than {Decimal(definition.maximum).normalize():f}"
    return ""


def stored_problem(value: Any, definition: Definition) -> str:
    """Return why a stored value is not allowed now, or ""; a range may be narrowed after imports."""
    known = of_kind(value, definition)
    if known is None:
        return f"{value!r:.60} is no value of this type" if value is not None else ""
    return range_problem(Decimal(known), definition) if definition.kind == "number" else ""


def shown_value(value: Any, definition: Definition) -> Any:
    """Return a stored value as customers see it; None if it is not allowed."""
    return None if stored_problem(value, definition) else of_kind(value, definition)


def _yes_or_no(text: str) -> bool:
    first = fold(text).strip(" .!").split(" ")[0].rstrip(",;:")
    if first in _YES:
        return True
    if first in _NO:
        return False
    raise UnreadableError(f"{text[:60]!r} says neither yes nor no")


def _choices(text: str, definition: Definition) -> str | list[str]:
    """Return the choices that a text names as whole words, by code or by a name."""
    folded = fold(text.replace("_", " "))
    codes = [
        code
        for code, names in definition.choices
        if any(
            re.search(rf"(?<!\w){re.escape(fold(name.replace('_', ' ')))}(?!\w)", folded)
            for name in (code, *dict(names).values())
        )
    ]
    if not codes:
        raise UnreadableError(f"{text[:60]!r} names no known choice")
    if definition.kind == "choices":
        return codes
    if len(codes) > 1:
        raise UnreadableError(f"{text[:60]!r} names several choices")
    return codes[0]
