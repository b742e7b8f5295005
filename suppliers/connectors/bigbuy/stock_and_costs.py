"""BigBuy stock and costs: read both from whole lists, as they arrive."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.records import ImportIssue
from suppliers.connectors import parsing
from suppliers.connectors.bigbuy.client import ApiClient
from suppliers.connectors.bigbuy.list_store import ListStore
from suppliers.connectors.bigbuy.options import CURRENCY, Options
from suppliers.connectors.records import MISSING_SKU, PriceReport, StockReport

VARIATIONS = "productsvariations"


def stock_rows(
    api: ApiClient, store: ListStore, options: Options
) -> Iterator[tuple[str, tuple[StockReport | ImportIssue, ...]]]:
    """Yield the stock of all products, then of all variations, keyed by product."""
    stocked: set[int] = set()
    for product, row in _rows_of_both_lists(
        api, store, "productsstockbyhandlingdays", "productsvariationsstockbyhandlingdays"
    ):
        reports = tuple(levels(row, options))
        days = lead_time_days(row, options)
        if days is not None:
            store.note_lead_time(parsing.text(row.get("sku")), days)
        if any(isinstance(level, StockReport) and level.quantity > 0 for level in reports):
            stocked.add(product)
        yield str(product), reports
    store.put_stocked(stocked, at_s=time.time())


def levels(row: dict[str, Any], options: Options) -> Iterator[StockReport | ImportIssue]:
    sku = parsing.text(row.get("sku"))
    if not sku or len(sku) > parsing.MAX_SKU_LENGTH:
        yield ImportIssue(row="?", code=MISSING_SKU, message="A stock row has no SKU.")
        return
    units: dict[str, int] = {}
    stocks = row.get("stocks")
    for entry in stocks if isinstance(stocks, list) else ():
        values = entry if isinstance(entry, dict) else {}
        warehouse = parsing.text(values.get("warehouse"))
        quantity = parsing.integer(values.get("quantity"))
        lead_time_days = parsing.integer(values.get("maxHandlingDays"))
        if not warehouse or len(warehouse) > 30 or quantity is None or lead_time_days is None:  # noqa: PLR2004
            message = f"{str(entry)[:80]!r} is not a stock entry of a warehouse."
            yield ImportIssue(row=sku, code="stock-unreadable", message=message)
            continue
        is_allowed = lead_time_days <= options.max_handling_days
        units[warehouse] = units.get(warehouse, 0) + (quantity if is_allowed else 0)
    for warehouse, quantity in units.items():
        yield StockReport(
            sku=sku, location=warehouse, country=options.country(warehouse), quantity=quantity
        )


def lead_time_days(row: Mapping[str, Any], options: Options) -> int | None:
    """Return the longest lead time in days of the stock that counts; None if no stock counts."""
    stocks = row.get("stocks")
    lead_times = [
        days
        for entry in (stocks if isinstance(stocks, list) else ())
        if isinstance(entry, dict)
        and (parsing.integer(entry.get("quantity")) or 0) > 0
        and (days := parsing.integer(entry.get("maxHandlingDays"))) is not None
        and 0 <= days <= options.max_handling_days
    ]
    return max(lead_times, default=None)


def cost_rows(
    api: ApiClient, store: ListStore
) -> Iterator[tuple[str, tuple[PriceReport | ImportIssue, ...]]]:
    for product, row in _rows_of_both_lists(api, store, "productprices", "productvariationprices"):
        sku = parsing.text(row.get("sku"))
        price = parsing.cost(sku or "?", row.get("wholesalePrice"), currency=CURRENCY)
        yield (
            str(product),
            (price if isinstance(price, ImportIssue) else PriceReport(sku=sku, cost=price),),
        )


def _rows_of_both_lists(
    api: ApiClient, store: ListStore, of_products: str, of_variations: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the rows of both lists; of a product with variations, only the rows of these."""
    for row in api.rows(of_products):
        product = parsing.integer(row.get("id"))
        if product is not None and not store.has_children(VARIATIONS, product):
            yield product, row
    for row in api.rows(of_variations):
        variation = parsing.integer(row.get("id"))
        product = store.parent(VARIATIONS, variation) if variation is not None else None
        if product is not None:
            yield product, row
