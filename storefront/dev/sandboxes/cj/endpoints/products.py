"""CJ product endpoints: list categories and products, return one product or variant."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from storefront.dev.sandboxes.cj.endpoints import product_json
from storefront.dev.sandboxes.cj.protocol import BAD_PARAM, ApiError, Call, Route
from storefront.dev.sandboxes.cj.state import SandboxState
from storefront.dev.sandboxes.goods.generator import KIND_SEQUENCE
from storefront.dev.sandboxes.goods.model import Product

NO_PRODUCT, NO_VARIANT = 1602001, 1602000
PRODUCT_OFF_SHELF, VARIANT_OFF_SHELF = 1602002, 1602003
FILTERS = ("keyWord", "categoryId", "countryCode", "startSellPrice", "endSellPrice")
TIMES = ("timeStart", "timeEnd")


def get_category(_: Call) -> list[dict[str, Any]]:
    tree: dict[str, set[str]] = {}
    for kind in KIND_SEQUENCE:
        tree.setdefault(kind.family.title(), set()).add(kind.category)
    return [
        {
            "categoryFirstId": product_json.category_id(),
            "categoryFirstName": product_json.ROOT,
            "categoryFirstList": [
                {
                    "categorySecondId": product_json.category_id(second),
                    "categorySecondName": second,
                    "categorySecondList": [
                        {
                            "categoryId": product_json.category_id(second, third),
                            "categoryName": third,
                        }
                        for third in sorted(thirds)
                    ],
                }
                for second, thirds in sorted(tree.items())
            ],
        }
    ]


def list_v2(call: Call) -> dict[str, Any]:
    page = call.whole("page", default=1, least=1, most=1000)
    size = call.whole("size", default=10, least=1, most=100)
    places = _places(call)
    total = min(len(places), call.state.rules.most_listed)
    shown = places[(page - 1) * size : min(page * size, total)]
    with_description = "enable_description" in call.features()
    state = call.state
    rows = [
        product_json.list_row(state, product, with_description=with_description)
        for place in shown
        if (product := state.catalog.at(place)).pid not in state.off_shelf
    ]
    return {
        "pageNumber": page,
        "pageSize": size,
        "totalRecords": total,
        "totalPages": -(-total // size),
        "content": [{"productList": rows, "keyWord": call.text("keyWord", default="")}],
    }


def list_v1(call: Call) -> dict[str, Any]:
    page = call.whole("pageNum", default=1, least=1, most=100_000)
    size = call.whole("pageSize", default=20, least=1, most=200)
    places = _places(call)
    shown = places[(page - 1) * size : page * size]
    return {
        "pageNum": page,
        "pageSize": size,
        "total": len(places),
        "list": [product_json.old_row(call.state, call.state.catalog.at(place)) for place in shown],
    }


def _places(call: Call) -> Sequence[int]:
    """Return the matching positions of the catalog; without filters no product is generated."""
    state = call.state
    wanted = tuple(call.text(name, default="") for name in (*FILTERS, *TIMES))
    if not any(wanted):
        return range(state.visible)
    known = (str(state.visible), *wanted)
    if known not in state.found:
        if len(state.found) > 64:  # noqa: PLR2004 - searches repeat only for a short time
            state.found.clear()
        state.found[known] = [
            place
            for place in _places_in(state, call.text("categoryId", default=""))
            if _matches(state, state.catalog.at(place), dict(zip((*FILTERS, *TIMES), wanted)))  # noqa: B905
        ]
    return state.found[known]


def _places_in(state: SandboxState, category: str) -> Iterator[int]:
    """Yield the positions of a category, indexed once: categories never change."""
    if category and not state.filed:
        filed: dict[str, list[int]] = defaultdict(list)
        for place in range(len(state.catalog)):
            for each in _categories_of(state.catalog.at(place)):
                filed[each].append(place)
        state.filed = filed
    places = state.filed.get(category, ()) if category else range(state.visible)
    return (place for place in places if place < state.visible)


def _categories_of(product: Product) -> set[str]:
    return {
        product_json.category_id(product_json.second_level(product), product.category),
        product_json.category_id(product_json.second_level(product)),
        product_json.category_id(),
    }


def _matches(state: SandboxState, product: Product, wanted: dict[str, str]) -> bool:
    word = wanted["keyWord"].lower()
    prices = [state.stock_store.price(variant) for variant in product.variants] or [Decimal(0)]
    listed_ms = product.listed_s * 1000
    try:
        return all(
            (
                not word or word in product.title.lower() or word in product.spu.lower(),
                not wanted["countryCode"]
                or wanted["countryCode"] in state.stock_store.countries(product),
                not wanted["startSellPrice"] or max(prices) >= Decimal(wanted["startSellPrice"]),
                not wanted["endSellPrice"] or min(prices) <= Decimal(wanted["endSellPrice"]),
                not wanted["timeStart"] or listed_ms >= int(wanted["timeStart"]),
                not wanted["timeEnd"] or listed_ms < int(wanted["timeEnd"]),
            )
        )
    except (ValueError, InvalidOperation) as error:
        raise ApiError(BAD_PARAM, str(error)) from error


def find_product(call: Call) -> Product:
    """Return the product with exactly one of its ids."""
    catalog = call.state.catalog
    names = {
        name: value
        for name in ("pid", "productSku", "variantSku")
        if (value := call.text(name, default=""))
    }
    if len(names) != 1:
        raise ApiError(BAD_PARAM, "give exactly one of pid, productSku, variantSku")
    ((name, value),) = names.items()
    product = catalog.by_pid(value) if name == "pid" else catalog.by_sku(value)
    if product is None:
        raise ApiError(NO_VARIANT if name == "variantSku" else NO_PRODUCT)
    if product.pid in call.state.off_shelf:
        raise ApiError(PRODUCT_OFF_SHELF)
    return product


def query(call: Call) -> dict[str, Any]:
    return product_json.page(
        call.state, find_product(call), with_stock="enable_inventory" in call.features()
    )


def variant_query(call: Call) -> list[dict[str, Any]]:
    return product_json.variants(call.state, find_product(call), with_stock=False)


def query_by_vid(call: Call) -> dict[str, Any]:
    vid = call.text("vid")
    product = call.state.catalog.by_vid(vid)
    if product is None:
        raise ApiError(NO_VARIANT)
    if product.pid in call.state.off_shelf:
        raise ApiError(VARIANT_OFF_SHELF)
    variant = next(each for each in product.variants if each.vid == vid)
    with_stock = "enable_inventory" in call.features()
    return product_json.variant_row(call.state, product, variant, with_stock=with_stock)


ROUTES = (
    Route(method="GET", path="product/getCategory", handler=get_category),
    Route(method="GET", path="product/listV2", handler=list_v2, points=50),
    Route(method="GET", path="product/list", handler=list_v1, points=50),
    Route(method="GET", path="product/query", handler=query, points=10),
    Route(method="GET", path="product/variant/query", handler=variant_query, points=10),
    Route(method="GET", path="product/variant/queryByVid", handler=query_by_vid, points=10),
)
