"""Mode texts: write light modes as one cell of a spreadsheet, parse such a cell. Pure.

A mode is written as ``High: 1000 lm, 120 min, 12500 cd, red``: what is not known is left out, as is
the kind "white". Modes are separated by a semicolon.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from catalog.attributes.numbers import UnreadableError
from catalog.attributes.spec_table import SpecTable
from catalog.models import Mode
from catalog.products.staff.spec_form import MODE_KINDS

SEPARATOR = "; "
MAX_MODES = 30
MAX_NAME = 40  # characters of ``Mode.name``
WHITE = "white"
_COLUMNS = {"lm": "output_lm", "min": "runtime_min", "cd": "intensity_cd"}
_UNITS = {column: unit for unit, column in _COLUMNS.items()}
_NEEDS_COLON = re.compile(r"[\d:]")  # a name that would else be read as a value
_VALUE = re.compile(r"(\d+(?:\.\d+)?) ?(lm|min|cd)")


def to_text(mode: Mode) -> str:
    """Return one mode as text, from which ``to_values`` reads the same values."""
    stated = [(getattr(mode, column), unit) for column, unit in _UNITS.items()]
    parts = [f"{_plain(value)} {unit}" for value, unit in stated if value is not None]
    parts += [mode.kind] if mode.kind != WHITE else []
    if not parts and not _NEEDS_COLON.search(mode.name):
        return mode.name
    return f"{mode.name}: {', '.join(parts)}".strip()


def _plain(value: Any) -> str:
    return f"{Decimal(value).normalize():f}"


def parse_cell(text: str, *, mark: str) -> list[str]:
    """Return the modes of a cell as texts; other notations such as ``High 400 lm / 3 h`` count, too.

    Raises: UnreadableError
    """
    parts = [part for part in map(str.strip, re.split(r"[;|\n]", text)) if part]
    if len(parts) > MAX_MODES:
        raise UnreadableError(_("a product has at most %(most)s modes") % {"most": MAX_MODES})
    return [_parse_part(part, mark=mark) for part in parts]


def _parse_part(text: str, *, mark: str) -> str:
    try:
        return to_text(Mode(**to_values(text)))
    except UnreadableError:
        table = SpecTable({"Modes": text}, mark=mark)
        found = [*table.modes()]
        if len(found) != 1:
            message = _("%(text)s is not a mode. Write it as “High: 1000 lm, 120 min”")
            raise UnreadableError(message % {"text": text[:60]}) from None
        (mode,) = found
        written = to_text(
            Mode(
                name=mode.name,
                kind=mode.kind,
                output_lm=mode.output_lm,
                runtime_min=mode.runtime_min,
            )
        )
        to_values(written)  # a number that no column holds is refused
        return written


def to_values(text: str) -> dict[str, Any]:
    """Return the columns of ``Mode`` that a text of ``to_text`` states. Raises UnreadableError."""
    name, colon, stated = text.rpartition(":")
    name = name.strip() if colon else text.strip()
    values: dict[str, Any] = {"kind": WHITE, **dict.fromkeys(_UNITS)}
    for part in filter(None, map(str.strip, stated.split(",") if colon else ())):
        if part in MODE_KINDS:
            values["kind"] = part
        elif found := _VALUE.fullmatch(part):
            values[_COLUMNS[found[2]]] = _number(found[1], column=_COLUMNS[found[2]])
        else:
            raise UnreadableError(part)
    if not name or len(name) > MAX_NAME or (not colon and _NEEDS_COLON.search(name)):
        raise UnreadableError(text[:60])
    return {"name": name, **values}


def _number(text: str, *, column: str) -> Any:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise UnreadableError(text[:60]) from error
    if column != "output_lm" and value != int(value):
        raise UnreadableError(text[:60])
    stated = value if column == "output_lm" else int(value)
    try:
        field: Any = Mode._meta.get_field(column)  # noqa: SLF001 - Django's model API
        field.run_validators(stated)
    except ValidationError as error:
        raise UnreadableError(f"{text[:60]}: {' '.join(error.messages)}") from error
    return stated


def to_modes(texts: Sequence[str], present: Sequence[Mode]) -> list[Mode]:
    """Return the rows to save: those that stay keep their ids, by their order."""
    kept: Mapping[int, int] = {index: row.pk for index, row in enumerate(present)}
    return [Mode(pk=kept.get(index), **to_values(text)) for index, text in enumerate(texts)]
