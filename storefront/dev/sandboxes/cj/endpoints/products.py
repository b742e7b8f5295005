"""CJ product endpoints: list categories and products, return one product or its variants."""

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
FILTERS = ("categoryId", "startSellPrice", "endSellPrice", "timeStart", "timeEnd")


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
    state = call.state
    rows = [
        product_json.list_row(state, product)
        for place in shown
        if (product := state.catalog.at(place)).pid not in state.off_shelf
    ]
    return {
        "pageNumber": page,
        "pageSize": size,
        "totalRecords": total,
        "totalPages": -(-total // size),
        "content": [{"productList": rows}],
    }


def _places(call: Call) -> Sequence[int]:
    """Return the matching positions of the catalog; without filters no product is generated."""
    state = call.state
    wanted = tuple(call.text(name, default="") for name in FILTERS)
    if not any(wanted):
        return range(state.visible)
    known = (str(state.visible), *wanted)
    if known not in state.search_results:
        if len(state.search_results) > 64:  # noqa: PLR2004 - searches repeat only for a short time
            state.search_results.clear()
        state.search_results[known] = [
            place
            for place in _places_in(state, call.text("categoryId", default=""))
            if _matches(state, state.catalog.at(place), dict(zip(FILTERS, wanted, strict=True)))
        ]
    return state.search_results[known]


def _places_in(state: SandboxState, category: str) -> Iterator[int]:
    """Yield the positions of a category, indexed once: categories never change."""
    if category and not state.places_by_category:
        filed: dict[str, list[int]] = defaultdict(list)
        for place in range(len(state.catalog)):
            for each in _categories_of(state.catalog.at(place)):
                filed[each].append(place)
        state.places_by_category = filed
    places = state.places_by_category.get(category, ()) if category else range(state.visible)
    return (place for place in places if place < state.visible)


def _categories_of(product: Product) -> set[str]:
    return {
        product_json.category_id(product_json.second_level(product), product.category),
        product_json.category_id(product_json.second_level(product)),
        product_json.category_id(),
    }


def _matches(state: SandboxState, product: Product, wanted: dict[str, str]) -> bool:
    prices = [state.stock_store.price(variant) for variant in product.variants] or [Decimal(0)]
    listed_ms = product.listed_s * 1000
    try:
        return all(
            (
                not wanted["startSellPrice"] or max(prices) >= Decimal(wanted["startSellPrice"]),
                not wanted["endSellPrice"] or min(prices) <= Decimal(wanted["endSellPrice"]),
                not wanted["timeStart"] or listed_ms >= int(wanted["timeStart"]),
                not wanted["timeEnd"] or listed_ms < int(wanted["timeEnd"]),
            )
        )
    except (ValueError, InvalidOperation) as error:
        raise ApiError(BAD_PARAM, str(error)) from error


def find_product(call: Call) -> Product:
    product = call.state.catalog.by_pid(call.text("pid", most=40))
    if product is None:
        raise ApiError(NO_PRODUCT)
    if product.pid in call.state.off_shelf:
        raise ApiError(PRODUCT_OFF_SHELF)
    return product


def query(call: Call) -> dict[str, Any]:
    return product_json.page(
        call.state, find_product(call), with_stock="enable_inventory" in call.features()
    )


def variant_query(call: Call) -> list[dict[str, Any]]:
    return product_json.variants(call.state, find_product(call), with_stock=False)


ROUTES = (
    Route(method="GET", path="product/getCategory", handler=get_category),
    Route(method="GET", path="product/listV2", handler=list_v2, points=50),
    Route(method="GET", path="product/query", handler=query, points=10),
    Route(method="GET", path="product/variant/query", handler=variant_query, points=10),
)
