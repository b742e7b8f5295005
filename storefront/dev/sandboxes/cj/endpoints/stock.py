"""CJ stock endpoint: report the stock of a product's variants."""

from typing import Any

from storefront.dev.sandboxes.cj.endpoints import product_json
from storefront.dev.sandboxes.cj.endpoints.products import NO_PRODUCT
from storefront.dev.sandboxes.cj.protocol import ApiError, Call, Route


def by_pid(call: Call) -> dict[str, Any]:
    product = call.state.catalog.by_pid(call.text("pid", most=40))
    if product is None:
        raise ApiError(NO_PRODUCT)
    return {"variantInventories": product_json.variant_stock(call.state, product, suffix="Num")}


ROUTES = (Route(method="GET", path="product/stock/getInventoryByPid", handler=by_pid, points=10),)
