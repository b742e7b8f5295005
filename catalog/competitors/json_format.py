"""JSON price lists: parse competitor prices from a list of objects. Pure.

An external list has the field names of a CSV file, and unknown fields are ignored. In our own
format an unknown field or a different spelling is an error.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.competitors.csv_format import (
    HEADINGS,
    MAX_LINES,
    InvalidCellError,
    PriceLine,
    RejectedLine,
    UnreadableFileError,
    parse_line,
)

LIST_KEY = "prices"


class Number(str):
    """A number as written, so that it neither becomes a float nor overflows."""

    __slots__ = ()


# The fields of our own format and their types.
FIELD_TYPES: Mapping[str, type] = {
    "competitor": str,
    "sku": str,
    "gtin": str,
    "brand": str,
    "mpn": str,
    "price": str,
    "currency": str,
    "has_tax": bool,
    "url": str,
    "seen_at": str,
    "confidence": str,
}
REQUIRED = ("competitor", "price", "currency", "seen_at")
MAX_COMPETITOR_LENGTH = 80
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
TYPE_ERRORS: Mapping[type, str] = {str: "to_be_text", bool: "to_be_true_or_false"}
# A time without a zone is ambiguous.
TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)


def parse(text: str, *, is_strict: bool = False) -> Iterator[PriceLine | RejectedLine]:
    """Yield each object of a list, or of the list ``prices`` in an object; counted from 1.

    ``is_strict`` requires our own format, in which an unknown field is an error.
    Raises: UnreadableFileError  there is no such list, or it is too long
    """
    for number, row in _rows(text):
        try:
            if is_strict:
                _validate_row(row)
            cells = _cells(row)
        except InvalidCellError as error:
            yield RejectedLine(number, error.code, error.values)
        else:
            yield parse_line(number, cells)


def _rows(text: str) -> Iterator[tuple[int, Any]]:
    try:
        document = json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError("no_json", problem=str(error)[:150]) from None
    rows = document.get(LIST_KEY) if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise UnreadableFileError("no_list", name=LIST_KEY)
    if len(rows) > MAX_LINES:
        raise UnreadableFileError("too_many", most=MAX_LINES)
    yield from enumerate(rows, start=1)


def _cells(row: Any) -> dict[str, str]:
    if not isinstance(row, dict):
        raise InvalidCellError("no_object")
    cells: dict[str, tuple[str, Any]] = {}
    for key, value in row.items():
        cells.setdefault(key.strip().casefold(), (key, value))
    # If an object has several spellings of a field, the one listed first in ``HEADINGS`` is used.
    return {
        name: _cell(*cells[spelling])
        for name, spellings in HEADINGS.items()
        if (spelling := next((alias for alias in spellings if alias in cells), None)) is not None
    }


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise InvalidCellError("no_text", name=name[:40])
    text = str(value).casefold() if isinstance(value, bool) else str(value)
    try:
        text.encode()
    except UnicodeEncodeError:  # an unpaired surrogate, which the database rejects
        raise InvalidCellError("no_text", name=name[:40]) from None
    return text.replace("\0", "").strip()


def _validate_row(row: Any) -> None:
    if not isinstance(row, dict):
        raise InvalidCellError("no_object")
    if unknown := sorted(row.keys() - FIELD_TYPES.keys()):
        raise InvalidCellError("no_field", name=ascii(unknown[0][:40]))
    if missing := [name for name in REQUIRED if name not in row]:
        raise InvalidCellError("missing", name=missing[0])
    for name, value in row.items():
        if type(value) is not FIELD_TYPES[name]:
            raise InvalidCellError(TYPE_ERRORS[FIELD_TYPES[name]], name=name)
    if not TIMESTAMP.fullmatch(row["seen_at"]):
        raise InvalidCellError("no_moment")
    _validate_spelling(row)


def _validate_spelling(row: Mapping[str, Any]) -> None:
    """Reject spellings that external lists may use; our own format allows only one."""
    if "," in row["price"]:
        raise InvalidCellError("comma")
    if not CURRENCY.fullmatch(row["currency"]):
        raise InvalidCellError("currency_spelling")
    if len(row["competitor"]) > MAX_COMPETITOR_LENGTH:
        raise InvalidCellError("competitor_length", most=MAX_COMPETITOR_LENGTH)
    if not row.get("confidence", "1").strip():
        raise InvalidCellError("confidence_empty")
