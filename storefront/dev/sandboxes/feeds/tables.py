"""His wares as tables: what his columns are called, and how cells are written. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .state import CURRENCY, WAREHOUSES, Ware

Cells = Sequence[Any]

COLUMNS = (
    "Product code", "Parent SKU", "EAN", "MPN", "Product name", "Brand", "Category path",
    "B2B price", "Currency", *(f"Stock {name}" for name in WAREHOUSES), "Weight (kg)", "Color",
    "Version", "Image 1", "Image 2", "FEATURES", "HTML description", "HS code",
    "Country of origin", "Status", "Updated at",
)  # fmt: skip
MARKET_COLUMNS = ("Shop", "GTIN", "Price", "Currency", "Tax")
MARKET_SHOPS = (("lamps.example", Decimal("1.85")), ("night.example", Decimal("2.05")))
MARKET_GOODS = 10
STOCK_COLUMNS = ("SKU", "Qty", "Warehouse", "Net price", "Currency", "Updated at")


def full_rows(wares: Iterable[Ware], *, at_s: float) -> Iterable[Cells]:
    stamp = datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for ware in wares:
        yield (
            ware.sku,
            ware.parent,
            ware.ean,
            ware.mpn,
            ware.name,
            ware.brand,
            " > ".join(ware.category),
            None if "price" in ware.blank else ware.price,
            CURRENCY,
            *(None if "stock" in ware.blank else ware.stock[name] for name in WAREHOUSES),
            ware.weight_kg,
            ware.color,
            ware.version,
            *ware.images,
            "|".join(f"{name}:{value.replace('|', '/')}" for name, value in ware.features),
            ware.html,
            ware.hs_code,
            "CN",
            "active" if ware.is_active else "discontinued",
            stamp,
        )


def stock_rows(wares: Iterable[Ware], *, at_s: float) -> Iterable[Cells]:
    """Write one row for each SKU and warehouse."""
    stamp = datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for ware in wares:
        for name in WAREHOUSES:
            stock = None if "stock" in ware.blank else ware.stock[name] * ware.is_active
            price = None if "price" in ware.blank else ware.price
            yield (ware.sku, stock, name, price, CURRENCY, stamp)


def market_rows(wares: Iterable[Ware]) -> Iterable[Cells]:
    """Write what other shops ask for a few of his goods, by GTIN; one of them tells no number."""
    named = [ware for ware in wares if ware.ean][:MARKET_GOODS]
    for place, ware in enumerate(named):
        for shop, share in MARKET_SHOPS[: 1 + place % 2]:
            price = (ware.price * share).quantize(Decimal(1)) - Decimal("0.05")
            yield (shop, ware.ean, price, CURRENCY, "incl")
    if named:
        yield (MARKET_SHOPS[0][0], named[-1].ean, "on request", CURRENCY, "incl")


def written(
    header: Cells,
    rows: Iterable[Cells],
    *,
    delimiter: str,
    point: str = ".",
    encoding: str = "utf-8",
) -> bytes:
    """Write a table as text; what an old encoding lacks becomes a question mark."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    say = _sayer(point)
    writer.writerows([say(cell) for cell in row] for row in rows)
    return text.getvalue().encode(encoding, "replace")


def _sayer(point: str) -> Callable[[Any], str]:
    def say(cell: Any) -> str:
        if cell is None:
            return ""
        return str(cell).replace(".", point) if isinstance(cell, Decimal) else str(cell)

    return say
