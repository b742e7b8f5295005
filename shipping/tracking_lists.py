"""Read a list of tracking numbers for many orders, as suppliers write one. Pure.

One row is a parcel, or one line of a parcel where several rows name the same order and number.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LONGEST_LIST = 500_000  # characters
MOST_ROWS = 5_000
DELIMITERS = ";\t,|"
ALIASES = {
    "order": ("order", "order number", "purchase order", "po", "po number", "reference"),
    "carrier": ("carrier", "shipping company", "courier", "shipped with"),
    "number": ("tracking number", "tracking", "tracking no", "number", "parcel number"),
    "sku": ("sku", "supplier sku", "item", "article"),
    "quantity": ("quantity", "qty", "units", "count"),
}
NEEDED = ("order", "carrier", "number")


class UnreadableListError(ValueError):
    """No rows can be read from this; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """One row, as it stands there. ``place`` counts from the header, which is row 1."""

    place: int
    order: str
    carrier: str
    number: str
    sku: str = ""
    quantity: str = ""


def decoded(content: bytes) -> str:
    """Read bytes as UTF-8, or as the Windows of western Europe writes."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read(text: str) -> list[ListedRow]:
    """Read the rows of a CSV file, whatever its delimiter.

    Raises: UnreadableListError
    """
    if len(text) > LONGEST_LIST:
        raise UnreadableListError(f"A list has at most {LONGEST_LIST} characters.")
    header, _, _ = text.lstrip("\r\n").partition("\n")
    delimiter = max(DELIMITERS, key=header.count)
    try:
        table = csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter)
        columns = _columns(next(table, []))
        rows = list(_rows(table, columns))
    except csv.Error as error:
        raise UnreadableListError(f"This is no table: {error}.") from error
    if len(rows) > MOST_ROWS:
        raise UnreadableListError(f"A list has at most {MOST_ROWS} rows.")
    if not rows:
        raise UnreadableListError("There is no row below the header.")
    return rows


def _columns(header: list[str]) -> Mapping[str, int]:
    names = [" ".join(name.replace("_", " ").casefold().split()) for name in header]
    found = {
        field: names.index(alias)
        for field, aliases in ALIASES.items()
        for alias in reversed(aliases)
        if alias in names
    }
    if missing := [field for field in NEEDED if field not in found]:
        expected = ", ".join(ALIASES[field][0] for field in missing)
        raise UnreadableListError(f"The header lacks: {expected}.")
    return found


def _rows(table: Iterator[list[str]], columns: Mapping[str, int]) -> Iterator[ListedRow]:
    for place, cells in enumerate(table, start=2):
        if any(cell.strip() for cell in cells):
            said = {
                field: cells[at].strip().lstrip("'") if at < len(cells) else ""
                for field, at in columns.items()
            }
            yield ListedRow(place=place, **said)
