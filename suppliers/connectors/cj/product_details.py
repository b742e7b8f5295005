"""Read the SKUs on a product's page. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any

import msgspec

from catalog.records import BadRow, VariantRecord
from storefront.lib.money import Money
from suppliers.connectors import parsing as connector_parsing
from suppliers.connectors.cj import parsing as cj_parsing
from suppliers.connectors.cj.schemas import Product, Variant
from suppliers.connectors.records import CostRecord

CURRENCY = "USD"
LONGEST_SKU = 60
LONGEST_URL = 500
MOST_PICTURES = 20
MOST_OPTION_PARTS = 12
MPN_LABELS = ("Model / MPN", "MPN", "Model", "Model number")


def readable(page: Product, problems: list[BadRow]) -> list[Variant]:
    """Return the variants that can be ordered: each has an id of its own."""
    found: dict[str, Variant] = {}
    for place, raw in enumerate(page.variants or (), start=1):
        where = f"{page.pid} variant {place}"
        try:
            variant = msgspec.convert(raw, Variant)
        except msgspec.ValidationError as error:
            problems.append(BadRow(row=where, code="sku-unreadable", message=str(error)[:500]))
            continue
        vid = connector_parsing.text(variant.vid)
        if not vid or len(vid) > LONGEST_SKU:
            problems.append(
                BadRow(row=where, code="sku-missing", message="A variant has no usable id.")
            )
        elif vid in found:
            problems.append(
                BadRow(row=vid, code="sku-twice", message="The product has this SKU twice.")
            )
        else:
            found[vid] = variant
    return list(found.values())


def option_names(page: Product) -> tuple[str, ...]:
    return tuple(
        name
        for piece in connector_parsing.text(page.product_key_en).split("-")
        if (name := piece.strip())
    )


def aligned(keys: Sequence[str], names: int) -> list[tuple[str, ...]]:
    """Cut each ``Black-USB-C`` into as many values as there are option names.

    A value may itself contain the dash. Siblings that can be cut in one way only tell which
    values there are; without them the last option takes what is left over.
    """
    if names == 0:
        return [()] * len(keys)
    parts = [key.split("-") for key in keys]
    sure = [Counter(cut[place] for cut in parts if len(cut) == names) for place in range(names)]

    def familiarity(cut: tuple[str, ...]) -> tuple[int, tuple[int, ...]]:
        known = sum(sure[place][value] > 0 for place, value in enumerate(cut))
        return known, tuple(-len(value) for value in cut)

    return [max(_cuts(part, names), key=familiarity) for part in parts]


def _cuts(parts: list[str], names: int) -> list[tuple[str, ...]]:
    if len(parts) <= names or len(parts) > MOST_OPTION_PARTS:
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
    problems: list[BadRow],
) -> VariantRecord:
    sku = connector_parsing.text(variant.vid)
    price = cost(sku, variant.variant_sell_price, currency=variant.currency)
    if isinstance(price, BadRow):
        problems.append(price)
    is_alone = len(page.variants or ()) == 1
    named = next((table[label] for label in MPN_LABELS if table.get(label)), "")
    return VariantRecord(
        sku=sku,
        title=connector_parsing.text(variant.variant_name_en)
        or connector_parsing.text(page.product_name_en),
        option_values=options,
        cost=None if isinstance(price, BadRow) else price,
        gtin=connector_parsing.text(variant.barcode),
        # A model number in the table names the product: one variant, or none of several.
        mpn=connector_parsing.text(variant.mpn) or (named if is_alone else ""),
        packed_weight_g=_packed_g(page, variant),
        picture_urls=pictures(variant.variant_image),
    )


def costs(ref: str, offered: Sequence[Any]) -> Iterator[CostRecord | BadRow]:
    """Read what each SKU of a product costs."""
    for place, raw in enumerate(offered, start=1):
        try:
            variant = msgspec.convert(raw, Variant)
        except msgspec.ValidationError as error:
            message = str(error)[:500]
            yield BadRow(row=f"{ref} variant {place}", code="cost-unreadable", message=message)
            continue
        sku = connector_parsing.text(variant.vid)
        price = cost(sku, variant.variant_sell_price, currency=variant.currency)
        yield price if isinstance(price, BadRow) else CostRecord(sku=sku, cost=price)


def cost(sku: str, value: Any, *, currency: str | None) -> Money | BadRow:
    """Read what one SKU costs: only ``variantSellPrice`` can be ordered at."""
    if value is None or value == "":
        return BadRow(row=sku, code="cost-missing", message="There is no price.")
    number = connector_parsing.amount(value)
    if number is None:
        code, message = "cost-unreadable", f"{str(value)[:40]!r} is no price."
        if cj_parsing.is_range(value):
            code, message = "cost-is-a-range", f"{value} is a range: no order can name it."
        return BadRow(row=sku, code=code, message=message)
    if number <= 0:
        return BadRow(row=sku, code="cost-not-positive", message=f"The price is {number}.")
    return Money(number, (currency or CURRENCY).upper()[:3])


def _packed_g(page: Product, variant: Variant) -> int | None:
    """Weigh the variant in its box; the box weighs what the product's two weights differ by."""
    weight = cj_parsing.grams(variant.variant_weight)
    packed = cj_parsing.lowest(page.pack_weight)
    bare = cj_parsing.lowest(page.product_weight)
    if weight is None:
        high = cj_parsing.highest(page.pack_weight)
        return int(high) if high else None
    box = packed - bare if packed and bare and packed > bare else Decimal(0)
    return weight + int(box)


def pictures(*sources: Any) -> tuple[str, ...]:
    urls = [url for source in sources for url in cj_parsing.texts(source)]
    good = [
        url for url in urls if url.startswith(("https://", "http://")) and len(url) <= LONGEST_URL
    ]
    return tuple(dict.fromkeys(good))[:MOST_PICTURES]
