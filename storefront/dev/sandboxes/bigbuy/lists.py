"""BigBuy lists: build the rows of each list, page through them.

Each list has its own order. Its rows have only data that no other list has.
"""

import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice
from typing import Any

from storefront.dev.sandboxes.bigbuy import goods
from storefront.dev.sandboxes.bigbuy.errors import ApiError
from storefront.dev.sandboxes.bigbuy.goods import Item
from storefront.dev.sandboxes.bigbuy.state import SandboxState
from storefront.dev.sandboxes.core.http_server import Query
from storefront.dev.sandboxes.goods.brands import BRANDS
from storefront.dev.sandboxes.goods.generator import KIND_SEQUENCE
from storefront.dev.sandboxes.goods.model import Product

# Rows, product by product

LIGHTING = 19657
G_PER_KG = 1000
RETAIL_FACTOR = Decimal("1.6")
ANGLES, DARK_ANGLES = ("front", "lit", "side", "scale"), ("front", "side", "scale")
FAMILIES = sorted({kind.family for kind in KIND_SEQUENCE})
CATEGORIES = sorted({(kind.family, kind.category) for kind in KIND_SEQUENCE})
MANUFACTURERS = {brand.name: place for place, brand in enumerate(BRANDS, start=301)}


def stamp(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def name_id(*words: str) -> int:
    """Return the id of an attribute or group, derived from its name."""
    return 1000 + zlib.crc32("=".join(words).encode()) % 8_000_000


def family_id(family: str) -> int:
    return LIGHTING + 1 + FAMILIES.index(family)


def category_id(family: str, category: str) -> int:
    return LIGHTING + 100 + CATEGORIES.index((family, category))


def taxonomies(_: SandboxState) -> Iterator[dict[str, Any]]:
    yield {"id": LIGHTING, "name": "Lighting", "parentTaxonomy": 0, "isoCode": "en"}
    for family in FAMILIES:
        yield {"id": family_id(family), "name": family.title(), "parentTaxonomy": LIGHTING}
    for family, category in CATEGORIES:
        key = category_id(family, category)
        yield {"id": key, "name": category, "parentTaxonomy": family_id(family)}


def manufacturers(_: SandboxState) -> Iterator[dict[str, Any]]:
    for name, key in MANUFACTURERS.items():
        yield {"id": key, "name": name, "urlImage": None, "reference": str(key)}


def attribute_groups(state: SandboxState) -> Iterator[dict[str, Any]]:
    names = {name for key in state.goods.ids() for name in state.goods.product(key).option_names}
    for name in sorted(names):
        yield {"id": name_id(name), "name": name, "isoCode": "en"}


def attributes(state: SandboxState) -> Iterator[dict[str, Any]]:
    pairs = {
        pair for _, item in state.goods.all_items() if item.is_variation for pair in _options(item)
    }
    for name, value in sorted(pairs):
        key = name_id(name, value)
        yield {"id": key, "attributeGroup": name_id(name), "name": value, "isoCode": "en"}


def _options(item: Item) -> Iterator[tuple[str, str]]:
    return zip(item.product.option_names, item.variant.values, strict=False)


def product(state: SandboxState, key: int) -> dict[str, Any]:
    goods, made = state.goods, state.goods.product(key)
    items, sku = goods.items(key), goods.sku(key)
    first = items[0] if items else None
    has_variations = bool(items) and items[0].is_variation
    has_gtin = goods.lists_gtin(made) and not has_variations
    return {
        "id": key,
        "sku": sku,
        "active": int(state.stock_store.is_active(sku)),
        "attributes": has_variations,
        "manufacturer": MANUFACTURERS[made.brand.name],
        "taxonomy": category_id(made.family, made.category),
        "taxRate": 21,
        "condition": "NEW",
        "ean13": first.variant.barcode if first and has_gtin else None,
        "partNumber": made.mpn if made.flaw != "null_fields" else None,
        "weight": _kilograms(made, first),
        **_prices(state, first),
        "intrastat": made.hs_code,
        "logisticClass": "B" if made.is_lithium else "A",
        **_dates(state, made, sku, items),
    }


def _kilograms(made: Product, first: Item | None) -> Decimal:
    """Return the packed weight; a product without one has the placeholder of one kilogram."""
    if made.flaw == "weight_range" or first is None:
        return Decimal(1)
    return Decimal(first.variant.packed_g) / G_PER_KG


def _prices(state: SandboxState, item: Item | None) -> dict[str, Any]:
    price = state.stock_store.price(item) if item else None
    retail = price and (price * RETAIL_FACTOR).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return {"wholesalePrice": price, "retailPrice": retail}


def _dates(state: SandboxState, made: Product, sku: str, items: list[Item]) -> dict[str, str]:
    def last(*whats: str) -> str:
        skus = {sku, *(item.sku for item in items)}
        changed = [state.stock_store.changed_s(each, what) for each in skus for what in whats]
        return stamp(max([made.listed_s, *changed]))

    return {
        "dateAdd": stamp(made.listed_s),
        "dateUpd": last("name", "price", "active"),
        "dateUpdDescription": last("name"),
        "dateUpdImages": stamp(made.listed_s),
        "dateUpdStock": last("levels"),
    }


def information(state: SandboxState, key: int) -> Iterator[dict[str, Any]]:
    made, sku = state.goods.product(key), state.goods.sku(key)
    if made.flaw == "missing_variants":
        return
    yield {
        "id": key,
        "sku": sku,
        "name": state.stock_store.name(sku) or goods.title(made),
        "description": goods.description(made),
        "isoCode": "en",
        "dateUpdDescription": stamp(state.stock_store.changed_s(sku, "name") or made.listed_s),
    }


def images(state: SandboxState, key: int) -> Iterator[dict[str, Any]]:
    made = state.goods.product(key)
    angles = ANGLES if made.light else DARK_ANGLES
    yield {
        "id": key,
        "images": [
            {
                "id": key * 10 + place,
                "isCover": place == 0,
                "url": f"{state.base_url}/pictures/{made.pid}/0/{angle}.png",
                "logo": False,
            }
            for place, angle in reversed(list(enumerate(angles)))
        ],
    }


def prices(state: SandboxState, key: int) -> Iterator[dict[str, Any]]:
    items = state.goods.items(key)
    yield {
        "id": key,
        "sku": state.goods.sku(key),
        **_prices(state, items[0] if items else None),
    }


def variation_prices(state: SandboxState, key: int) -> Iterator[dict[str, Any]]:
    for item in _variations(state, key):
        yield {"id": item.id, "sku": item.sku, **_prices(state, item)}


def stock(state: SandboxState, key: int) -> Iterator[dict[str, Any]]:
    items = state.goods.items(key)
    alone = items[0] if items and not items[0].is_variation else None
    yield {
        "id": key,
        "sku": state.goods.sku(key),
        "stocks": _stocks(state, alone) if alone else [],
    }


def variation_stock(state: SandboxState, key: int) -> Iterator[dict[str, Any]]:
    for item in _variations(state, key):
        yield {"id": item.id, "sku": item.sku, "stocks": _stocks(state, item)}


def _stocks(state: SandboxState, item: Item) -> list[dict[str, int]]:
    return [
        {"quantity": units, "minHandlingDays": least, "maxHandlingDays": most, "warehouse": w}
        for level in state.stock_store.levels(item)
        for w in (level.warehouse,)
        for units, least, most in ((level.soon, 0, 1), (level.later, 3, 7))
    ]


def variations(state: SandboxState, key: int) -> Iterator[dict[str, Any]]:
    items = _variations(state, key)
    for item in items:
        has_gtin = state.goods.lists_gtin(item.product)
        extra_g = item.variant.packed_g - items[0].variant.packed_g
        yield {
            "id": item.id,
            "sku": item.sku,
            "ean13": item.variant.barcode if has_gtin else None,
            "extraWeight": Decimal(extra_g) / G_PER_KG,
            "product": key,
            **_prices(state, item),
            "logisticClass": "B" if item.variant.has_cells else "A",
        }


def combinations(state: SandboxState, key: int) -> Iterator[dict[str, Any]]:
    for item in _variations(state, key):
        yield {
            "id": item.id,
            "attributes": [{"id": name_id(name, value)} for name, value in _options(item)],
        }


def _variations(state: SandboxState, key: int) -> list[Item]:
    return [item for item in state.goods.items(key) if item.is_variation]


# Pages of lists

MAX_ROWS = 10_000
DEFAULT_ROWS = 1_000
BAD_REQUEST = {"code": "Bad request", "message": 400}  # swapped, as at BigBuy

type Row = dict[str, Any]

PRODUCT_LISTS: dict[str, Callable[[SandboxState, int], Iterator[Row]]] = {
    "productsinformation": information,
    "productsimages": images,
    "productprices": prices,
    "productvariationprices": variation_prices,
    "productsstockbyhandlingdays": stock,
    "productsvariationsstockbyhandlingdays": variation_stock,
    "productsvariations": variations,
    "variations": combinations,
}
NAMES: dict[str, Callable[[SandboxState], Iterator[Row]]] = {
    "taxonomies": taxonomies,
    "manufacturers": manufacturers,
    "attributes": attributes,
    "attributegroups": attribute_groups,
}


def list_page(state: SandboxState, name: str, query: Query) -> list[Row] | None:
    """Return one page of a list; None if there is no such list."""
    if name in NAMES:
        return list(NAMES[name](state))
    if name != "products" and name not in PRODUCT_LISTS:
        return None
    page = _whole(query, "page", default=0, most=100_000)
    size = _whole(query, "pageSize", default=DEFAULT_ROWS, most=MAX_ROWS)
    keys = _keys(state, name, _whole(query, "parentTaxonomy", default=None, most=10**9))
    if name == "products":
        return [product(state, key) for key in islice(keys, page * size, (page + 1) * size)]
    rows = (row for key in keys for row in PRODUCT_LISTS[name](state, key))
    return list(islice(rows, page * size, (page + 1) * size))


def _keys(state: SandboxState, name: str, taxonomy: int) -> Iterator[int]:
    there = state.goods.ids()
    kept = there[: round(len(there) * state.kept_share)]
    shuffled = kept if name == "products" else sorted(kept, key=lambda key: _place(name, key))
    return (key for key in shuffled if _is_below(state, key, taxonomy))


def _place(name: str, key: int) -> int:
    return zlib.crc32(f"{name}{key}".encode())


def _is_below(state: SandboxState, key: int, taxonomy: int) -> bool:
    if taxonomy == LIGHTING:
        return True
    made = state.goods.product(key)
    families = {family_id(made.family), category_id(made.family, made.category)}
    return taxonomy in families


def _whole(query: Query, name: str, *, default: int | None, most: int) -> int:
    text = next(iter(query.get(name, [])), "" if default is None else str(default))
    if not (text.isascii() and text.isdecimal() and int(text) <= most):
        raise ApiError(400, BAD_REQUEST)
    return int(text)
