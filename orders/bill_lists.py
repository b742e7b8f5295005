"""Read a list of supplier bills, as accounting programs write one. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

LONGEST_LIST = 500_000  # characters
MOST_ROWS = 5_000
LONGEST_REFERENCE = 60
DELIMITERS = ";\t,|"
ALIASES = {
    "reference": ("bill", "bill number", "invoice", "invoice number", "reference"),
    "number": ("purchase order", "po", "po number", "order", "order number"),
    "currency": ("currency",),
    "goods": ("goods", "goods amount", "amount", "net"),
    "freight": ("freight", "freight amount", "shipping"),
    "billed": ("billed", "bill date", "invoice date", "date"),
}
NEEDED = ("reference", "number", "currency", "goods")
# An amount with a comma, where commas part the cells, would lose its cents without a word.
TOO_WIDE = gettext_noop(
    "Row %s has more cells than the header: put amounts with a comma into quotes, or part the"
    " cells by semicolons."
)
# One mark before the cents, no other: 1,234 is a thousand to some and one and a bit to others.
AMOUNT = re.compile(r"(-?)([0-9]{1,10})(?:[.,]([0-9]{1,2}))?")


class UnreadableBillsError(ValueError):
    """No rows can be read from this; the message says why."""


class BadCellError(ValueError):
    """A cell does not say what it should; the words say what is wrong."""

    def __init__(self, words: str | Promise) -> None:
        super().__init__(str(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRow:
    """One bill, as it stands there. ``place`` counts from the header, which is row 1."""

    place: int
    reference: str
    number: str
    currency: str
    goods: str
    freight: str = ""
    billed: str = ""


def decoded(content: bytes) -> str:
    """Read bytes as UTF-8, or as the Windows of western Europe writes."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read(text: str) -> list[BillRow]:
    """Read the rows of a CSV file, whatever its delimiter.

    Raises: UnreadableBillsError
    """
    text = text.replace("\x00", "").lstrip("\r\n")
    if len(text) > LONGEST_LIST:
        raise UnreadableBillsError(gettext("500 kB at most."))
    first, _rest, _end = text.partition("\n")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        header = next(table, [])
        rows = list(_rows(table, _columns(header), width=len(header)))
    except csv.Error as error:
        raise UnreadableBillsError(gettext("This is no table: %s.") % error) from error
    if len(rows) > MOST_ROWS:
        raise UnreadableBillsError(gettext("A list has at most %s rows.") % MOST_ROWS)
    if not rows:
        raise UnreadableBillsError(gettext("There is no row below the header."))
    return rows


def amount(text: str) -> Decimal:
    """Read an amount that can be read in one way only.

    Raises: BadCellError
    """
    found = AMOUNT.fullmatch(text.replace("\N{NO-BREAK SPACE}", " ").strip())
    if found is None:
        raise BadCellError(_("This is no amount: write 1234.50, without marks between thousands."))
    sign, whole, cents = found.groups()
    if sign and (whole.strip("0") or (cents or "").strip("0")):
        raise BadCellError(_("It is below 0: a credit is no bill. Withdraw the bill instead."))
    return Decimal(f"{whole}.{cents or 0}").quantize(Decimal("0.01"))


def day(text: str) -> date | None:
    """Read a day, where there is one.

    Raises: BadCellError
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadCellError(_("This is no day: write 2026-11-24.")) from error


def currency(text: str) -> str:
    """Read the code of a currency.

    Raises: BadCellError
    """
    code = text.upper()
    if len(code) != len("EUR") or not (code.isascii() and code.isalpha()):
        raise BadCellError(_("Three letters, such as EUR."))
    return code


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
        raise UnreadableBillsError(gettext("The header lacks: %s.") % expected)
    return found


def _rows(
    table: Iterator[list[str]], columns: Mapping[str, int], *, width: int
) -> Iterator[BillRow]:
    for place, cells in enumerate(table, start=2):
        if any(cell.strip() for cell in cells[width:]):
            raise UnreadableBillsError(gettext(TOO_WIDE) % place)
        if any(cell.strip() for cell in cells):
            said = {
                field: cells[at].strip().lstrip("'") if at < len(cells) else ""
                for field, at in columns.items()
            }
            yield BillRow(place=place, **said)
