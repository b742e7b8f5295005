"""Read CJ's product list and product pages into our records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from catalog.records import BadRow, ProductRecord
from storefront.lib.failures import PermanentError
from suppliers.adapters.base import ListRow, ProductPage, StockRecord
from suppliers.adapters.cj import reading, stocks, variants
from suppliers.adapters.cj.decoding import decoded
from suppliers.adapters.cj.shapes import FirstLevel, ListedProduct, ListPage, Product, Variant
from suppliers.adapters.cj.wire import Wire
from suppliers.adapters.claims import claims

PAGE_SIZE = 100
# A list never admits to more than this: a longer one is read category by category.
MOST_LISTED = 6_000
LONGEST_ID = 60
ON_SALE = "3"
PRICES = frozenset({"sellPrice", "nowPrice", "discountPrice", "discountPriceRate"})
# What changes without the product becoming another one.
PASSING = PRICES | {
    "listedNum", "isCollect", "isAd", "isList", "myProduct", "setRecommendedTime",
    "warehouseInventoryNum", "totalVerifiedInventory", "totalUnVerifiedInventory",
    "verifiedWarehouse", "inventoryInfo", "variantInventories", "zoneRecommendJson",
    "activityId", "suggestSellPrice", "variantSellPrice", "variantSugSellPrice", "inventories",
}  # fmt: skip


def product_rows(wire: Wire) -> Iterator[ListRow | BadRow]:
    """Walk the list; each product comes once.

    Raises: PermanentError  a page is garbage, or the list ends before its end
    """
    first = _page(wire, 1)
    if first.total_records < MOST_LISTED:
        yield from _rows(wire, first)
        return
    for category in _categories(wire):
        first = _page(wire, 1, categoryId=category)
        if first.total_records >= MOST_LISTED:
            yield BadRow(
                row=f"category {category}",
                code="list-too-long",
                message=f"This category has over {MOST_LISTED} products; the rest is not listed.",
                is_fatal=False,
            )
        yield from _rows(wire, first, categoryId=category)


def _categories(wire: Wire) -> list[str]:
    return [
        reading.text(third.category_id)
        for top in wire.patiently("product/getCategory", list[FirstLevel])
        for second in top.category_first_list or ()
        for third in second.category_second_list or ()
        if third.category_id
    ]


def _page(wire: Wire, number: int, **query: str) -> ListPage:
    return wire.patiently("product/listV2", ListPage, page=number, size=PAGE_SIZE, **query)


def _rows(wire: Wire, first: ListPage, **query: str) -> Iterator[ListRow | BadRow]:
    last = -(-first.total_records // PAGE_SIZE)
    page = first
    for number in range(1, last + 1):
        if number > 1:
            page = _page(wire, number, **query)
        raws = [raw for part in page.content or () for raw in part.product_list or ()]
        if not raws:
            raise PermanentError(f"product/listV2: page {number} of {last} is empty")
        for place, raw in enumerate(raws, start=1):
            yield _row(bytes(raw), place=f"page {number}, row {place}")


def _row(raw: bytes, *, place: str) -> ListRow | BadRow:
    try:
        words: dict[str, Any] = decoded(raw, dict[str, Any], what="product/listV2")
        listed = msgspec.convert(words, ListedProduct)
    except (PermanentError, msgspec.ValidationError) as error:
        return BadRow(row=place, code="list-unreadable", message=str(error)[:500])
    ref = reading.text(listed.id)
    if not ref or len(ref) > LONGEST_ID:
        return BadRow(row=place, code="list-no-id", message="The row has no usable id.", raw=words)
    if listed.sale_status is not None and reading.text(listed.sale_status) != ON_SALE:
        return BadRow(
            row=ref,
            code="list-not-on-sale",
            message="Listed, but not approved for sale.",
            raw=words,
        )
    return ListRow(
        ref=ref,
        digest=reading.digest({key: words[key] for key in words if key not in PASSING}),
        cost_digest=reading.digest({key: words[key] for key in words if key in PRICES}),
        stock=stocks.inline(listed.variant_inventories),
    )


def product(wire: Wire, ref: str) -> ProductPage:
    words: dict[str, Any] = wire.patiently(
        "product/query", dict[str, Any], pid=ref, features="enable_inventory"
    )
    digest = reading.digest(_lasting(words))
    try:
        page = msgspec.convert(words, Product)
    except msgspec.ValidationError as error:
        return _refused(ref, digest, "unreadable", str(error))
    if reading.text(page.pid) != ref:
        return _refused(ref, digest, "other-product", f"Asked for {ref}, got {page.pid}.")
    title = reading.text(page.product_name_en)
    if not title:
        return _refused(ref, digest, "no-title", "The product has no English name.")
    problems: list[BadRow] = []
    offered = variants.readable(page, problems)
    if not offered:
        problems.append(
            BadRow(row=ref, code="no-variants", message="The product has no usable variant.")
        )
        return ProductPage(ref=ref, digest=digest, record=None, problems=tuple(problems))
    return ProductPage(
        ref=ref,
        digest=digest,
        record=_record(ref, title, page, offered, problems),
        problems=tuple(problems),
        stock=_stock(offered),
    )


def _record(
    ref: str, title: str, page: Product, offered: list[Variant], problems: list[BadRow]
) -> ProductRecord:
    table = claims(page.description or "")
    names = variants.option_names(page)
    keys = [reading.text(variant.variant_key) for variant in offered]
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
        hs_code=reading.text(page.entry_code)[:10],
        picture_urls=variants.pictures(page.big_image, page.product_image_set, page.product_image),
        variants=tuple(
            variants.record(page, variant, options, table=table, problems=problems)
            for variant, options in zip(offered, variants.aligned(keys, len(names)), strict=True)
        ),
    )


def _stock(offered: list[Variant]) -> tuple[StockRecord | BadRow, ...] | None:
    told = [variant for variant in offered if variant.inventories is not None]
    if not told:
        return None
    return tuple(
        row
        for variant in told
        for row in stocks.of_variant(reading.text(variant.vid), variant.inventories or [])
    )


def _has_battery(page: Product) -> bool:
    kinds = " ".join(
        word
        for value in (page.product_pro_en_set, page.product_pro_en, page.product_pro_set)
        for word in reading.texts(value)
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
