"""CJ staff actions: hold orders, decide disputes, request extra payments."""

from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.core.control import Actions

from . import order_lifecycle, webhooks
from .state import SandboxState

REFUND, RESEND, REJECT = 1, 2, 3
INTERCEPTED = "intercepted"


def hold_reason(state: SandboxState, order_number: str) -> dict[str, Any] | None:
    """Return why the order with this number is held; None if it is not."""
    held: dict[str, Any] | None = state.ledger.fact(INTERCEPTED, {}).get(order_number)
    return held


def intercept(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Hold an order, also before it arrives; ``on`` false releases it."""
    number = str(arguments["orderNumber"])
    with state.ledger.writing():
        held = dict(state.ledger.fact(INTERCEPTED, {}))
        held.pop(number, None)
        if arguments.get("on", True):
            held[number] = {
                "code": int(arguments.get("code", 7)),
                "message": str(arguments.get("message") or "held for inspection"),
                "is_route": bool(arguments.get("route", False)),
            }
        state.ledger.set_fact(INTERCEPTED, held)
    return held


def decide(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Close a dispute: 1 refunds to the balance, 2 resends, 3 rejects."""
    row = state.ledger.row("SELECT * FROM disputes WHERE id = ?", str(arguments["disputeId"]))
    deal = int(arguments["deal"])
    if row is None or row["deal"] is not None or deal not in {REFUND, RESEND, REJECT}:
        raise ValueError(f"no dispute {arguments['disputeId']} to decide so")
    amount = Decimal(str(arguments.get("amount") or row["most"])).quantize(Decimal("0.01"))
    money = str(amount) if deal == REFUND else None
    order = order_lifecycle.order_by(state, row["cj_id"]) or {}
    with state.ledger.writing():
        state.ledger.run(
            "UPDATE disputes SET deal = ?, money = ?, status = 'DISPUTE_CLOSED' WHERE id = ?",
            deal,
            money,
            row["id"],
        )
        if deal == REFUND:
            cents = order_lifecycle.balance_cents(state) + int(amount * 100)
            order_lifecycle.set_balance_cents(state, cents)
        state.ledger.effect(f"dispute {deal}", order=order, at_s=state.now())
    return {"disputeId": row["id"], "deal": deal, "money": money}


def request_payment(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Request an additional payment for an order."""
    order = order_lifecycle.order_by(state, str(arguments["orderNumber"]))
    if order is None:
        raise ValueError(f"no order {arguments['orderNumber']}")
    params = {
        "orderId": f"BT{order['cj_id']}",
        "relationOrderId": order["cj_id"],
        "payOrderId": None,
        "amount": str(Decimal(str(arguments["amount"]))),
        "reason": str(arguments.get("reason") or "the parcel is heavier than declared"),
        "type": 1,
        "diffUseType": 0,
        "status": str(arguments.get("status") or "CREATED"),
    }
    webhooks.queue_webhook(state, topic="MAKEUP", kind="INSERT", params=params)
    return params


def send_webhook(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Send a webhook of any type with these parameters."""
    topic = str(arguments["type"])
    if topic not in webhooks.TOPICS:
        raise ValueError(f"a message is one of {', '.join(webhooks.TOPICS)}")
    kind = str(arguments.get("messageType") or "UPDATE")
    webhooks.queue_webhook(state, topic=topic, kind=kind, params=dict(arguments["params"]))
    return {"type": topic}


def clock(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Advance the clock."""
    return {"ahead_s": state.advance_clock(float(arguments["seconds"]))}


def usage(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    """Return the number of answered calls, and their points."""
    return state.usage.told()


def clear_usage(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    state.usage.clear()
    return state.usage.told()


ACTIONS: Actions[SandboxState] = {
    ("POST", "intercept"): intercept,
    ("POST", "decide"): decide,
    ("POST", "makeup"): request_payment,
    ("POST", "tell"): send_webhook,
    ("POST", "clock"): clock,
    ("GET", "usage"): usage,
    ("POST", "usage/clear"): clear_usage,
}
