"""onX products: build product records from a product and its variants. Pure."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from catalog.records import ImportIssue, ProductRecord, VariantRecord
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.onx.options import CostField
from suppliers.connectors.records import ProductDetail
from suppliers.connectors.spec_tables import claims

BATTERY = re.compile(r"batter|li-?ion|li-?po|lithium|\bmAh\b", re.IGNORECASE)
CURRENCY_CODE = re.compile(r"[A-Z]{3}")
GRAMS = {"g": Decimal(1), "kg": Decimal(1000), "oz": Decimal("28.349523"), "lb": Decimal("453.592")}
# Not part of the digest: prices have their own job, and a new date alone is no change.
PRICES = frozenset({"price", "compareAtPrice", "cost", "currency", "costCurrency"})
VOLATILE_FIELDS = PRICES | {"createdAt", "updatedAt"}

type Row = Mapping[str, Any]


def page(
    product: Row, variants: Sequence[Row], *, cost_field: CostField, currency: str
) -> ProductDetail:
    external_id = parsing.text(product.get("id"))
    title = parsing.text(product.get("name"))
    problems: list[ImportIssue] = []
    if not title:
        problems.append(
            ImportIssue(row=external_id, code="no-title", message="The product has no name.")
        )
    names = _option_names(product, variants)
    records: dict[str, VariantRecord] = {}
    for row in variants:
        sku = parsing.text(row.get("sku"))
        if not 0 < len(sku) <= parsing.MAX_SKU_LENGTH:
            name = f"{external_id}:{parsing.text(row.get('id'))}"
            problems.append(
                ImportIssue(row=name, code="sku-missing", message="A variant has no valid SKU.")
            )
            continue
        price = cost(row, cost_field=cost_field, currency=currency)
        if isinstance(price, ImportIssue):
            problems.append(price)
        records[sku] = _variant(sku, row, title, names, price)
    if title and not records:
        message = "The product has no variant with a valid SKU."
        problems.append(ImportIssue(row=external_id, code="no-variants", message=message))
    sources = [product, *variants]
    stable = [{k: v for k, v in each.items() if k not in VOLATILE_FIELDS} for each in sources]
    prices = [{k: v for k, v in each.items() if k in PRICES} for each in variants]
    return ProductDetail(
        external_id=external_id,
        digest=parsing.digest(stable),
        cost_digest=parsing.digest(prices),
        record=_record(product, title, names, tuple(records.values()))
        if title and records
        else None,
        problems=tuple(problems),
    )


def cost(row: Row, *, cost_field: CostField, currency: str) -> Money | ImportIssue:
    """Return our cost of a variant: ``cost`` if it is stated and wanted, else ``price``."""
    sku = parsing.text(row.get("sku"))
    is_cost = cost_field is CostField.COST and row.get("cost") is not None
    stated = parsing.text(row.get("costCurrency") if is_cost else None) or parsing.text(
        row.get("currency")
    )
    code = (stated or currency).upper()
    if not CURRENCY_CODE.fullmatch(code):
        return ImportIssue(
            row=sku, code="cost-unreadable", message=f"{code[:20]!r} is not a currency."
        )
    return parsing.cost(sku, row.get("cost" if is_cost else "price"), currency=code)


def _record(
    product: Row, title: str, names: tuple[str, ...], variants: tuple[VariantRecord, ...]
) -> ProductRecord:
    html = parsing.text(product.get("description"))
    table = claims(html) | {
        parsing.text(field.get("name")): parsing.text(field.get("value"))
        for field in _objects(product.get("customFields"))
        if field.get("name")
    }
    categories = _texts(product.get("categories"))
    return ProductRecord(
        external_id=parsing.text(product.get("id")),
        title=title,
        brand=parsing.text(product.get("vendor")) or table.get("Brand", ""),
        # Each entry is a category of its own: the first one counts, perhaps as a path.
        category_path=tuple(filter(None, map(str.strip, categories[0].split(">"))))
        if categories
        else (),
        description_html=html,
        claims=table,
        option_names=names,
        has_battery=BATTERY.search(f"{title} {html} {table}") is not None,
        hs_code="",
        picture_urls=parsing.picture_urls(_texts(product.get("imageURLs"))),
        variants=variants,
    )


def _variant(
    sku: str, row: Row, title: str, names: tuple[str, ...], price: Money | ImportIssue
) -> VariantRecord:
    chosen = _selected(row)
    values = tuple(chosen.get(name, "") for name in names)
    return VariantRecord(
        sku=sku,
        title=parsing.text(row.get("title")) or " ".join((title, *values)).strip(),
        option_values=values,
        cost=price if isinstance(price, Money) else None,
        gtin=parsing.text(row.get("upc")) or parsing.text(row.get("barcode")),
        packed_weight_g=_grams(row.get("weight")),
        picture_urls=parsing.picture_urls(_texts(row.get("imageURLs"))),
    )


def _option_names(product: Row, variants: Sequence[Row]) -> tuple[str, ...]:
    """Return the options that some variant selects, in the order of the product."""
    selected = dict.fromkeys(name for row in variants for name in _selected(row))
    declared = [parsing.text(option.get("name")) for option in _objects(product.get("options"))]
    return tuple(dict.fromkeys([name for name in declared if name in selected] + [*selected]))


def _selected(row: Row) -> dict[str, str]:
    options = _objects(row.get("selectedOptions"))
    pairs = {parsing.text(o.get("name")): parsing.text(o.get("value")) for o in options}
    return {name: value for name, value in pairs.items() if name}


def _grams(weight: Any) -> int | None:
    stated = weight if isinstance(weight, dict) else {}
    value = parsing.amount(stated.get("value"))
    unit = GRAMS.get(parsing.text(stated.get("unit")).lower())
    if value is None or value <= 0 or unit is None:
        return None
    return max(1, int((value * unit).to_integral_value()))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
