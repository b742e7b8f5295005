"""CJ stock endpoints: report stock by variant, SKU or product."""

from typing import Any

from storefront.dev.sandboxes.cj.endpoints import product_json
from storefront.dev.sandboxes.cj.endpoints.products import NO_PRODUCT, NO_VARIANT
from storefront.dev.sandboxes.cj.protocol import ApiError, Call, Route
from storefront.dev.sandboxes.cj.stock import BY_COUNTRY, WAREHOUSES
from storefront.dev.sandboxes.goods.model import Product


def by_vid(call: Call) -> list[dict[str, Any]]:
    vid = call.text("vid")
    product = call.state.catalog.by_vid(vid)
    if product is None:
        raise ApiError(NO_VARIANT)
    return _rows(call, product, {vid})


def by_sku(call: Call) -> list[dict[str, Any]]:
    sku = call.text("sku")
    product = call.state.catalog.by_sku(sku)
    if product is None:
        raise ApiError(NO_VARIANT)
    return _rows(
        call, product, {each.vid for each in product.variants if sku in {each.sku, product.spu}}
    )


def by_pid(call: Call) -> dict[str, Any]:
    product = call.state.catalog.by_pid(call.text("pid", most=40))
    if product is None:
        raise ApiError(NO_PRODUCT)
    variants = product_json.variant_stock(call.state, product, suffix="Num")
    totals = []
    for country in call.state.stock_store.countries(product):
        area = BY_COUNTRY[country]
        here = [
            level
            for variant in variants
            for level in variant["inventory"]
            if level["countryCode"] == country
        ]
        totals.append(
            {
                "areaId": area.area_id,
                "areaEn": area.name,
                "countryCode": country,
                "countryNameEn": area.country_name,
                "totalInventoryNum": sum(level["totalInventoryNum"] for level in here),
                "cjInventoryNum": sum(level["cjInventoryNum"] for level in here),
                "factoryInventoryNum": sum(level["factoryInventoryNum"] for level in here),
            }
        )
    return {"inventories": totals, "variantInventories": variants}


def warehouses(_: Call) -> list[dict[str, Any]]:
    return [
        {
            "id": area.stock_id,
            "areaId": area.area_id,
            "areaEn": area.name,
            "areaCn": area.name_cn,
            "countryCode": area.country,
            "nameEn": area.name,
            "valueEn": area.country_name,
            "disabled": False,
        }
        for area in WAREHOUSES
    ]


def _rows(call: Call, product: Product, vids: set[str]) -> list[dict[str, Any]]:
    return [
        product_json.stock_row(call.state, product, variant, country)
        for variant in product.variants
        if variant.vid in vids
        for country in call.state.stock_store.countries(product)
    ]


ROUTES = (
    Route(method="GET", path="product/stock/queryByVid", handler=by_vid, points=10),
    Route(method="GET", path="product/stock/queryBySku", handler=by_sku, points=10),
    Route(method="GET", path="product/stock/getInventoryByPid", handler=by_pid, points=10),
    Route(method="GET", path="product/globalWarehouseList", handler=warehouses),
)
