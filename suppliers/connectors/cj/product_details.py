"""CJ product details: read a product page into a product, variants, costs and stock."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from typing import Any

import msgspec

from catalog.records import ImportIssue, ProductRecord, SupplierTerms, VariantRecord
from storefront.lib.money import Money
from suppliers.connectors import parsing as connector_parsing
from suppliers.connectors.cj import parsing as cj_parsing
from suppliers.connectors.cj import stock
from suppliers.connectors.cj.client import ApiClient
from suppliers.connectors.cj.product_list import VOLATILE_FIELDS
from suppliers.connectors.cj.schemas import Product, Variant
from suppliers.connectors.records import PriceReport, ProductDetail, StockReport
from suppliers.connectors.spec_tables import claims

CURRENCY = "USD"
MAX_OPTION_PARTS = 12
MPN_LABELS = ("Model / MPN", "MPN", "Model", "Model number")


def orderable_variants(page: Product, problems: list[ImportIssue]) -> list[Variant]:
    """Return the variants that can be ordered: those with an id, each id once."""
    variants_by_id: dict[str, Variant] = {}
    for position, raw in enumerate(page.variants or (), start=1):
        row_name = f"{page.pid} variant {position}"
        try:
            variant = msgspec.convert(raw, Variant)
        except msgspec.ValidationError as error:
            problems.append(
                ImportIssue(row=row_name, code="sku-unreadable", message=str(error)[:500])
            )
            continue
        vid = connector_parsing.text(variant.vid)
        if not vid or len(vid) > connector_parsing.MAX_SKU_LENGTH:
            problems.append(
                ImportIssue(row=row_name, code="sku-missing", message="A variant has no valid ID.")
            )
        elif vid in variants_by_id:
            problems.append(
                ImportIssue(row=vid, code="sku-twice", message="The product has this SKU twice.")
            )
        else:
            variants_by_id[vid] = variant
    return list(variants_by_id.values())


def option_names(page: Product) -> tuple[str, ...]:
    return tuple(
        name
        for piece in connector_parsing.text(page.product_key_en).split("-")
        if (name := piece.strip())
    )


def split_options(keys: Sequence[str], names: int) -> list[tuple[str, ...]]:
    """Split each ``Black-USB-C`` into as many values as there are option names.

    A value may itself contain the dash. Variants with only one possible split give the known
    values. Without known values, the last option gets all remaining parts.
    """
    if names == 0:
        return [()] * len(keys)
    parts = [key.split("-") for key in keys]
    certain = [
        Counter(split[position] for split in parts if len(split) == names)
        for position in range(names)
    ]

    def familiarity(split: tuple[str, ...]) -> tuple[int, tuple[int, ...]]:
        known = sum(certain[position][value] > 0 for position, value in enumerate(split))
        return known, tuple(-len(value) for value in split)

    return [max(_possible_splits(part, names), key=familiarity) for part in parts]


def _possible_splits(parts: list[str], names: int) -> list[tuple[str, ...]]:
    if len(parts) <= names or len(parts) > MAX_OPTION_PARTS:
        head, tail = parts[: names - 1], parts[names - 1 :]
        values = [*head, "-".join(tail)]
        return [(*(value.strip() for value in values), *[""] * (names - len(values)))]
    return [
        tuple(
            "-".join(parts[start:end]).strip()
            for start, end in zip((0, *marks), (*marks, len(parts)), strict=True)
        )
        for marks in combinations(range(1, len(parts)), names - 1)
    ]


def record(
    page: Product,
    variant: Variant,
    options: tuple[str, ...],
    *,
    table: Mapping[str, str],
    problems: list[ImportIssue],
) -> VariantRecord:
    sku = connector_parsing.text(variant.vid)
    price = cost(sku, variant.variant_sell_price, currency=variant.currency)
    if isinstance(price, ImportIssue):
        problems.append(price)
    is_alone = len(page.variants or ()) == 1
    return VariantRecord(
        sku=sku,
        title=connector_parsing.text(variant.variant_name_en)
        or connector_parsing.text(page.product_name_en),
        option_values=options,
        cost=None if isinstance(price, ImportIssue) else price,
        gtin=connector_parsing.text(variant.barcode),
        # A model number in the table identifies the product: unusable for one of several variants.
        mpn=connector_parsing.text(variant.mpn) or (_model(table) if is_alone else ""),
        packed_weight_g=_packed_g(page, variant),
        picture_urls=pictures(variant.variant_image),
    )


def _model(table: Mapping[str, str]) -> str:
    return next((table[label] for label in MPN_LABELS if table.get(label)), "")


def costs(external_id: str, offered: Sequence[Any]) -> Iterator[PriceReport | ImportIssue]:
    for position, raw in enumerate(offered, start=1):
        try:
            variant = msgspec.convert(raw, Variant)
        except msgspec.ValidationError as error:
            message = str(error)[:500]
            yield ImportIssue(
                row=f"{external_id} variant {position}", code="cost-unreadable", message=message
            )
            continue
        sku = connector_parsing.text(variant.vid)
        price = cost(sku, variant.variant_sell_price, currency=variant.currency)
        yield price if isinstance(price, ImportIssue) else PriceReport(sku=sku, cost=price)


def cost(sku: str, value: Any, *, currency: str | None) -> Money | ImportIssue:
    """Return the cost of one SKU: only ``variantSellPrice`` is what an order costs."""
    if cj_parsing.is_range(value):
        message = f"{value} is a range, not a price."
        return ImportIssue(row=sku, code="cost-is-a-range", message=message)
    return connector_parsing.cost(sku, value, currency=(currency or CURRENCY).upper()[:3])


def _packed_g(page: Product, variant: Variant) -> int | None:
    """Return the variant's weight plus the packaging: the product's packed minus net weight."""
    weight = cj_parsing.grams(variant.variant_weight)
    gross, max_gross = cj_parsing.lowest_and_highest(page.pack_weight)
    net, _ = cj_parsing.lowest_and_highest(page.product_weight)
    if weight is None:
        return int(max_gross) if max_gross else None
    packaging = gross - net if gross and net and gross > net else Decimal(0)
    return weight + int(packaging)


def pictures(*sources: Any) -> tuple[str, ...]:
    return connector_parsing.picture_urls(
        url for source in sources for url in cj_parsing.texts(source)
    )


def product(api: ApiClient, external_id: str, *, minimum: int | None = None) -> ProductDetail:
    """Read a product's page; ``minimum`` is the minimum quantity from the list."""
    content: dict[str, Any] = api.get_with_retries(
        "product/query", dict[str, Any], pid=external_id, features="enable_inventory"
    )
    digest = connector_parsing.digest([_without_volatile_fields(content), minimum])
    try:
        page = msgspec.convert(content, Product)
    except msgspec.ValidationError as error:
        return _unavailable(external_id, digest, "unreadable", str(error))
    if connector_parsing.text(page.pid) != external_id:
        return _unavailable(
            external_id, digest, "other-product", f"Requested {external_id}, received {page.pid}."
        )
    title = connector_parsing.text(page.product_name_en)
    if not title:
        return _unavailable(external_id, digest, "no-title", "The product has no English name.")
    problems: list[ImportIssue] = []
    offered = orderable_variants(page, problems)
    if not offered:
        problems.append(
            ImportIssue(
                row=external_id, code="no-variants", message="The product has no valid variant."
            )
        )
        return ProductDetail(
            external_id=external_id, digest=digest, record=None, problems=tuple(problems)
        )
    return ProductDetail(
        external_id=external_id,
        digest=digest,
        record=_with_min_units(minimum, _record(external_id, title, page, offered, problems)),
        problems=tuple(problems),
        stock=_stock(offered),
    )


def _record(
    external_id: str, title: str, page: Product, offered: list[Variant], problems: list[ImportIssue]
) -> ProductRecord:
    table = claims(page.description or "")
    names = option_names(page)
    keys = [connector_parsing.text(variant.variant_key) for variant in offered]
    return ProductRecord(
        external_id=external_id,
        title=title,
        brand=table.get("Brand", ""),
        category_path=tuple(
            part for piece in (page.category_name or "").split("/") if (part := piece.strip())
        ),
        description_html=page.description or "",
        claims=table,
        option_names=names,
        has_battery=_has_battery(page),
        hs_code=connector_parsing.text(page.entry_code)[:10],
        picture_urls=pictures(page.big_image, page.product_image_set, page.product_image),
        variants=tuple(
            record(page, variant, options, table=table, problems=problems)
            for variant, options in zip(offered, split_options(keys, len(names)), strict=True)
        ),
        model=_model(table),
    )


def _with_min_units(minimum: int | None, record: ProductRecord) -> ProductRecord:
    terms = SupplierTerms(min_order_units=minimum)
    return replace(
        record, variants=tuple(replace(variant, terms=terms) for variant in record.variants)
    )


def _stock(offered: list[Variant]) -> tuple[StockReport | ImportIssue, ...] | None:
    stocked = [variant for variant in offered if variant.inventories is not None]
    if not stocked:
        return None
    return tuple(
        row
        for variant in stocked
        for row in stock.of_variant(connector_parsing.text(variant.vid), variant.inventories)
    )


def _has_battery(page: Product) -> bool:
    kinds = " ".join(
        word
        for value in (page.product_pro_en_set, page.product_pro_en, page.product_pro_set)
        for word in cj_parsing.texts(value)
    ).upper()
    return "BATTERY" in kinds or "ELECTRIC" in kinds


def _unavailable(external_id: str, digest: str, code: str, message: str) -> ProductDetail:
    problem = ImportIssue(row=external_id, code=code, message=message[:500])
    return ProductDetail(external_id=external_id, digest=digest, record=None, problems=(problem,))


def _without_volatile_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_volatile_fields(value[key]) for key in value if key not in VOLATILE_FIELDS
        }
    if isinstance(value, list):
        return [_without_volatile_fields(entry) for entry in value]
    return value
