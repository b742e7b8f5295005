"""CJ staff actions: hold orders, decide disputes, request extra payments."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from . import order_lifecycle, webhooks
from .state import World

REFUND, RESEND, REJECT = 1, 2, 3
INTERCEPTED = "intercepted"


def why_held(world: World, order_number: str) -> dict[str, Any] | None:
    """Return why the order with this number is held; None if it is not."""
    held: dict[str, Any] | None = world.ledger.fact(INTERCEPTED, {}).get(order_number)
    return held


def intercept(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Hold an order, also before it arrives; ``on`` false releases it."""
    number = str(wish["orderNumber"])
    with world.ledger.writing():
        held = dict(world.ledger.fact(INTERCEPTED, {}))
        held.pop(number, None)
        if wish.get("on", True):
            held[number] = {
                "code": int(wish.get("code", 7)),
                "message": str(wish.get("message") or "held for inspection"),
                "is_route": bool(wish.get("route", False)),
            }
        world.ledger.set_fact(INTERCEPTED, held)
    return held


def decide(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Close a dispute: 1 refunds to the balance, 2 resends, 3 rejects."""
    row = world.ledger.row("SELECT * FROM disputes WHERE id = ?", str(wish["disputeId"]))
    deal = int(wish["deal"])
    if row is None or row["deal"] is not None or deal not in {REFUND, RESEND, REJECT}:
        raise ValueError(f"no dispute {wish['disputeId']} to decide so")
    amount = Decimal(str(wish.get("amount") or row["most"])).quantize(Decimal("0.01"))
    money = str(amount) if deal == REFUND else None
    order = order_lifecycle.order_by(world, row["cj_id"]) or {}
    with world.ledger.writing():
        world.ledger.run(
            "UPDATE disputes SET deal = ?, money = ?, status = 'DISPUTE_CLOSED' WHERE id = ?",
            deal,
            money,
            row["id"],
        )
        if deal == REFUND:
            cents = order_lifecycle.balance_cents(world) + int(amount * 100)
            order_lifecycle.set_balance_cents(world, cents)
        world.ledger.effect(f"dispute {deal}", order=order, at_s=world.now())
    return {"disputeId": row["id"], "deal": deal, "money": money}


def makeup(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Request an additional payment for an order."""
    order = order_lifecycle.order_by(world, str(wish["orderNumber"]))
    if order is None:
        raise ValueError(f"no order {wish['orderNumber']}")
    params = {
        "orderId": f"BT{order['cj_id']}",
        "relationOrderId": order["cj_id"],
        "payOrderId": None,
        "amount": str(Decimal(str(wish["amount"]))),
        "reason": str(wish.get("reason") or "the parcel is heavier than declared"),
        "type": 1,
        "diffUseType": 0,
        "status": str(wish.get("status") or "CREATED"),
    }
    webhooks.tell(world, topic="MAKEUP", kind="INSERT", params=params)
    return params


def tell(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Send a webhook of any type with these parameters."""
    topic = str(wish["type"])
    if topic not in webhooks.TOPICS:
        raise ValueError(f"a message is one of {', '.join(webhooks.TOPICS)}")
    kind = str(wish.get("messageType") or "UPDATE")
    webhooks.tell(world, topic=topic, kind=kind, params=dict(wish["params"]))
    return {"type": topic}


def clock(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Advance the clock."""
    return {"ahead_s": world.go_ahead(float(wish["seconds"]))}


def usage(world: World, _: dict[str, Any]) -> dict[str, Any]:
    """Return the number of answered calls, and their points."""
    return world.usage.told()


def clear_usage(world: World, _: dict[str, Any]) -> dict[str, Any]:
    world.usage.clear()
    return world.usage.told()


ACTIONS: dict[tuple[str, str], Callable[[World, dict[str, Any]], Any]] = {
    ("POST", "intercept"): intercept,
    ("POST", "decide"): decide,
    ("POST", "makeup"): makeup,
    ("POST", "tell"): tell,
    ("POST", "clock"): clock,
    ("GET", "usage"): usage,
    ("POST", "usage/clear"): clear_usage,
}
