"""CJ control: let tests and people read the ledger, change stock and prices, inject faults.

These endpoints are not part of CJ's API.
"""

import json
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.core.control import Actions
from storefront.dev.sandboxes.core.http_server import BadControlError
from storefront.dev.sandboxes.goods.model import Product, Variant
from storefront.dev.sandboxes.supplier import SUPPLIER_ACTIONS, advance_clock

from . import holds, order_lifecycle, webhooks
from .endpoints.disputes import DECIDED
from .state import SandboxState
from .stock import WAREHOUSES, StockLevel

REFUND, RESEND, REJECT = 1, 2, 3


def ledger(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    """Return every order, effect, attempt and dispute."""
    orders = state.ledger.rows("SELECT * FROM orders ORDER BY created_s, cj_id")
    for order in orders:
        order["request"], order["lines"] = json.loads(order["request"]), json.loads(order["lines"])
    return {
        "orders": orders,
        "effects": state.ledger.rows("SELECT * FROM effects ORDER BY id"),
        "attempts": state.ledger.rows("SELECT * FROM attempts ORDER BY id"),
        "disputes": state.ledger.rows("SELECT * FROM disputes ORDER BY created_s, id"),
        "balance_cents": order_lifecycle.balance_cents(state),
    }


def _order(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    name = str(arguments.get("cjOrderId") or arguments.get("orderNumber") or "")
    order = order_lifecycle.order_by(state, name)
    if order is None:
        raise BadControlError(f"no order {name!r}")
    return order


def advance(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    order = _order(state, arguments)
    order_lifecycle.advance(
        state, order, to=str(arguments.get("to") or order_lifecycle.SHIPPED).upper()
    )
    return order


def cancel(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    order = _order(state, arguments)
    order_lifecycle.cancel(state, order)
    return order


def _variant(state: SandboxState, arguments: dict[str, Any]) -> tuple[Product, Variant]:
    vid = str(arguments["vid"])
    found = state.catalog.variant(vid)
    if found is None:
        raise BadControlError(f"no variant {vid}")
    return found


def stock(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Set the stock in a warehouse, and send a webhook unless ``silent``."""
    product, variant = _variant(state, arguments)
    country = str(arguments.get("warehouse") or "CN").upper()
    if country not in WAREHOUSES:
        raise BadControlError(f"no warehouse in {country}")
    if country not in state.stock_store.countries(product):
        raise BadControlError(f"{product.pid} is not kept in {country}")
    level = StockLevel(
        ready=int(arguments["quantity"]), at_factory=int(arguments.get("at_factory", 0))
    )
    with state.ledger.writing():
        state.stock_store.put(variant.vid, country=country, level=level)
        if not arguments.get("silent"):
            _send_stock_webhook(state, product, variant)
    return {"vid": variant.vid, "warehouse": country, "quantity": level.ready}


def _send_stock_webhook(state: SandboxState, product: Product, variant: Variant) -> None:
    rows = [
        {
            "vid": variant.vid,
            "countryCode": country,
            "storageNum": state.stock_store.level(product, variant, country=country).total,
        }
        for country in state.stock_store.countries(product)
    ]
    webhooks.queue_webhook(state, topic="STOCK", params={variant.vid: rows}, pid=product.pid)


def price(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Set a price, and send a webhook unless ``silent``."""
    product, variant = _variant(state, arguments)
    amount = Decimal(str(arguments["price"])).quantize(Decimal("0.01"))
    with state.ledger.writing():
        state.stock_store.set_price(variant.vid, amount)
        state.search_results.clear()
        if not arguments.get("silent"):
            webhooks.queue_webhook(
                state,
                topic="VARIANT",
                pid=product.pid,
                params={
                    "vid": variant.vid,
                    "variantSku": variant.sku,
                    "variantSellPrice": str(amount),
                    "variantStatus": 1,
                    "fields": ["variantSellPrice"],
                },
            )
    return {"vid": variant.vid, "pid": product.pid, "price": str(amount)}


def set_on_sale(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Take a product off sale, or put it on sale."""
    product = state.catalog.by_pid(str(arguments["pid"]))
    if product is None:
        raise BadControlError(f"no product {arguments['pid']}")
    is_on = bool(arguments.get("on", False))
    (state.off_shelf.discard if is_on else state.off_shelf.add)(product.pid)
    with state.ledger.writing():
        state.ledger.set_fact("off_shelf", sorted(state.off_shelf))
        webhooks.queue_webhook(
            state,
            topic="PRODUCT",
            pid=product.pid,
            params={
                "pid": product.pid,
                "productSku": product.spu,
                "productStatus": 3 if is_on else 2,
                "fields": ["productStatus"],
            },
        )
    return {"pid": product.pid, "on": is_on}


def reset(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    """Reset: no orders, initial stock and prices, no faults. Tokens stay."""
    state.ledger.wipe()
    state.ledger.forget("dropped_share", "balance_cents", "off_shelf", "pace_s")
    state.off_shelf.clear()
    state.search_results.clear()
    state.stock_store.reload()
    state.faults.clear()
    return {"reset": True}


def balance(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    order_lifecycle.set_balance_cents(state, int(Decimal(str(arguments["amount"])) * 100))
    return {"balance_cents": order_lifecycle.balance_cents(state)}


def intercept(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Hold an order, even before it arrives; with ``on`` false, release it."""
    number = str(arguments["orderNumber"])
    with state.ledger.writing():
        held = dict(state.ledger.fact(holds.FACT, {}))
        held.pop(number, None)
        if arguments.get("on", True):
            held[number] = {
                "code": int(arguments.get("code", 7)),
                "message": str(arguments.get("message") or "held for inspection"),
                "is_route": bool(arguments.get("route", False)),
            }
        state.ledger.set_fact(holds.FACT, held)
    return held


def decide(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Close a dispute: 1 refunds to the balance, 2 resends, 3 rejects."""
    row = state.ledger.row("SELECT * FROM disputes WHERE id = ?", str(arguments["disputeId"]))
    deal = int(arguments["deal"])
    if row is None or row["deal"] is not None or deal not in {REFUND, RESEND, REJECT}:
        raise BadControlError(f"dispute {arguments['disputeId']} cannot be decided like this")
    amount = Decimal(str(arguments.get("amount") or row["most"])).quantize(Decimal("0.01"))
    money = str(amount) if deal == REFUND else None
    with state.ledger.writing():
        state.ledger.run(
            "UPDATE disputes SET deal = ?, money = ?, status = ? WHERE id = ?",
            *(deal, money, DECIDED, row["id"]),
        )
        if deal == REFUND:
            cents = order_lifecycle.balance_cents(state) + int(amount * 100)
            order_lifecycle.set_balance_cents(state, cents)
        order = order_lifecycle.order_by(state, row["cj_id"]) or {}
        order_lifecycle.record_effect(state, f"dispute {deal}", order)
    return {"disputeId": row["id"], "deal": deal, "money": money}


def usage(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    """Return the number of answered calls, and their points."""
    return state.usage.report()


def clear_usage(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    state.usage.clear()
    return state.usage.report()


def sent_messages(state: SandboxState, _: dict[str, Any]) -> list[dict[str, Any]]:
    rows = state.ledger.rows("SELECT * FROM messages ORDER BY id")
    return [row | {"body": json.loads(row["body"])} for row in rows]


def status(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    return {
        "products": len(state.catalog),
        "good": state.catalog.count,
        "bad": state.catalog.bad_count,
        "seed": state.catalog.seed,
        "pace_s": state.pace_s,
        "webhook_urls": {
            topic: webhooks.callback_url(state, topic) for topic in set(webhooks.TOPICS.values())
        },
    }


ACTIONS: Actions[SandboxState] = {
    **SUPPLIER_ACTIONS,
    ("GET", "status"): status,
    ("GET", "orders"): ledger,
    ("POST", "advance"): advance,
    ("POST", "cancel"): cancel,
    ("POST", "stock"): stock,
    ("POST", "price"): price,
    ("POST", "shelve"): set_on_sale,
    ("POST", "reset"): reset,
    ("POST", "balance"): balance,
    ("POST", "intercept"): intercept,
    ("POST", "decide"): decide,
    ("POST", "clock"): advance_clock,
    ("GET", "usage"): usage,
    ("POST", "usage/clear"): clear_usage,
    ("GET", "webhooks"): sent_messages,
}
