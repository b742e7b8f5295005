"""CJ order endpoints: create, read, list and delete orders."""

from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.cj import freight, holds, order_lifecycle, webhooks
from storefront.dev.sandboxes.cj.endpoints.freight import country_of, order_lines
from storefront.dev.sandboxes.cj.order_lifecycle import CREATE_ONLY, PAY_BALANCE, PAY_PAGE
from storefront.dev.sandboxes.cj.protocol import BAD_PARAM, OK, ApiError, Call, Route
from storefront.dev.sandboxes.cj.state import stamp
from storefront.dev.sandboxes.cj.stock import InsufficientStockError

NOT_FOUND_IN_DETAIL = 1600300
DUPLICATE, NOT_FOUND, PAYMENT_FAILED, SOLD_OUT = 1603003, 1603100, 1603101, 1603102
INSUFFICIENT_BALANCE = 1604000
CANNOT_CONFIRM, CANNOT_DELETE, NO_LINE, WRONG_LINE = 1603001, 1603002, 1605000, 1605001
REQUIRED = {
    "shippingCountry": 50, "shippingProvince": 50, "shippingCity": 50,
    "shippingCustomerName": 50, "shippingAddress": 200,
}  # fmt: skip
OPTIONAL = {
    "shippingZip": 20, "shippingPhone": 20, "shippingAddress2": 200, "email": 50, "taxId": 20,
    "remark": 500,
}  # fmt: skip
MAX_PER_CALL = 100
STATUSES = (
    *order_lifecycle.OPEN,
    order_lifecycle.SHIPPED,
    order_lifecycle.DELIVERED,
    order_lifecycle.CANCELLED,
    "OTHER",
)


def create_order(call: Call) -> dict[str, Any]:
    """Create an order, and record the result of the attempt."""
    number = call.text("orderNumber", most=50)
    try:
        order = _create(call, number)
    except ApiError as error:
        _record_attempt(call, number, error.code)
        raise
    _record_attempt(call, number, OK)
    return _created(call, order)


def _create(call: Call, number: str) -> dict[str, Any]:
    state = call.state
    for name, most in (REQUIRED | OPTIONAL).items():
        call.text(name, most=most, default=None if name in REQUIRED else "")
    if order_lifecycle.order_by(state, number):
        raise ApiError(DUPLICATE, number)
    end, start = country_of(call, "shippingCountryCode"), country_of(call, "fromCountryCode")
    lines = order_lines(call)
    line = freight.BY_NAME.get(call.text("logisticName", most=50))
    if line is None:
        raise ApiError(NO_LINE, call.text("logisticName"))
    if line.start != start:
        raise ApiError(WRONG_LINE, f"{line.name} does not start in {start}")
    if reason := line.refusal(order_lifecycle.parcel_of(lines), end=end):
        raise ApiError(WRONG_LINE, reason)
    try:
        return order_lifecycle.create(
            state,
            number=number,
            lines=lines,
            line=line,
            country=end,
            pay_type=_pay_type(call, number),
            request=call.body,
            fault=call.fault,
        )
    except order_lifecycle.DuplicateNumberError as error:
        raise ApiError(DUPLICATE, number) from error
    except InsufficientStockError as error:
        raise ApiError(SOLD_OUT, f"vid {error}") from error
    except order_lifecycle.InsufficientBalanceError as error:
        raise ApiError(INSUFFICIENT_BALANCE) from error


def _pay_type(call: Call, number: str) -> str:
    pay_type = call.text("payType", default=PAY_PAGE)
    if pay_type not in {PAY_PAGE, PAY_BALANCE, CREATE_ONLY}:
        raise ApiError(BAD_PARAM, "payType must be 1, 2 or 3")
    is_held = holds.hold_reason(call.state, number) and pay_type == PAY_BALANCE
    return CREATE_ONLY if is_held else pay_type


def _record_attempt(call: Call, number: str, code: int) -> None:
    call.state.ledger.insert(
        "attempts", at_s=call.now_s, order_number=number, code=code, fault=call.fault
    )


def _created(call: Call, order: dict[str, Any]) -> dict[str, Any]:
    held = holds.hold_reason(call.state, order["order_number"])
    return {
        "orderId": order["cj_id"],
        "orderNumber": order["order_number"],
        "shipmentOrderId": order["shipment_order_id"],
        **_amounts(order),
        "logisticsMiss": bool(held and held["is_route"]),
        "orderStatus": order["status"],
        "productInfoList": webhooks.order_items(order),
        "interceptOrderReasons": [{"code": held["code"], "message": held["message"]}]
        if held and not held["is_route"]
        else [],
    }


def _amounts(order: dict[str, Any]) -> dict[str, str]:
    total = Decimal(order["product_amount"]) + Decimal(order["postage_amount"])
    return {
        "productAmount": order["product_amount"],
        "postageAmount": order["postage_amount"],
        "orderAmount": f"{total:.2f}",
    }


def get_order_detail(call: Call) -> dict[str, Any]:
    name = call.text("orderId", most=50)
    order = order_lifecycle.order_by(call.state, name)
    if order is None:
        raise ApiError(NOT_FOUND_IN_DETAIL, "order not found")
    return _detail(order)


def get_order_details(call: Call) -> list[dict[str, Any]]:
    """Return many orders; missing ones are left out."""
    names = call.texts("orderIds")
    if len(names) > MAX_PER_CALL:
        raise ApiError(BAD_PARAM, f"orderIds: {MAX_PER_CALL} at most")
    found = [order_lifecycle.order_by(call.state, name) for name in dict.fromkeys(names)]
    return [_detail(order) for order in found if order is not None]


def _detail(order: dict[str, Any]) -> dict[str, Any]:
    return order_row(order) | {
        "cjOrderCode": order["cj_id"],
        "outWarehouseTime": stamp(order["shipped_s"]),
        "productList": webhooks.order_items(order),
        "splitOrderIds": [],
    }


def order_row(order: dict[str, Any]) -> dict[str, Any]:
    return {
        "orderId": order["cj_id"],
        "orderNum": order["order_number"],
        "orderNumber": order["order_number"],
        "cjOrderId": order["cj_id"],
        "shipmentOrderId": order["shipment_order_id"],
        "logisticName": order["logistic_name"],
        "trackNumber": order["track_number"],
        "trackingUrl": order["tracking_url"],
        **_amounts(order),
        "orderStatus": order["status"],
        "createDate": stamp(order["created_s"]),
        "paymentDate": stamp(order["paid_s"]),
        "isSandbox": 1,
    }


def list_orders(call: Call) -> dict[str, Any]:
    """List orders of one status, by default the canceled ones."""
    page = call.whole("pageNum", default=1, least=1, most=100_000)
    size = call.whole("pageSize", default=20, least=1, most=200)
    status = call.text("status", default=order_lifecycle.CANCELLED)
    if status not in STATUSES:
        raise ApiError(BAD_PARAM, f"status must be one of {', '.join(STATUSES)}")
    rows = call.state.ledger.rows(
        "SELECT * FROM orders WHERE status = ? ORDER BY created_s DESC, cj_id DESC", status
    )
    return {
        "pageNum": page,
        "pageSize": size,
        "total": len(rows),
        "list": [order_row(order) for order in rows[(page - 1) * size : page * size]],
    }


def delete_order(call: Call) -> str:
    name = call.text("orderId", most=50)
    state = call.state
    with state.ledger.writing():
        order = order_lifecycle.order_by(state, name)
        if order is None:
            raise ApiError(NOT_FOUND)
        if order["status"] not in {order_lifecycle.CREATED, order_lifecycle.IN_CART}:
            raise ApiError(CANNOT_DELETE, f"it is {order['status']}")
        order_lifecycle.take_stock(state, order, times=-1)
        state.ledger.run("DELETE FROM orders WHERE cj_id = ?", order["cj_id"])
        order_lifecycle.record_effect(state, "deleted", order | {"fault": call.fault})
    return str(order["cj_id"])


ROUTES = (
    Route(method="POST", path="shopping/order/createOrderV2", handler=create_order),
    Route(method="GET", path="shopping/order/getOrderDetail", handler=get_order_detail),
    Route(
        method="POST",
        path="shopping/order/getOrderDetailBatch",
        handler=get_order_details,
        most_per_s=2,
    ),
    Route(method="GET", path="shopping/order/list", handler=list_orders),
    Route(method="DELETE", path="shopping/order/deleteOrder", handler=delete_order),
)
