"""Word an order for people: what an e-mail needs, or a file. Pure: no database, clock, network."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import asdict
from typing import Any

from suppliers.adapters.base import PurchaseRequest

COLUMNS = (
    "order",
    "line",
    "sku",
    "title",
    "quantity",
    "name",
    "line1",
    "line2",
    "postcode",
    "city",
    "region",
    "country",
    "phone",
    "carrier_service",
    "answer_at",
)
# What a spreadsheet would compute instead of show.
STARTS_A_FORMULA = ("=", "+", "-", "@")
PHONE = re.compile(r"\+[0-9 ]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def letter(request: PurchaseRequest, *, language: str) -> dict[str, Any]:
    """Tell all that the message needs, as JSON."""
    return {
        "locale": language,
        "number": request.number,
        "carrier_service": request.carrier_service,
        "url": request.page_url,
        "ship_to": asdict(request.ship_to),
        "lines": [
            {"sku": line.sku, "title": line.title, "quantity": line.quantity}
            for line in request.lines
        ],
    }


def file_name(number: str) -> str:
    return f"{number}.csv"


def table(request: PurchaseRequest) -> bytes:
    """Write an order as CSV, one row a line; a cell never becomes a formula."""
    written = io.StringIO(newline="")
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    to = request.ship_to
    where = (to.name, to.line1, to.line2, to.postcode, to.city, to.region, to.country, to.phone)
    for line in request.lines:
        cells = (
            request.number,
            line.reference,
            line.sku,
            line.title,
            str(line.quantity),
            *where,
            request.carrier_service,
            request.page_url,
        )
        rows.writerow([harmless(cell) for cell in cells])
    return written.getvalue().encode()


def harmless(cell: str) -> str:
    """Keep a cell on one line, and show it as text; a phone number is a number anyway."""
    plain = _CONTROL.sub(" ", cell).strip()
    is_formula = plain.startswith(STARTS_A_FORMULA) and not PHONE.fullmatch(plain)
    return f"'{plain}" if is_formula else plain
