"""Read competitors' prices line by line, from CSV. Pure: no database, no clock, no network.

A line that cannot be read is refused with a reason, and the next one is read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from io import StringIO

from babel.numbers import is_currency

from catalog.identifiers import BadGtinError, gtin14

MOST_LINES = 50_000
HEADINGS = {
    "competitor": ("competitor", "shop", "seller"),
    "sku": ("sku",),
    "gtin": ("gtin", "ean", "upc", "barcode"),
    "brand": ("brand",),
    "mpn": ("mpn", "part number"),
    "price": ("price", "amount"),
    "currency": ("currency",),
    "tax": ("tax", "vat", "has_tax"),
    "url": ("url", "link"),
    "as_of": ("as_of", "date", "seen", "seen_at"),
    "confidence": ("confidence",),
}
NEEDED = ("competitor", "price", "currency")
WITH_TAX = frozenset({"", "yes", "incl", "included", "gross", "true"})
WITHOUT_TAX = frozenset({"no", "excl", "excluded", "net", "false"})
# One separator, and what follows it are cents: 1.234 may be a thousand, so it is not read.
_AMOUNT = re.compile(r"([0-9]{1,8})(?:[.,]([0-9]{1,2}))?", re.ASCII)
_URL = re.compile(r"https?://[^\s]{3,490}")


class UnreadableFileError(ValueError):
    """It is no such file at all; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one line says.

    Shape:  ``gtin`` has 14 digits or is empty
    Units:  ``confidence`` is what the file itself is sure of, 0 to 1
    """

    number: int
    competitor: str
    sku: str
    gtin: str
    brand: str
    mpn: str
    amount: Decimal
    currency: str
    has_tax: bool
    url: str
    as_of: datetime | None
    confidence: Decimal


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that is not taken, and why."""

    number: int
    reason: str


class BadCellError(ValueError):
    """A cell says nothing that can be believed; the message says why."""


def read(text: str) -> Iterator[Line | Refusal]:
    """Yield each line of a CSV file with headings; commas, semicolons or tabs between cells.

    Raises: UnreadableFileError  needed columns are missing, or there are too many lines
    """
    lines = text.removeprefix("\ufeff")
    first = lines.partition("\n")[0]
    between = max(",;\t", key=first.count)
    rows = csv.reader(StringIO(lines), delimiter=between)
    try:
        places = _places(next(rows, []))
        for count, row in enumerate(rows, start=1):
            if count > MOST_LINES:
                raise UnreadableFileError(f"It has more than {MOST_LINES} lines: split it.")
            if not any(cell.strip() for cell in row):
                continue
            cells = {name: _cell(row, place) for name, place in places.items()}
            yield line_of(rows.line_num, cells)
    except csv.Error as error:
        raise UnreadableFileError(f"Line {rows.line_num}: {error}") from error


def _places(headings: list[str]) -> dict[str, int]:
    told = [heading.strip().casefold() for heading in headings]
    places = {
        name: place
        for name, spellings in HEADINGS.items()
        if (place := next((told.index(each) for each in spellings if each in told), None))
        is not None
    }
    missing = [name for name in NEEDED if name not in places]
    if not places.keys() & {"sku", "gtin", "mpn"}:
        missing.append("sku, gtin or mpn")
    if missing:
        raise UnreadableFileError(f"No column says: {', '.join(missing)}.")
    return places


def _cell(row: list[str], place: int) -> str:
    return row[place].replace("\0", "").strip() if place < len(row) else ""


def line_of(number: int, cells: Mapping[str, str]) -> Line | Refusal:
    """Judge what one line says, by the names of ``HEADINGS``."""
    try:
        return _line(number, cells)
    except (BadCellError, BadGtinError) as error:
        return Refusal(number, str(error))


def _line(number: int, cells: Mapping[str, str]) -> Line:
    def told(name: str) -> str:
        return cells.get(name, "")

    competitor = " ".join(told("competitor").split()).casefold()
    if not competitor:
        raise BadCellError("No competitor is named.")
    if not told("sku") and not told("gtin") and not (told("brand") and told("mpn")):
        raise BadCellError("It names no goods: no SKU, no GTIN, no brand with part number.")
    url = told("url")
    if url and not _URL.fullmatch(url):
        raise BadCellError(f"{url[:40]!r} is no address.")
    return Line(
        number=number,
        competitor=competitor[:80],
        sku=told("sku"),
        gtin=gtin14(told("gtin")) if told("gtin") else "",
        brand=told("brand"),
        mpn=told("mpn"),
        amount=_amount(told("price")),
        currency=_currency(told("currency")),
        has_tax=_has_tax(told("tax")),
        url=url,
        as_of=_moment(told("as_of")),
        confidence=_confidence(told("confidence")),
    )


def _amount(told: str) -> Decimal:
    found = _AMOUNT.fullmatch(told)
    if not found:
        raise BadCellError(f"{told[:40]!r} is no price: write it as 1234.50.")
    amount = Decimal(f"{found[1]}.{found[2] or '0'}")
    if not amount:
        raise BadCellError("Nothing costs 0.")
    return amount


def _currency(told: str) -> str:
    code = told.upper()
    if not is_currency(code):
        raise BadCellError(f"{told[:40]!r} is no currency.")
    return code


def _has_tax(told: str) -> bool:
    word = told.casefold()
    if word in WITH_TAX:
        return True
    if word in WITHOUT_TAX:
        return False
    raise BadCellError(f"{told[:40]!r} does not say whether tax is in it: write incl or excl.")


def _moment(told: str) -> datetime | None:
    if not told:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        raise BadCellError(f"{told[:40]!r} is no date: write it as 2026-11-24.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _confidence(told: str) -> Decimal:
    try:
        sure = Decimal(told or 1)
    except InvalidOperation:
        sure = Decimal(-1)
    if not (sure.is_finite() and 0 <= sure <= 1):
        raise BadCellError(f"{told[:40]!r} is no confidence: write it as 0.9.")
    return sure.quantize(Decimal("0.01"))
