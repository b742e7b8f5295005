"""BigBuy control: let tests and people read orders, change stock and prices, inject faults.

These endpoints are no part of BigBuy's API.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from storefront.dev.sandboxes.bigbuy import orders as bigbuy_orders
from storefront.dev.sandboxes.bigbuy.goods import Item
from storefront.dev.sandboxes.bigbuy.state import World
from storefront.dev.sandboxes.bigbuy.stock import MAIN, Pile
from storefront.dev.sandboxes.core.http_server import BadControlError

type Wish = dict[str, Any]


def pull(world: World, *, method: str, name: str, wish: Wish) -> Any:
    """Perform a control action.

    Raises: BadControlError  nothing was done
    """
    action = _ACTIONS.get((method, name))
    if action is None:
        raise BadControlError(f"unknown control: {method} {name}")
    try:
        return action(world, wish)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise BadControlError(f"{type(error).__name__}: {error}") from error


def status(world: World, _: Wish) -> dict[str, Any]:
    return {
        "products": len(world.goods),
        "good": world.goods.count,
        "bad": world.goods.bad_count,
        "seed": world.goods.seed,
        "pace_s": world.pace_s,
        "hour_s": world.limits.hour_s,
        "second_s": world.limits.second_s,
        "purse_eur": str(bigbuy_orders.purse(world)),
    }


def orders(world: World, _: Wish) -> dict[str, Any]:
    """Return every order, and every attempt that created none."""
    rows = world.ledger.rows("SELECT * FROM orders ORDER BY id")
    for row in rows:
        row["request"], row["lines"] = json.loads(row["request"]), json.loads(row["lines"])
    return {
        "orders": rows,
        "attempts": world.ledger.rows("SELECT * FROM attempts ORDER BY id"),
        "purse_eur": str(bigbuy_orders.purse(world)),
    }


def calls(world: World, _: Wish) -> dict[str, Any]:
    """Return the calls by endpoint, served and rate-limited."""
    rows = world.ledger.rows("SELECT * FROM calls ORDER BY endpoint")
    return {
        "served": {row["endpoint"]: row["served"] for row in rows if row["served"]},
        "refused": {row["endpoint"]: row["refused"] for row in rows if row["refused"]},
    }


def forget_calls(world: World, _: Wish) -> dict[str, Any]:
    world.ledger.run("DELETE FROM calls")
    return {}


def items(world: World, wish: Wish) -> list[dict[str, Any]]:
    """Return the items that can be ordered."""
    most = int(wish.get("most", 100))
    found: list[dict[str, Any]] = []
    for key, item in world.goods.all_items():
        if len(found) == most:
            break
        price = world.stores.price(item)
        piles = world.stores.piles(item)
        found.append(
            {
                "product": key,
                "sku": item.sku,
                "price": None if price is None else str(price),
                "is_variation": item.is_variation,
                "flaw": item.product.flaw,
                "stock": {pile.warehouse: [pile.soon, pile.later] for pile in piles},
                "gtin": item.variant.barcode if world.goods.bears_gtin(item.product) else "",
            }
        )
    return found


def _item(world: World, wish: Wish) -> Item:
    found = world.goods.by_sku(str(wish["sku"]))
    if found is None:
        raise BadControlError(f"nothing is sold as {wish['sku']}")
    return found[1]


def stock(world: World, wish: Wish) -> dict[str, Any]:
    """Set the stock of a SKU in one warehouse."""
    item = _item(world, wish)
    warehouse = int(wish.get("warehouse", MAIN))
    pile = Pile(warehouse=warehouse, soon=int(wish["quantity"]), later=int(wish.get("later", 0)))
    others = [each for each in world.stores.piles(item) if each.warehouse != warehouse]
    world.stores.put_piles(item.sku, [*others, pile], at_s=world.now())
    return {"sku": item.sku, "warehouse": warehouse, "quantity": pile.soon}


def price(world: World, wish: Wish) -> dict[str, Any]:
    item = _item(world, wish)
    amount = Decimal(str(wish["price"])).quantize(Decimal("0.01"))
    world.stores.put(item.sku, "price", str(amount), at_s=world.now())
    return {"sku": item.sku, "price": str(amount)}


def name(world: World, wish: Wish) -> dict[str, Any]:
    """Rename a product; ``id`` is the product's."""
    sku = world.goods.sku(int(wish["id"]))
    world.stores.put(sku, "name", str(wish["name"]), at_s=world.now())
    return {"id": int(wish["id"]), "sku": sku}


def shelve(world: World, wish: Wish) -> dict[str, Any]:
    """Take a product off sale, or put it on sale."""
    sku = world.goods.sku(int(wish["id"]))
    world.stores.put(sku, "active", bool(wish.get("on", False)), at_s=world.now())
    return {"id": int(wish["id"]), "sku": sku}


def advance(world: World, wish: Wish) -> dict[str, Any]:
    order = (
        bigbuy_orders.by_id(world, str(wish["id"]))
        if "id" in wish
        else bigbuy_orders.by_reference(world, str(wish["reference"]))
    )
    if order is None:
        raise BadControlError("no such order")
    bigbuy_orders.move(world, order, to=str(wish.get("to") or bigbuy_orders.SHIPPED))
    return order


def spans(world: World, wish: Wish) -> dict[str, Any]:
    """Report for every order of several lines that its items are in two warehouses."""
    world.ledger.set_fact("spans", bool(wish.get("on", True)))
    return {"on": world.spans_warehouses()}


def purse(world: World, wish: Wish) -> dict[str, Any]:
    bigbuy_orders.set_purse(world, Decimal(str(wish["amount"])))
    return {"purse_eur": str(bigbuy_orders.purse(world))}


def pace(world: World, wish: Wish) -> dict[str, Any]:
    world.ledger.set_fact("pace_s", max(float(wish["seconds"]), 0))
    return {"seconds": world.pace_s}


def clock(world: World, wish: Wish) -> dict[str, Any]:
    """Set the length of an hour and a second; open windows are reset."""
    world.limits.hour_s = max(float(wish.get("hour_s", world.limits.hour_s)), 0)
    world.limits.second_s = max(float(wish.get("second_s", world.limits.second_s)), 0)
    world.limits.forget()
    return {"hour_s": world.limits.hour_s, "second_s": world.limits.second_s}


def drop_catalog(world: World, wish: Wish) -> dict[str, Any]:
    """Drop a share of the products from the end of all lists."""
    world.ledger.set_fact("dropped_share", min(max(float(wish["share"]), 0), 1))
    return {"kept": world.kept_share}


def add_fault(world: World, wish: Wish) -> dict[str, Any]:
    return world.faults.add(
        path=str(wish["path"]),
        kind=str(wish["kind"]),
        count=int(wish.get("count", 1)),
        every=int(wish.get("every", 1)),
        skip=int(wish.get("skip", 0)),
        delay_s=float(wish.get("delay", 1.0)),
    )


def faults(world: World, _: Wish) -> list[dict[str, Any]]:
    return world.faults.listed()


def clear_faults(world: World, wish: Wish) -> list[dict[str, Any]]:
    world.faults.clear(int(wish["id"]) if wish.get("id") else None)
    return world.faults.listed()


def reset(world: World, _: Wish) -> dict[str, Any]:
    """Reset: no orders, initial stock and prices, no faults, full quotas."""
    world.ledger.wipe()
    for fact in ("dropped_share", "purse", "pace_s", "spans"):
        world.ledger.run("DELETE FROM facts WHERE name = ?", fact)
    world.stores.reload()
    world.faults.clear()
    world.limits.hour_s, world.limits.second_s = world.rules.hour_s, world.rules.second_s
    world.limits.forget()
    return {"reset": True}


_ACTIONS: dict[tuple[str, str], Callable[[World, Wish], Any]] = {
    ("GET", "status"): status,
    ("GET", "orders"): orders,
    ("GET", "calls"): calls,
    ("POST", "calls/forget"): forget_calls,
    ("GET", "items"): items,
    ("GET", "faults"): faults,
    ("POST", "faults"): add_fault,
    ("POST", "faults/clear"): clear_faults,
    ("POST", "advance"): advance,
    ("POST", "spans"): spans,
    ("POST", "stock"): stock,
    ("POST", "price"): price,
    ("POST", "name"): name,
    ("POST", "shelve"): shelve,
    ("POST", "purse"): purse,
    ("POST", "pace"): pace,
    ("POST", "clock"): clock,
    ("POST", "drop_catalog"): drop_catalog,
    ("POST", "reset"): reset,
}
