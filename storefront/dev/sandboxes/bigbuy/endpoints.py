"""BigBuy endpoints: answer calls about shipping, orders, tracking and the account."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.bigbuy import orders
from storefront.dev.sandboxes.bigbuy.carriers import BY_NAME, CARRIERS
from storefront.dev.sandboxes.bigbuy.errors import ApiError, several_warehouses
from storefront.dev.sandboxes.bigbuy.lists import stamp
from storefront.dev.sandboxes.bigbuy.orders import (
    TAX,
    ValidOrder,
    check_postcode,
    lines_of,
    part_of,
    validate_order,
)
from storefront.dev.sandboxes.bigbuy.state import SandboxState
from storefront.dev.sandboxes.core.http_server import Reply

NOT_FOUND = ApiError(404, {"code": 404, "message": "Not Found"})

type Body = dict[str, Any]


def shipping_orders(state: SandboxState, body: Body) -> Any:
    """Quote a parcel as one object, although a list is documented."""
    order = part_of(body, "order")
    where = part_of(order, "delivery")
    country = str(where.get("isoCountry") or "")
    check_postcode(country, str(where.get("postcode") or ""))
    weight = orders.weight_g(lines_of(state, order))
    options = [
        {
            "shippingService": {
                "id": str(key), "name": "Standard shipment", "delay": delay,
            },
            "cost": carrier.cost(weight, place=place),
            "weight": Decimal(weight) / 1000,
        }
        for carrier in CARRIERS
        if country in carrier.ends
        for place, (key, delay) in enumerate(carrier.services)
    ]  # fmt: skip
    return {"shippingOptions": options}


def shipping_carriers(_: SandboxState, __: Body) -> Any:
    return [
        {
            "id": str(carrier.id),
            "name": carrier.name,
            "shippingServices": [
                {"id": str(key), "delay": delay, "name": "Standard shipment"}
                for key, delay in carrier.services
            ],
        }
        for carrier in CARRIERS
    ]


def check(state: SandboxState, body: Body) -> Any:
    order = _in_one_warehouse(state, body)
    return {
        "totalWithoutTaxesAndWithoutShippingCost": f"{order.goods:.2f}",
        "totalWithoutTaxes": f"{order.total:.2f}",
        "total": f"{order.total * TAX:.2f}",
    }


def create(state: SandboxState, body: Body, *, fault: str = "") -> Reply:
    """Create an order: status 201, a location, no body."""
    key = orders.create(state, _in_one_warehouse(state, body), fault=fault)
    return Reply(status=201, headers={"Location": f"/rest/order/{key}"})


def _in_one_warehouse(state: SandboxState, body: Body) -> ValidOrder:
    """Validate an order.

    Raises: ApiError  it is invalid, or no warehouse has all of its items
    """
    order = validate_order(state, body)
    if len(order.lines) > 1:
        raise several_warehouses(
            {key: [line.item.sku for line in lines] for key, lines in order.lines.items()}
        )
    return order


def order_reference(state: SandboxState, reference: str) -> Any:
    order = orders.by_reference(state, reference)
    if order is None:
        raise NOT_FOUND
    return {"id": str(order["id"]), "totalPaidTaxIncl": f"{_total(order) * TAX:.2f}"}


def _total(order: dict[str, Any]) -> Decimal:
    return Decimal(order["goods"]) + Decimal(order["shipping"])


def order_by_id(state: SandboxState, key: str) -> Any:
    order = orders.by_id(state, key)
    if order is None:
        raise NOT_FOUND
    total, shipping = _total(order), Decimal(order["shipping"])
    carrier = BY_NAME[order["carrier"].casefold()]
    return {
        "id": str(order["id"]),
        "internalReference": order["reference"],
        "dateAdd": stamp(order["created_s"]),
        "totalPaidTaxIncl": f"{total * TAX:.2f}",
        "totalPaidTaxExcl": f"{total:.2f}",
        "totalShippingTaxExcl": f"{shipping:.2f}",
        "status": order["status"],
        "carriers": [{"id": str(carrier.id), "name": carrier.name, "price": f"{shipping:.2f}"}],
        "products": json.loads(order["lines"]),
    }


def order_statuses(_: SandboxState, __: Body) -> Any:
    return [{"id": key, "name": name} for key, name in enumerate(orders.STATUSES, start=1)]


def tracking_carriers(_: SandboxState, __: Body) -> Any:
    return [{"id": str(carrier.id), "name": carrier.name} for carrier in CARRIERS]


def tracking_orders(state: SandboxState, body: Body) -> Any:
    """Return many orders, the newest first; those without a parcel are left out."""
    asked = part_of(body, "track").get("orders")
    keys = [str(row.get("id")) for row in asked] if isinstance(asked, list) else []
    found = [order for key in keys if (order := orders.by_id(state, key)) is not None]
    return [_tracked(order) for order in reversed(found) if order["tracking"]]


def _tracked(order: dict[str, Any]) -> dict[str, Any]:
    arrived = order["status"] == orders.DELIVERED
    said = "Delivered" if arrived else "In transit"
    parcel = {
        "trackingNumber": order["tracking"],
        "statusDescription": said,
        "statusDate": stamp(order["moved_s"]),
        "carrier": {"id": str(BY_NAME[order["carrier"].casefold()].id)},
    }
    return {
        "id": str(order["id"]),
        "trackings": [parcel] if order["tracking"] else [],
    }


def purse(state: SandboxState, _: Body) -> Any:
    return f"{orders.purse(state):.2f}"


def auth_status(_: SandboxState, __: Body) -> Reply:
    return Reply()


FIXED: dict[tuple[str, str], Callable[[SandboxState, Body], Any]] = {
    ("GET", "user/auth/status"): auth_status,
    ("GET", "user/purse"): purse,
    ("GET", "shipping/carriers"): shipping_carriers,
    ("POST", "shipping/orders"): shipping_orders,
    ("POST", "order/check"): check,
    ("GET", "order/orderstatuses"): order_statuses,
    ("GET", "tracking/carriers"): tracking_carriers,
    ("POST", "tracking/orders"): tracking_orders,
}
CREATING: dict[tuple[str, str], Callable[..., Reply]] = {("POST", "order/create"): create}
KEYED: tuple[tuple[str, Callable[[SandboxState, str], Any]], ...] = (
    ("order/reference/", order_reference),
    ("order/", order_by_id),
)
