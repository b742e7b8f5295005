"""BigBuy stock and costs: read both from whole lists, as they arrive."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.records import BadRow
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.bigbuy.client import Wire
from suppliers.connectors.bigbuy.list_store import Shelf
from suppliers.connectors.bigbuy.options import CURRENCY, Options
from suppliers.connectors.records import NAMELESS, CostRecord, StockRecord

VARIATIONS = "productsvariations"
LONGEST_SKU = 60


def stock_rows(
    wire: Wire, shelf: Shelf, options: Options
) -> Iterator[tuple[str, tuple[StockRecord | BadRow, ...]]]:
    """Yield the stock of all products, then of all variations, keyed by product."""
    stocked: set[int] = set()
    for product, row in _of_all(
        wire, shelf, "productsstockbyhandlingdays", "productsvariationsstockbyhandlingdays"
    ):
        told = tuple(levels(row, options))
        days = ready_days(row, options)
        if days is not None:
            shelf.note_ready(parsing.text(row.get("sku")), days)
        if any(isinstance(level, StockRecord) and level.quantity > 0 for level in told):
            stocked.add(product)
        yield str(product), told
    shelf.put_stocked(stocked, at_s=time.time())


def levels(row: dict[str, Any], options: Options) -> Iterator[StockRecord | BadRow]:
    """Yield per warehouse the quantity with an allowed lead time."""
    sku = parsing.text(row.get("sku"))
    if not sku or len(sku) > LONGEST_SKU:
        yield BadRow(row="?", code=NAMELESS, message="A stock row has no SKU.")
        return
    units: dict[str, int] = {}
    told = row.get("stocks")
    for pile in told if isinstance(told, list) else ():
        said = pile if isinstance(pile, dict) else {}
        warehouse = parsing.text(said.get("warehouse"))
        quantity = parsing.whole(said.get("quantity"))
        ready_days = parsing.whole(said.get("maxHandlingDays"))
        if not warehouse or len(warehouse) > 30 or quantity is None or ready_days is None:  # noqa: PLR2004
            message = f"{str(pile)[:80]!r} is not a stock entry of a warehouse."
            yield BadRow(row=sku, code="stock-unreadable", message=message)
            continue
        is_soon = ready_days <= options.max_handling_days
        units[warehouse] = units.get(warehouse, 0) + (quantity if is_soon else 0)
    for warehouse, quantity in units.items():
        yield StockRecord(
            sku=sku, location=warehouse, country=options.country(warehouse), quantity=quantity
        )


def ready_days(row: Mapping[str, Any], options: Options) -> int | None:
    """Return the longest lead time in days of the stock that counts; None without any."""
    told = row.get("stocks")
    counted = [
        days
        for pile in (told if isinstance(told, list) else ())
        if isinstance(pile, dict)
        and (parsing.whole(pile.get("quantity")) or 0) > 0
        and (days := parsing.whole(pile.get("maxHandlingDays"))) is not None
        and 0 <= days <= options.max_handling_days
    ]
    return max(counted, default=None)


def cost_rows(wire: Wire, shelf: Shelf) -> Iterator[tuple[str, tuple[CostRecord | BadRow, ...]]]:
    for product, row in _of_all(wire, shelf, "productprices", "productvariationprices"):
        sku = parsing.text(row.get("sku"))
        price = cost(sku or "?", row.get("wholesalePrice"))
        yield (
            str(product),
            (price if isinstance(price, BadRow) else CostRecord(sku=sku, cost=price),),
        )


def cost(sku: str, value: Any) -> Money | BadRow:
    """Return the cost of one SKU in EUR, without tax."""
    if value is None or value == "":
        return BadRow(row=sku, code="cost-missing", message="The price is missing.")
    number = parsing.amount(value)
    if number is None:
        message = f"{str(value)[:40]!r} is not a price."
        return BadRow(row=sku, code="cost-unreadable", message=message)
    if number <= 0:
        return BadRow(row=sku, code="cost-not-positive", message=f"The price is {number}.")
    return Money(number, CURRENCY)


def _of_all(
    wire: Wire, shelf: Shelf, of_products: str, of_variations: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of both lists; a product with variations is skipped for these."""
    for row in wire.rows(of_products):
        product = parsing.whole(row.get("id"))
        if product is not None and not shelf.has_children(VARIATIONS, product):
            yield product, row
    for row in wire.rows(of_variations):
        variation = parsing.whole(row.get("id"))
        product = shelf.parent(VARIATIONS, variation) if variation is not None else None
        if product is not None:
            yield product, row
