"""Shopify order mutations: fulfill, change tracking, cancel and refund, with Shopify's checks."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.shopify import orders
from storefront.dev.sandboxes.shopify import webhooks as hooks
from storefront.dev.sandboxes.shopify.state import SandboxState, error, gid, number_of, stamp

type Input = Mapping[str, Any]


def fulfill(state: SandboxState, *, fulfillment: Input) -> dict[str, Any]:
    """Create one parcel from the items of one fulfillment order."""
    groups = fulfillment["lineItemsByFulfillmentOrder"]
    number = number_of(groups[0]["fulfillmentOrderId"], "FulfillmentOrder")
    order = orders.read(state, number)
    if order is None or len(groups) != 1:
        return _refused("fulfillment", "Fulfillment order does not exist.", "fulfillment")
    if orders.fulfillment_status(order) not in {"OPEN", "IN_PROGRESS"}:
        text = f"Fulfillment order {number} has an unfulfillable status= closed."
        return _refused("fulfillment", text, "fulfillment")
    items = groups[0].get("fulfillmentOrderLineItems")
    left = {line["id"]: orders.unfulfilled(order, line) for line in order["lines"]}
    wanted = (
        left
        if items is None
        else {number_of(e["id"], "FulfillmentOrderLineItem"): e["quantity"] for e in items}
    )
    units = {line: count for line, count in wanted.items() if count}
    if not units or any(not 0 < count <= left.get(line, 0) for line, count in units.items()):
        text = "Invalid fulfillment order line item quantity requested."
        return _refused("fulfillment", text, "fulfillment")
    parcel: dict[str, Any] = {
        "id": orders.next_id(order),
        "units": {str(line): count for line, count in units.items()},
        **_tracking(fulfillment.get("trackingInfo") or {}),
    }
    order["parcels"].append(parcel)
    orders.save(state, order)
    hooks.tell_order(state, order, "orders/updated")
    return {"fulfillment": {"id": gid("Fulfillment", parcel["id"])}, "userErrors": []}


def _tracking(said: Input) -> dict[str, str | None]:
    return {name: said.get(name) for name in ("company", "number", "url")}


def update_tracking(
    state: SandboxState,
    *,
    fulfillment_id: str,
    tracking_info_input: Input,
    notify_customer: bool = False,
) -> dict[str, Any]:
    number = number_of(fulfillment_id, "Fulfillment")
    order = orders.read(state, number // orders.IDS)
    parcels = [each for each in order["parcels"] if each["id"] == number] if order else []
    if order is None or not parcels:
        return _refused("fulfillment", "Fulfillment does not exist.", "fulfillmentId")
    parcels[0] |= _tracking(tracking_info_input) | {"notified": notify_customer}
    orders.save(state, order)
    hooks.tell_order(state, order, "orders/updated")
    return {"fulfillment": {"id": fulfillment_id}, "userErrors": []}


def cancel(  # noqa: PLR0913 - Shopify's arguments
    state: SandboxState,
    *,
    order_id: str,
    reason: str,
    restock: bool,
    refund_method: Input | None = None,
    notify_customer: bool = False,
    staff_note: str | None = None,
) -> dict[str, Any]:
    """Cancel an order; the real job runs later, this one at once."""
    order = orders.read(state, number_of(order_id, "Order"))
    problem = ""
    if order is None:
        problem = "Order does not exist"
    elif order["canceled_s"] is not None:
        problem = "Order has already been cancelled"
    elif order["parcels"]:
        problem = "Cannot cancel an order with fulfillments"
    elif restock or (refund_method or {}).get("originalPaymentMethodsRefund"):
        problem = "The sandbox cancels without restock and refund only"
    if problem or order is None:
        failed = error(problem, "orderId", code="INVALID")
        return {"job": None, "orderCancelUserErrors": [failed]}
    order |= {"cancel_reason": reason, "note": staff_note, "notified": notify_customer}
    set_canceled(state, order)
    job = {"id": gid("Job", order["id"]), "done": False}
    return {"job": job, "orderCancelUserErrors": []}


def set_canceled(state: SandboxState, order: orders.Order) -> None:
    order["canceled_s"] = state.now()
    orders.save(state, order)
    hooks.tell_order(state, order, "orders/cancelled")
    hooks.tell_order(state, order, "orders/updated")


def refund(
    state: SandboxState,
    *,
    input: Input,  # noqa: A002 - Shopify's name
    repeated: Input | None = None,
) -> dict[str, Any]:
    order = orders.read(state, number_of(input["orderId"], "Order"))
    if order is None:
        return _refused("refund", "Order does not exist", "orderId")
    if repeated is not None:
        known = [each for each in order["refunds"] if each["id"] == repeated["found"]]
        shown = orders.refund_object(state, known[0]) if known else None
        return {"refund": shown, "userErrors": repeated["userErrors"]}
    problem = _refund_problem(order, input)
    if problem:
        return _refused("refund", problem, "input")
    units = {
        str(number_of(each["lineItemId"], "LineItem")): each["quantity"]
        for each in input.get("refundLineItems") or ()
    }
    payments = [
        (number_of(each["parentId"], "OrderTransaction"), Decimal(each["amount"]))
        for each in input.get("transactions") or ()
    ]
    made = make_refund(state, order, units=units, payments=payments, note=input.get("note") or "")
    return {"refund": orders.refund_object(state, made), "userErrors": [], "found": made["id"]}


def _refund_problem(order: orders.Order, body: Input) -> str:  # noqa: PLR0911 - Shopify's checks
    lines = {line["id"]: line for line in order["lines"]}
    for each in body.get("refundLineItems") or ():
        line = lines.get(number_of(each["lineItemId"], "LineItem"))
        if line is None:
            return "Line item does not exist"
        if not 0 < each["quantity"] <= line["quantity"] - orders.refunded_units(order, line):
            return "Quantity cannot refund more items than were purchased"
        if each.get("restockType") not in {"NO_RESTOCK", None} and not each.get("locationId"):
            return "Location can't be blank when restocking"
    shipping = Decimal((body.get("shipping") or {}).get("amount") or 0)
    if shipping > Decimal(order["delivery"]):
        return "Shipping amount is more than the order's shipping"
    sales = {each["id"]: Decimal(each["amount"]) for each in order["payments"]}
    total = Decimal(0)
    for each in body.get("transactions") or ():
        if each["kind"] != "REFUND" or each["gateway"] != orders.GATEWAY:
            return "Transaction kind or gateway is invalid"
        if number_of(each.get("parentId"), "OrderTransaction") not in sales:
            return "Parent transaction does not exist"
        total += Decimal(each["amount"])
    if total > orders.paid(order) - orders.returned(order):
        return "Refund amount is more than was received"
    return ""


def make_refund(
    state: SandboxState,
    order: orders.Order,
    *,
    units: Mapping[str, int],
    payments: list[tuple[int, Decimal]],
    note: str,
) -> dict[str, Any]:
    """Record a refund and its payments. Units that are not shipped leave the order."""
    for line in order["lines"]:
        count = units.get(str(line["id"]), 0)
        line["removed"] += min(count, orders.unfulfilled(order, line))
    made: orders.Order = {
        "id": orders.next_id(order),
        "units": dict(units),
        "amount": str(sum((amount for _, amount in payments), Decimal(0))),
        "note": note,
        "made_s": state.now(),
    }
    order["refunds"].append(made)
    for parent, amount in payments:
        order["payments"].append(
            {
                "id": orders.next_id(order),
                "kind": "REFUND",
                "amount": str(amount),
                "parent": parent,
            }
        )
    orders.save(state, order)
    body = {
        "id": made["id"],
        "order_id": order["id"],
        "created_at": stamp(made["made_s"]),
        "note": note,
        "admin_graphql_api_id": gid("Refund", made["id"]),
    }
    hooks.tell(state, "refunds/create", body)
    hooks.tell_order(state, order, "orders/updated")
    return made


def _refused(name: str, message: str, *field: str) -> dict[str, Any]:
    return {name: None, "userErrors": [error(message, *field)]}
