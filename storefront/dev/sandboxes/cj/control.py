"""CJ control: let tests and people read the ledger, change stock and prices, inject faults.

These endpoints are no part of CJ's API.
"""

import json
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.core.control import FAULT_ACTIONS, Actions, pace
from storefront.dev.sandboxes.core.http_server import BadControlError
from storefront.dev.sandboxes.goods.model import Product, Variant

from . import order_lifecycle, staff_actions, webhooks
from .state import SandboxState
from .stock import BY_COUNTRY, StockLevel


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


def split(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    return {"cjOrderIds": order_lifecycle.split(state, _order(state, arguments))}


def _variant(state: SandboxState, arguments: dict[str, Any]) -> tuple[Product, Variant]:
    vid = str(arguments["vid"])
    product = state.catalog.by_vid(vid)
    if product is None:
        raise BadControlError(f"no variant {vid}")
    return product, next(each for each in product.variants if each.vid == vid)


def stock(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Set the stock in a warehouse, and send a webhook unless ``silent``."""
    product, variant = _variant(state, arguments)
    country = str(arguments.get("warehouse") or "CN").upper()
    if country not in BY_COUNTRY:
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
    rows = []
    for country in state.stock_store.countries(product):
        area = BY_COUNTRY[country]
        rows.append(
            {
                "vid": variant.vid,
                "areaId": area.area_id,
                "areaEn": area.name,
                "countryCode": country,
                "storageNum": state.stock_store.level(product, variant, country=country).total,
            }
        )
    webhooks.queue_webhook(
        state, topic="STOCK", kind="UPDATE", params={variant.vid: rows}, pid=product.pid
    )


def price(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Set a price, and send a webhook unless ``silent``."""
    product, variant = _variant(state, arguments)
    amount = Decimal(str(arguments["price"])).quantize(Decimal("0.01"))
    with state.ledger.writing():
        state.stock_store.set_price(variant.vid, amount)
        state.found.clear()
        if not arguments.get("silent"):
            webhooks.queue_webhook(
                state,
                topic="VARIANT",
                kind="UPDATE",
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
            kind="UPDATE",
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
    for name in (
        "dropped_share",
        "balance_cents",
        "off_shelf",
        "pace_s",
        "stock_leaves",
        "stock_lag_s",
    ):
        state.ledger.run("DELETE FROM facts WHERE name = ?", name)
    state.off_shelf.clear()
    state.found.clear()
    state.stock_store.reload()
    state.faults.clear()
    return {"reset": True}


def balance(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    order_lifecycle.set_balance_cents(state, int(Decimal(str(arguments["amount"])) * 100))
    return {"balance_cents": order_lifecycle.balance_cents(state)}


def stock_leaves(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    if arguments["at"] not in {"order", "shipment", "never"}:
        raise BadControlError("stock leaves at order, shipment or never")
    state.ledger.set_fact("stock_leaves", arguments["at"])
    return {"at": state.stock_leaves}


def stock_lag(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    state.ledger.set_fact("stock_lag_s", max(float(arguments["seconds"]), 0))
    return {"seconds": state.stock_lag_s}


def count_stock(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    """Deduct shipped units that were not deducted from stock yet."""
    return {"orders": order_lifecycle.count_stock(state)}


def drop_catalog(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Drop a share of the list's rows from its end."""
    state.ledger.set_fact("dropped_share", min(max(float(arguments["share"]), 0), 1))
    return {"visible": state.visible, "total": len(state.catalog)}


def sent_messages(state: SandboxState, _: dict[str, Any]) -> list[dict[str, Any]]:
    rows = state.ledger.rows("SELECT * FROM messages ORDER BY id")
    return [row | {"body": json.loads(row["body"])} for row in rows]


def replay(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Send one webhook again, or all that were sent, lost or given up."""
    chosen = ("AND message_id = ?", arguments["messageId"]) if arguments.get("messageId") else ("",)
    count = state.ledger.run(
        "UPDATE messages SET state = 'waiting', tries = 0, due_s = ?, fault = ''"  # noqa: S608
        f" WHERE state != 'waiting' {chosen[0]}",
        state.now(),
        *chosen[1:],
    )
    state.mail_waits.set()
    return {"replayed": count}


def status(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    return {
        "products": len(state.catalog),
        "visible": state.visible,
        "good": state.catalog.count,
        "bad": state.catalog.bad_count,
        "seed": state.catalog.seed,
        "pace_s": state.pace_s,
        "stock_leaves": state.stock_leaves,
        "stock_lag_s": state.stock_lag_s,
        "open_id": state.open_id,
        "webhook_urls": {
            topic: webhooks.callback_url(state, topic) for topic in set(webhooks.TOPICS.values())
        },
    }


ACTIONS: Actions[SandboxState] = {
    **FAULT_ACTIONS,
    **staff_actions.ACTIONS,
    ("GET", "status"): status,
    ("GET", "orders"): ledger,
    ("POST", "advance"): advance,
    ("POST", "cancel"): cancel,
    ("POST", "split"): split,
    ("POST", "stock"): stock,
    ("POST", "price"): price,
    ("POST", "shelve"): set_on_sale,
    ("POST", "reset"): reset,
    ("POST", "pace"): pace,
    ("POST", "balance"): balance,
    ("POST", "stock_leaves"): stock_leaves,
    ("POST", "stock_lag"): stock_lag,
    ("POST", "count_stock"): count_stock,
    ("POST", "drop_catalog"): drop_catalog,
    ("GET", "webhooks"): sent_messages,
    ("POST", "webhooks/replay"): replay,
}
