"""Read CJ's product pages into our records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from catalog.records import BadRow, ProductRecord, Terms
from suppliers.connectors import parsing as connector_parsing
from suppliers.connectors.cj import parsing as cj_parsing
from suppliers.connectors.cj import product_details, stock
from suppliers.connectors.cj.client import Wire
from suppliers.connectors.cj.product_list import PASSING
from suppliers.connectors.cj.schemas import Product, Variant
from suppliers.connectors.records import ProductPage, StockRecord
from suppliers.connectors.spec_tables import claims


def product(wire: Wire, ref: str, *, minimum: int | None = None) -> ProductPage:
    """Read a page; ``minimum`` is the least quantity that the list told of it."""
    words: dict[str, Any] = wire.patiently(
        "product/query", dict[str, Any], pid=ref, features="enable_inventory"
    )
    digest = connector_parsing.digest([_lasting(words), minimum])
    try:
        page = msgspec.convert(words, Product)
    except msgspec.ValidationError as error:
        return _refused(ref, digest, "unreadable", str(error))
    if connector_parsing.text(page.pid) != ref:
        return _refused(ref, digest, "other-product", f"Asked for {ref}, got {page.pid}.")
    title = connector_parsing.text(page.product_name_en)
    if not title:
        return _refused(ref, digest, "no-title", "The product has no English name.")
    problems: list[BadRow] = []
    offered = product_details.readable(page, problems)
    if not offered:
        problems.append(
            BadRow(row=ref, code="no-variants", message="The product has no usable variant.")
        )
        return ProductPage(ref=ref, digest=digest, record=None, problems=tuple(problems))
    return ProductPage(
        ref=ref,
        digest=digest,
        record=_of_at_least(minimum, _record(ref, title, page, offered, problems)),
        problems=tuple(problems),
        stock=_stock(offered),
    )


def _record(
    ref: str, title: str, page: Product, offered: list[Variant], problems: list[BadRow]
) -> ProductRecord:
    table = claims(page.description or "")
    names = product_details.option_names(page)
    keys = [connector_parsing.text(variant.variant_key) for variant in offered]
    return ProductRecord(
        ref=ref,
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
        picture_urls=product_details.pictures(
            page.big_image, page.product_image_set, page.product_image
        ),
        variants=tuple(
            product_details.record(page, variant, options, table=table, problems=problems)
            for variant, options in zip(
                offered, product_details.aligned(keys, len(names)), strict=True
            )
        ),
    )


def _of_at_least(minimum: int | None, record: ProductRecord) -> ProductRecord:
    terms = Terms(minimum_quantity=minimum)
    return replace(
        record, variants=tuple(replace(variant, terms=terms) for variant in record.variants)
    )


def _stock(offered: list[Variant]) -> tuple[StockRecord | BadRow, ...] | None:
    told = [variant for variant in offered if variant.inventories is not None]
    if not told:
        return None
    return tuple(
        row
        for variant in told
        for row in stock.of_variant(connector_parsing.text(variant.vid), variant.inventories)
    )


def _has_battery(page: Product) -> bool:
    kinds = " ".join(
        word
        for value in (page.product_pro_en_set, page.product_pro_en, page.product_pro_set)
        for word in cj_parsing.texts(value)
    ).upper()
    return "BATTERY" in kinds or "ELECTRIC" in kinds


def _refused(ref: str, digest: str, code: str, message: str) -> ProductPage:
    problem = BadRow(row=ref, code=code, message=message[:500])
    return ProductPage(ref=ref, digest=digest, record=None, problems=(problem,))


def _lasting(words: Any) -> Any:
    if isinstance(words, dict):
        return {key: _lasting(words[key]) for key in words if key not in PASSING}
    if isinstance(words, list):
        return [_lasting(entry) for entry in words]
    return words
