"""CSV price lists: parse competitor prices line by line. Pure.

A line that cannot be read is rejected with a reason code, and reading continues.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from io import StringIO
from typing import Any

from babel.numbers import is_currency

from catalog.attributes.identifiers import InvalidGtinError, gtin14

MAX_LINES = 50_000
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
REQUIRED = ("competitor", "price", "currency")
WITH_TAX = frozenset({"", "yes", "incl", "included", "gross", "true"})
WITHOUT_TAX = frozenset({"no", "excl", "excluded", "net", "false"})
# A single separator before one or two digits is the decimal separator. ``1.234`` is ambiguous
# (1234 or 1.234) and is rejected.
_AMOUNT = re.compile(r"([0-9]{1,8})(?:[.,]([0-9]{1,2}))?", re.ASCII)
_URL = re.compile(r"https?://[^\s]{3,490}")


class CodedError(ValueError):
    """An error code with parameters; ``labels.message`` renders the text."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values


class UnreadableFileError(CodedError):
    """The file is not a readable price list."""


class InvalidCellError(CodedError):
    """A cell has an invalid value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLine:
    """One line of a price list.

    Shape:  ``gtin`` has 14 digits or is empty
    Units:  ``confidence`` is as stated in the list, 0 to 1; 1 if not stated
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
class RejectedLine:
    """A rejected line and its reason code; ``labels.message`` renders the text."""

    number: int
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


def parse(text: str) -> Iterator[PriceLine | RejectedLine]:
    """Yield the lines below the column names; split at , ; or tab. Raises UnreadableFileError."""
    lines = text.removeprefix("\ufeff")
    header_line = lines.partition("\n")[0]
    separator = max(",;\t", key=header_line.count)
    rows = csv.reader(StringIO(lines), delimiter=separator)
    try:
        positions = _column_positions(next(rows, []))
        for count, row in enumerate(rows, start=1):
            if count > MAX_LINES:
                raise UnreadableFileError("too_many", most=MAX_LINES)
            if not any(cell.strip() for cell in row):
                continue
            cells = {name: _cell(row, position) for name, position in positions.items()}
            yield parse_line(rows.line_num, cells)
    except csv.Error as error:
        raise UnreadableFileError("bad_csv", number=rows.line_num, problem=str(error)) from error


def _column_positions(headings: list[str]) -> dict[str, int]:
    names = [heading.strip().casefold() for heading in headings]
    positions = {
        name: position
        for name, spellings in HEADINGS.items()
        if (
            position := next(
                (names.index(spelling) for spelling in spellings if spelling in names), None
            )
        )
        is not None
    }
    missing = [name for name in REQUIRED if name not in positions]
    if not positions.keys() & {"sku", "gtin", "mpn"}:
        missing.append("sku, gtin or mpn")
    if missing:
        raise UnreadableFileError("no_column", columns=", ".join(missing))
    return positions


def _cell(row: list[str], position: int) -> str:
    return row[position].replace("\0", "").strip() if position < len(row) else ""


def parse_line(number: int, cells: Mapping[str, str]) -> PriceLine | RejectedLine:
    """Validate one line; ``cells`` maps the keys of ``HEADINGS`` to text."""
    try:
        return _line(number, cells)
    except (InvalidCellError, InvalidGtinError) as error:
        return RejectedLine(number, error.code, error.values)


def _line(number: int, cells: Mapping[str, str]) -> PriceLine:
    def text_of(name: str) -> str:
        return cells.get(name, "")

    competitor = " ".join(text_of("competitor").split()).casefold()
    if not competitor:
        raise InvalidCellError("no_competitor")
    if not text_of("sku") and not text_of("gtin") and not (text_of("brand") and text_of("mpn")):
        raise InvalidCellError("no_goods")
    url = text_of("url")
    if url and not _URL.fullmatch(url):
        raise InvalidCellError("no_address", value=_quoted(url))
    return PriceLine(
        number=number,
        competitor=competitor[:80],
        sku=text_of("sku"),
        gtin=gtin14(text_of("gtin")) if text_of("gtin") else "",
        brand=text_of("brand"),
        mpn=text_of("mpn"),
        amount=_amount(text_of("price")),
        currency=_currency(text_of("currency")),
        has_tax=_has_tax(text_of("tax")),
        url=url,
        as_of=_time(text_of("as_of")),
        confidence=_confidence(text_of("confidence")),
    )


def _quoted(text: str) -> str:
    return repr(text[:40])


def _amount(text: str) -> Decimal:
    match = _AMOUNT.fullmatch(text)
    if not match:
        raise InvalidCellError("no_price", value=_quoted(text))
    amount = Decimal(f"{match[1]}.{match[2] or '0'}")
    if not amount:
        raise InvalidCellError("costs_nothing")
    return amount


def _currency(text: str) -> str:
    code = text.upper()
    if not is_currency(code):
        raise InvalidCellError("no_currency", value=_quoted(text))
    return code


def _has_tax(text: str) -> bool:
    word = text.casefold()
    if word in WITH_TAX:
        return True
    if word in WITHOUT_TAX:
        return False
    raise InvalidCellError("no_tax", value=_quoted(text))


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidCellError("no_date", value=_quoted(text)) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _confidence(text: str) -> Decimal:
    try:
        confidence = Decimal(text or 1)
    except InvalidOperation:
        confidence = Decimal(-1)
    if not (confidence.is_finite() and 0 <= confidence <= 1):
        raise InvalidCellError("no_confidence", value=_quoted(text))
    return confidence.quantize(Decimal("0.01"))
