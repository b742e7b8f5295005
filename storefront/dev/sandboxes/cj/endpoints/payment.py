"""CJ payment endpoints: add orders to the cart, confirm, combine, pay from the balance."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.cj import holds, order_lifecycle
from storefront.dev.sandboxes.cj.endpoints.orders import (
    CANNOT_CONFIRM,
    INSUFFICIENT_BALANCE,
    NOT_FOUND,
    PAYMENT_FAILED,
)
from storefront.dev.sandboxes.cj.protocol import BAD_PARAM, ApiError, Call, Route


def add_cart(call: Call) -> dict[str, Any]:
    orders = _orders(call)
    free = [order for order in orders if not holds.hold_reason(call.state, order["order_number"])]
    added = _set_statuses(
        call, free, {order_lifecycle.CREATED, order_lifecycle.IN_CART}, order_lifecycle.IN_CART
    )
    return {
        "successCount": len(added),
        "interceptOrders": [
            _rejection_reason(call, order) for order in orders if order not in added
        ],
    }


def add_cart_confirm(call: Call) -> dict[str, Any]:
    """Confirm the orders in the cart: they become one shipment to be paid."""
    orders = _orders(call)
    confirmed = _set_statuses(
        call, orders, {order_lifecycle.IN_CART, order_lifecycle.UNPAID}, order_lifecycle.UNPAID
    )
    if not confirmed:
        raise ApiError(CANNOT_CONFIRM, "no such order in the cart")
    shipment = confirmed[0]["shipment_order_id"]
    for order in confirmed:
        call.state.ledger.run(
            "UPDATE orders SET shipment_order_id = ? WHERE cj_id = ?", shipment, order["cj_id"]
        )
    return {
        "successCount": len(confirmed),
        "shipmentsId": shipment,
        "interceptOrders": [
            _rejection_reason(call, order) for order in orders if order not in confirmed
        ],
    }


def save_generate_parent_order(call: Call) -> dict[str, Any]:
    orders = _shipment(call)
    pay_id = f"PAY{orders[0]['cj_id']}"
    for order in orders:
        call.state.ledger.run(
            "UPDATE orders SET pay_id = ? WHERE cj_id = ?", pay_id, order["cj_id"]
        )
    return {"payId": pay_id}


def pay_balance_v2(call: Call) -> bool:
    orders = _shipment(call)
    pay_id = call.text("payId", most=50)
    if any(order["pay_id"] != pay_id for order in orders):
        raise ApiError(PAYMENT_FAILED, "payId and shipmentOrderId do not belong together")
    try:
        with call.state.ledger.writing():
            for order in orders:
                order_lifecycle.pay(call.state, order, fault=call.fault)
    except order_lifecycle.InsufficientBalanceError as error:
        raise ApiError(INSUFFICIENT_BALANCE) from error
    return True


def get_balance(call: Call) -> dict[str, Any]:
    return {"amount": f"{Decimal(order_lifecycle.balance_cents(call.state)) / 100:.2f}"}


def _orders(call: Call) -> list[dict[str, Any]]:
    found = [order_lifecycle.order_by(call.state, cj_id) for cj_id in call.texts("cjOrderIdList")]
    if None in found:
        raise ApiError(NOT_FOUND)
    return [order for order in found if order is not None]


def _set_statuses(
    call: Call, orders: list[dict[str, Any]], sources: set[str], status: str
) -> list[dict[str, Any]]:
    moved = [order for order in orders if order["status"] in sources]
    for order in moved:
        if order["status"] != status:
            order_lifecycle.set_status(call.state, order, status=status, fault=call.fault)
    return moved


def _rejection_reason(call: Call, order: dict[str, Any]) -> dict[str, Any]:
    held = holds.hold_reason(call.state, order["order_number"])
    code, message = BAD_PARAM, f"it is {order['status']}"
    if held:
        code, message = held["code"], held["message"]
    return {"orderId": order["cj_id"], "code": code, "message": message}


def _shipment(call: Call) -> list[dict[str, Any]]:
    orders = call.state.ledger.rows(
        "SELECT * FROM orders WHERE shipment_order_id = ? AND status = ?",
        call.text("shipmentOrderId", most=50),
        order_lifecycle.UNPAID,
    )
    if not orders:
        raise ApiError(NOT_FOUND, "no unpaid order belongs to this shipment")
    return orders


def _in_transaction(handler: Callable[[Call], Any]) -> Callable[[Call], Any]:
    """Run the handler in a transaction, so that no other call moves the order meanwhile."""

    def whole(call: Call) -> Any:
        with call.state.ledger.writing():
            return handler(call)

    return whole


ROUTES = (
    *(
        Route(method="POST", path=f"shopping/{path}", handler=_in_transaction(handler))
        for path, handler in (
            ("order/addCart", add_cart),
            ("order/addCartConfirm", add_cart_confirm),
            ("order/saveGenerateParentOrder", save_generate_parent_order),
            ("pay/payBalanceV2", pay_balance_v2),
        )
    ),
    Route(method="GET", path="shopping/pay/getBalance", handler=get_balance),
)
