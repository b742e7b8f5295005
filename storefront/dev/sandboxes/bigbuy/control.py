"""BigBuy control: let tests and people read orders, change stock and prices, inject faults.

These endpoints are not part of BigBuy's API.
"""

import json
from decimal import Decimal
from itertools import islice
from typing import Any

from storefront.dev.sandboxes.bigbuy import orders as bigbuy_orders
from storefront.dev.sandboxes.bigbuy.goods import Item
from storefront.dev.sandboxes.bigbuy.state import SandboxState
from storefront.dev.sandboxes.bigbuy.stock import MAIN, StockLevel
from storefront.dev.sandboxes.core.control import Actions
from storefront.dev.sandboxes.core.http_server import BadControlError
from storefront.dev.sandboxes.supplier import SUPPLIER_ACTIONS

type Arguments = dict[str, Any]


def status(state: SandboxState, _: Arguments) -> dict[str, Any]:
    return {
        "products": len(state.goods),
        "good": state.goods.count,
        "bad": state.goods.bad_count,
        "seed": state.goods.seed,
        "pace_s": state.pace_s,
        "hour_s": state.limits.hour_s,
        "purse_eur": str(bigbuy_orders.purse(state)),
    }


def orders(state: SandboxState, _: Arguments) -> dict[str, Any]:
    """Return every order, and every attempt that created no order."""
    rows = state.ledger.rows("SELECT * FROM orders ORDER BY id")
    for row in rows:
        row["lines"] = json.loads(row["lines"])
    return {
        "orders": rows,
        "attempts": state.ledger.rows("SELECT * FROM attempts ORDER BY id"),
        "purse_eur": str(bigbuy_orders.purse(state)),
    }


def calls(state: SandboxState, _: Arguments) -> dict[str, Any]:
    """Return the calls by endpoint, served and rate-limited."""
    rows = state.ledger.rows("SELECT * FROM calls ORDER BY endpoint")
    return {
        "served": {row["endpoint"]: row["served"] for row in rows if row["served"]},
        "refused": {row["endpoint"]: row["refused"] for row in rows if row["refused"]},
    }


def clear_calls(state: SandboxState, _: Arguments) -> dict[str, Any]:
    state.ledger.run("DELETE FROM calls")
    return {}


def items(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    """Return the items that can be ordered."""
    most = int(arguments.get("most", 100))
    return [
        {
            "product": key,
            "sku": item.sku,
            "flaw": item.product.flaw,
            "stock": {
                level.warehouse: [level.soon, level.later]
                for level in state.stock_store.levels(item)
            },
        }
        for key, item in islice(state.goods.all_items(), most)
    ]


def _item(state: SandboxState, arguments: Arguments) -> Item:
    found = state.goods.by_sku(str(arguments["sku"]))
    if found is None:
        raise BadControlError(f"nothing is sold as {arguments['sku']}")
    return found[1]


def stock(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Set the stock of a SKU in one warehouse."""
    item = _item(state, arguments)
    warehouse = int(arguments.get("warehouse", MAIN))
    level = StockLevel(
        warehouse=warehouse, soon=int(arguments["quantity"]), later=int(arguments.get("later", 0))
    )
    others = [each for each in state.stock_store.levels(item) if each.warehouse != warehouse]
    state.stock_store.put_levels(item.sku, [*others, level], at_s=state.now())
    return {"sku": item.sku, "warehouse": warehouse, "quantity": level.soon}


def price(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    item = _item(state, arguments)
    amount = Decimal(str(arguments["price"])).quantize(Decimal("0.01"))
    state.stock_store.put(item.sku, "price", str(amount), at_s=state.now())
    return {"sku": item.sku, "price": str(amount)}


def name(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Rename the product with this ``id``."""
    sku = state.goods.sku(int(arguments["id"]))
    state.stock_store.put(sku, "name", str(arguments["name"]), at_s=state.now())
    return {"id": int(arguments["id"]), "sku": sku}


def set_on_sale(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Take a product off sale, or put it on sale."""
    sku = state.goods.sku(int(arguments["id"]))
    state.stock_store.put(sku, "active", bool(arguments.get("on", False)), at_s=state.now())
    return {"id": int(arguments["id"]), "sku": sku}


def advance(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    order = (
        bigbuy_orders.by_id(state, str(arguments["id"]))
        if "id" in arguments
        else bigbuy_orders.by_reference(state, str(arguments["reference"]))
    )
    if order is None:
        raise BadControlError("no such order")
    bigbuy_orders.advance(state, order, to=str(arguments.get("to") or bigbuy_orders.SHIPPED))
    return order


def purse(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    bigbuy_orders.set_purse(state, Decimal(str(arguments["amount"])))
    return {"purse_eur": str(bigbuy_orders.purse(state))}


def clock(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Set the length of an hour and a second; open windows are reset."""
    state.limits.hour_s = max(float(arguments.get("hour_s", state.limits.hour_s)), 0)
    state.limits.second_s = max(float(arguments.get("second_s", state.limits.second_s)), 0)
    state.limits.forget()
    return {"hour_s": state.limits.hour_s, "second_s": state.limits.second_s}


def reset(state: SandboxState, _: Arguments) -> dict[str, Any]:
    """Reset: no orders, initial stock and prices, no faults, full quotas."""
    state.ledger.wipe()
    state.ledger.forget("dropped_share", "purse", "pace_s")
    state.stock_store.reload()
    state.faults.clear()
    state.limits.hour_s, state.limits.second_s = state.rules.hour_s, state.rules.second_s
    state.limits.forget()
    return {"reset": True}


ACTIONS: Actions[SandboxState] = {
    **SUPPLIER_ACTIONS,
    ("GET", "status"): status,
    ("GET", "orders"): orders,
    ("GET", "calls"): calls,
    ("POST", "calls/forget"): clear_calls,
    ("GET", "items"): items,
    ("POST", "advance"): advance,
    ("POST", "stock"): stock,
    ("POST", "price"): price,
    ("POST", "name"): name,
    ("POST", "shelve"): set_on_sale,
    ("POST", "purse"): purse,
    ("POST", "clock"): clock,
    ("POST", "reset"): reset,
}
