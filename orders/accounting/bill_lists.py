"""Read a list of supplier bills, as accounting programs write one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import csv_import

LONGEST_REFERENCE = 60
ALIASES = {
    "reference": ("bill", "bill number", "invoice", "invoice number", "reference"),
    "number": ("purchase order", "po", "po number", "order", "order number"),
    "currency": ("currency",),
    "goods": ("goods", "goods amount", "amount", "net"),
    "freight": ("freight", "freight amount", "shipping"),
    "billed": ("billed", "bill date", "invoice date", "date"),
}
NEEDED = ("reference", "number", "currency", "goods")
# One mark before the cents, no other: 1,234 is a thousand to some and one and a bit to others.
AMOUNT = re.compile(r"(-?)([0-9]{1,10})(?:[.,]([0-9]{1,2}))?")


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


def read(text: str) -> list[BillRow]:
    """Read the rows of a CSV file.

    Raises: UnreadableListError
    """
    rows = csv_import.read(text, called=ALIASES, needed=NEEDED)
    return [BillRow(place=row.place, **row.cells) for row in rows]


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
