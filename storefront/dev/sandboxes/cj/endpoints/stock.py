"""CJ stock endpoints: report stock by variant, SKU or product."""

from __future__ import annotations

from typing import Any

from storefront.dev.sandboxes.cj.endpoints import product_json
from storefront.dev.sandboxes.cj.endpoints.products import NO_PRODUCT, NO_VARIANT
from storefront.dev.sandboxes.cj.protocol import Call, RefusedError, Route
from storefront.dev.sandboxes.cj.stock import AREAS, BY_COUNTRY
from storefront.dev.sandboxes.goods.model import Product


def by_vid(call: Call) -> list[dict[str, Any]]:
    vid = call.text("vid")
    product = call.world.catalog.by_vid(vid)
    if product is None:
        raise RefusedError(NO_VARIANT)
    return _rows(call, product, {vid})


def by_sku(call: Call) -> list[dict[str, Any]]:
    sku = call.text("sku")
    product = call.world.catalog.by_sku(sku)
    if product is None:
        raise RefusedError(NO_VARIANT)
    return _rows(
        call, product, {each.vid for each in product.variants if sku in {each.sku, product.spu}}
    )


def by_pid(call: Call) -> dict[str, Any]:
    product = call.world.catalog.by_pid(call.text("pid", most=40))
    if product is None:
        raise RefusedError(NO_PRODUCT)
    variants = product_json.variant_stock(call.world, product, suffix="Num")
    totals = []
    for country in call.world.shelves.countries(product):
        area = BY_COUNTRY[country]
        here = [
            pile
            for variant in variants
            for pile in variant["inventory"]
            if pile["countryCode"] == country
        ]
        totals.append(
            {
                "areaId": area.area_id,
                "areaEn": area.name,
                "countryCode": country,
                "countryNameEn": area.country_name,
                "totalInventoryNum": sum(pile["totalInventoryNum"] for pile in here),
                "cjInventoryNum": sum(pile["cjInventoryNum"] for pile in here),
                "factoryInventoryNum": sum(pile["factoryInventoryNum"] for pile in here),
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
        for area in AREAS
    ]


def _rows(call: Call, product: Product, vids: set[str]) -> list[dict[str, Any]]:
    return [
        product_json.stock_row(call.world, product, variant, country)
        for variant in product.variants
        if variant.vid in vids
        for country in call.world.shelves.countries(product)
    ]


ROUTES = (
    Route(method="GET", path="product/stock/queryByVid", handler=by_vid, points=10),
    Route(method="GET", path="product/stock/queryBySku", handler=by_sku, points=10),
    Route(method="GET", path="product/stock/getInventoryByPid", handler=by_pid, points=10),
    Route(method="GET", path="product/globalWarehouseList", handler=warehouses),
)
