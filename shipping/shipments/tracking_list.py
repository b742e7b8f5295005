"""Tracking list: parse a supplier's CSV of tracking numbers. Pure.

A row is a parcel, or one line of a parcel if several rows share the order and number.
"""

from dataclasses import dataclass

from storefront.lib.staff import csv_table

ALIASES = {
    "order": ("order", "order number", "purchase order", "po", "po number", "reference"),
    "carrier": ("carrier", "shipping company", "courier", "shipped with"),
    "number": ("tracking number", "tracking", "tracking no", "number", "parcel number"),
    "sku": ("sku", "supplier sku", "item", "article"),
    "quantity": ("quantity", "qty", "units", "count"),
    "status": ("status", "carrier status", "tracking status"),
}
REQUIRED = ("order", "carrier", "number")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """One row as written; the header is row 1.

    A parcel of the list has shipped, unless ``status`` says that only its label exists.
    """

    row_number: int
    order: str
    carrier: str
    number: str
    sku: str = ""
    quantity: str = ""
    status: str = ""


def parse(text: str) -> list[ListedRow]:
    """Parse the rows of a CSV file. Raises CsvError."""
    rows = csv_table.parse_rows(text, aliases=ALIASES, required=REQUIRED)
    return [ListedRow(row_number=row.row_number, **row.cells) for row in rows]
