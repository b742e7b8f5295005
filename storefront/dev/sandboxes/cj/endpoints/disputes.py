"""CJ dispute endpoints: list what can be disputed, open, read and cancel disputes."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from storefront.dev.sandboxes.cj import order_lifecycle
from storefront.dev.sandboxes.cj.endpoints.orders import NOT_FOUND
from storefront.dev.sandboxes.cj.protocol import BAD_PARAM, ApiError, Call, Route
from storefront.dev.sandboxes.cj.state import stamp

CANNOT_CONFIRM, CANNOT_OPEN, CANNOT_CANCEL = 1607007, 1607008, 1607009
REASONS = {
    "1": "Order not received",
    "2": "Damaged item",
    "3": "Wrong item received",
    "4": "Missing parts or items",
    "5": "Item does not match the description",
    "9": "Other",
}
REFUND, RESEND = "1", "2"
TO_BALANCE, TO_PLATFORM = "1", "2"
SHIPPED_STATUSES = (order_lifecycle.SHIPPED, order_lifecycle.DELIVERED)
OPEN, CANCELED, DECIDED = "DISPUTE_OPEN", "DISPUTE_CANCELED", "DISPUTE_CLOSED"
MAX_MESSAGE_LENGTH = 500


def dispute_products(call: Call) -> dict[str, Any]:
    order = _order(call)
    return {
        "orderId": order["cj_id"],
        "orderNumber": order["order_number"],
        "productInfoList": [
            {
                "lineItemId": line["lineItemId"],
                "cjVariantId": line["vid"],
                "quantity": line["quantity"],
                "price": Decimal(line["price"]),
            }
            for line in json.loads(order["lines"])
        ],
    }


def dispute_confirm_info(call: Call) -> dict[str, Any]:
    order = _order(call)
    _chosen(call, order)
    return {
        "orderId": order["cj_id"],
        "expectResultOptionList": [REFUND, RESEND],
        "disputeReasonList": [
            {"disputeReasonId": key, "reasonName": name} for key, name in REASONS.items()
        ],
    }


def create(call: Call) -> bool:
    """Open a dispute, once per number of the caller."""
    order = _order(call)
    number = call.text("businessDisputeId", most=50)
    chosen = _chosen(call, order)
    call.text("messageText", most=MAX_MESSAGE_LENGTH)
    if call.text("disputeReasonId", most=10) not in REASONS:
        raise ApiError(CANNOT_OPEN, "unknown disputeReasonId")
    if call.text("expectType", most=2) not in {REFUND, RESEND}:
        raise ApiError(CANNOT_OPEN, "expectType must be 1 or 2")
    if call.text("refundType", most=2) not in {TO_BALANCE, TO_PLATFORM}:
        raise ApiError(CANNOT_OPEN, "refundType must be 1 or 2")
    ledger = call.state.ledger
    with ledger.writing():
        if ledger.row("SELECT 1 FROM disputes WHERE business_id = ?", number):
            raise ApiError(CANNOT_OPEN, f"{number} exists already")
        count = ledger.fact("disputes_made", 0) + 1
        ledger.set_fact("disputes_made", count)
        ledger.insert(
            "disputes",
            id=f"{7_000_000 + count}",
            business_id=number,
            cj_id=order["cj_id"],
            status=OPEN,
            reason_id=call.text("disputeReasonId"),
            most=str(sum((row["price"] * row["quantity"] for row in chosen), Decimal(0))),
            created_s=call.now_s,
        )
        order_lifecycle.record_effect(call.state, "disputed", order | {"fault": call.fault})
    return True


def cancel(call: Call) -> bool:
    order = order_lifecycle.order_by(call.state, call.text("orderId", most=50))
    ledger = call.state.ledger
    changed = ledger.run(
        "UPDATE disputes SET status = ? WHERE id = ? AND cj_id = ? AND status = ?",
        CANCELED,
        call.text("disputeId", most=50),
        order["cj_id"] if order else "",
        OPEN,
    )
    if not changed:
        raise ApiError(CANNOT_CANCEL, "no open dispute of this order")
    return True


def dispute_list(call: Call) -> dict[str, Any]:
    wanted = call.text("orderId", default="")
    rows = call.state.ledger.rows(
        "SELECT * FROM disputes WHERE ? IN ('', cj_id) ORDER BY created_s DESC, id DESC", wanted
    )
    return call.page([_row(row) for row in rows], size=10, most=100)


def dispute_detail(call: Call) -> dict[str, Any]:
    row = call.state.ledger.row(
        "SELECT * FROM disputes WHERE id = ?", call.text("disputeId", most=50)
    )
    if row is None:
        raise ApiError(BAD_PARAM, "no such dispute")
    return _row(row)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "disputeId": row["id"],
        "businessDisputeId": row["business_id"],
        "orderId": row["cj_id"],
        "status": row["status"],
        "disputeReason": REASONS[row["reason_id"]],
        "finallyDeal": row["deal"],
        "money": row["money"],
        "createDate": stamp(row["created_s"]),
    }


def _order(call: Call) -> dict[str, Any]:
    order = order_lifecycle.order_by(call.state, call.text("orderId", most=50))
    if order is None:
        raise ApiError(NOT_FOUND)
    if order["status"] not in SHIPPED_STATUSES:
        raise ApiError(CANNOT_CONFIRM, f"it is {order['status']}: nothing has left yet")
    return order


def _chosen(call: Call, order: dict[str, Any]) -> list[dict[str, Any]]:
    rows = call.body.get("productInfoList")
    if not isinstance(rows, list) or not rows:
        raise ApiError(BAD_PARAM, "productInfoList must be a list")
    known = {line["lineItemId"]: line for line in json.loads(order["lines"])}
    return [_line(row, known) for row in rows]


def _line(row: Any, known: dict[str, Any]) -> dict[str, Any]:
    line = known.get(str(row.get("lineItemId"))) if isinstance(row, dict) else None
    if line is None:
        raise ApiError(CANNOT_CONFIRM, "a line that is not in the order")
    quantity = row.get("quantity")
    if not isinstance(quantity, int) or not 0 < quantity <= line["quantity"]:
        raise ApiError(CANNOT_CONFIRM, "more than was ordered")
    try:
        price = Decimal(str(row.get("price")))
    except InvalidOperation as error:
        raise ApiError(CANNOT_CONFIRM, "a price that is none") from error
    if not 0 <= price <= Decimal(line["price"]):
        raise ApiError(CANNOT_CONFIRM, "more than was paid")
    return {"lineItemId": line["lineItemId"], "quantity": quantity, "price": price}


ROUTES = (
    Route(method="GET", path="disputes/disputeProducts", handler=dispute_products),
    Route(method="POST", path="disputes/disputeConfirmInfo", handler=dispute_confirm_info),
    Route(method="POST", path="disputes/create", handler=create),
    Route(method="POST", path="disputes/cancel", handler=cancel),
    Route(method="GET", path="disputes/getDisputeList", handler=dispute_list),
    Route(method="GET", path="disputes/getDisputeDetail", handler=dispute_detail),
)
