"""CJ stock: parse the units of each SKU, in old and new field names. Pure."""

from decimal import Decimal
from typing import Any

import msgspec

from catalog.records import ImportIssue
from suppliers.connectors import parsing as connector_parsing
from suppliers.connectors.cj import parsing as cj_parsing
from suppliers.connectors.cj.schemas import CountryStock, VariantStock, WarehouseStock
from suppliers.connectors.records import MISSING_SKU, StockReport

COUNTRY_CODE_LENGTH = 2
# CJ uses both codes for the United Kingdom.
COUNTRY_ALIASES = {"UK": "GB"}


def parse_inline(value: Any) -> tuple[StockReport | ImportIssue, ...] | None:
    """Return the stock inside a list row; None if the row has no readable stock."""
    decoded = cj_parsing.decode_nested(value)
    if not isinstance(decoded, list) or not decoded:
        return None
    try:
        variants = msgspec.convert(decoded, list[VariantStock])
    except msgspec.ValidationError:
        return None  # the product's own page is read instead
    return _of_variants(variants)


def of_product(external_id: str, value: Any) -> tuple[StockReport | ImportIssue, ...]:
    """Return the stock of a product's variants, from a list or JSON in a string."""
    try:
        variants = msgspec.convert(cj_parsing.decode_nested(value) or [], list[VariantStock])
    except msgspec.ValidationError as error:
        return (ImportIssue(row=external_id, code=MISSING_SKU, message=str(error)[:500]),)
    return _of_variants(variants)


def _of_variants(variants: list[VariantStock]) -> tuple[StockReport | ImportIssue, ...]:
    rows: list[StockReport | ImportIssue] = []
    for variant in variants:
        sku = connector_parsing.text(variant.vid)
        if sku:
            rows += of_variant(sku, variant.inventory or variant.inventories)
        else:
            rows.append(ImportIssue(row="?", code=MISSING_SKU, message="A stock row has no SKU."))
    return tuple(rows)


def of_variant(sku: str, value: Any) -> list[StockReport | ImportIssue]:
    """Return one row per country: an order names a country, not a warehouse."""
    try:
        inventories = msgspec.convert(cj_parsing.decode_nested(value) or [], list[CountryStock])
    except msgspec.ValidationError as error:
        return [ImportIssue(row=sku, code="stock-unreadable", message=str(error)[:500])]
    units: dict[str, int] = {}
    problems: list[StockReport | ImportIssue] = []
    for inventory in inventories:
        country = (inventory.country_code or "").strip().upper()
        country = COUNTRY_ALIASES.get(country, country)
        stated_units = _sellable_units(inventory)
        quantity = connector_parsing.integer(stated_units)
        if len(country) != COUNTRY_CODE_LENGTH:
            problems.append(
                ImportIssue(row=sku, code="stock-nowhere", message=f"Stock in {country!r}.")
            )
        elif stated_units is None:
            units[country] = units.get(country, 0)
            problems.append(
                ImportIssue(
                    row=sku,
                    code="stock-missing",
                    message=f"The quantity in {country} is missing: stored as 0.",
                    is_fatal=False,
                )
            )
        elif quantity is None:
            problems.append(
                ImportIssue(
                    row=sku,
                    code="stock-unreadable",
                    message=f"{str(stated_units)[:40]!r} in {country} is not a quantity.",
                )
            )
        else:
            units[country] = units.get(country, 0) + quantity
    records = [
        StockReport(sku=sku, location=country, country=country, quantity=quantity)
        for country, quantity in sorted(units.items())
    ]
    return [*records, *problems]


def _sellable_units(inventory: CountryStock) -> Any:
    """Return the units that ship at once; stock of the manufacturer is not counted."""
    figures = (
        inventory.cj_inventory_num,
        inventory.cj_inventory,
        _in_warehouses(inventory.stock),
        inventory.total_inventory_num,
        inventory.total_inventory,
        inventory.storage_num,
    )
    return next((value for value in figures if value is not None), None)


def _in_warehouses(value: Any) -> Decimal | None:
    """Return the sum of a country's warehouses; None if one of them is unreadable."""
    try:
        warehouses = msgspec.convert(cj_parsing.decode_nested(value) or [], list[WarehouseStock])
    except msgspec.ValidationError:
        return None
    quantities = [connector_parsing.amount(warehouse.inventory) for warehouse in warehouses]
    known = [quantity for quantity in quantities if quantity is not None]
    return sum(known, Decimal(0)) if quantities and len(known) == len(quantities) else None
