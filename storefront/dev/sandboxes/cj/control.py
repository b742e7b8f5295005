"""CJ control: let tests and people read the ledger, change stock and prices, inject faults.

These endpoints are no part of CJ's API.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from storefront.dev.sandboxes.core.faults import UnknownFaultError
from storefront.dev.sandboxes.core.http_server import BadControlError
from storefront.dev.sandboxes.goods.model import Product, Variant

from . import order_lifecycle, staff_actions, webhooks
from .state import World
from .stock import BY_COUNTRY, Pile


def pull(world: World, *, method: str, name: str, wish: dict[str, Any]) -> Any:
    """Perform a control action.

    Raises: BadControlError  nothing was done
    """
    action = _ACTIONS.get((method, name))
    if action is None:
        raise BadControlError(f"unknown control: {method} {name}")
    try:
        return action(world, wish)
    except UnknownFaultError as error:
        raise BadControlError(str(error)) from error
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise BadControlError(f"{type(error).__name__}: {error}") from error
    except order_lifecycle.CannotMoveError as error:
        raise BadControlError(str(error)) from error


def ledger(world: World, _: dict[str, Any]) -> dict[str, Any]:
    """Return every order, effect, attempt and dispute."""
    orders = world.ledger.rows("SELECT * FROM orders ORDER BY created_s, cj_id")
    for order in orders:
        order["request"], order["lines"] = json.loads(order["request"]), json.loads(order["lines"])
    return {
        "orders": orders,
        "effects": world.ledger.rows("SELECT * FROM effects ORDER BY id"),
        "attempts": world.ledger.rows("SELECT * FROM attempts ORDER BY id"),
        "disputes": world.ledger.rows("SELECT * FROM disputes ORDER BY created_s, id"),
        "balance_cents": order_lifecycle.balance_cents(world),
    }


def _order(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    name = str(wish.get("cjOrderId") or wish.get("orderNumber") or "")
    order = order_lifecycle.order_by(world, name)
    if order is None:
        raise BadControlError(f"no order {name!r}")
    return order


def advance(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    order = _order(world, wish)
    order_lifecycle.advance(world, order, to=str(wish.get("to") or order_lifecycle.SHIPPED).upper())
    return order


def cancel(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    order = _order(world, wish)
    order_lifecycle.cancel(world, order)
    return order


def split(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    return {"cjOrderIds": order_lifecycle.split(world, _order(world, wish))}


def add_fault(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    return world.faults.add(
        path=str(wish["path"]),
        kind=str(wish["kind"]),
        count=int(wish.get("count", 1)),
        every=int(wish.get("every", 1)),
        skip=int(wish.get("skip", 0)),
        delay_s=float(wish.get("delay", 1.0)),
    )


def faults(world: World, _: dict[str, Any]) -> list[dict[str, Any]]:
    return world.faults.listed()


def clear_faults(world: World, wish: dict[str, Any]) -> list[dict[str, Any]]:
    world.faults.clear(int(wish["id"]) if wish.get("id") else None)
    return world.faults.listed()


def _variant(world: World, wish: dict[str, Any]) -> tuple[Product, Variant]:
    vid = str(wish["vid"])
    product = world.catalog.by_vid(vid)
    if product is None:
        raise BadControlError(f"no variant {vid}")
    return product, next(each for each in product.variants if each.vid == vid)


def stock(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Set the stock in a warehouse, and send a webhook unless ``silent``."""
    product, variant = _variant(world, wish)
    country = str(wish.get("warehouse") or "CN").upper()
    if country not in BY_COUNTRY:
        raise BadControlError(f"no warehouse in {country}")
    if country not in world.shelves.countries(product):
        raise BadControlError(f"{product.pid} is not kept in {country}")
    pile = Pile(ready=int(wish["quantity"]), at_factory=int(wish.get("at_factory", 0)))
    with world.ledger.writing():
        world.shelves.put(variant.vid, country=country, pile=pile)
        if not wish.get("silent"):
            _tell_stock(world, product, variant)
    return {"vid": variant.vid, "warehouse": country, "quantity": pile.ready}


def _tell_stock(world: World, product: Product, variant: Variant) -> None:
    rows = []
    for country in world.shelves.countries(product):
        area = BY_COUNTRY[country]
        rows.append(
            {
                "vid": variant.vid,
                "areaId": area.area_id,
                "areaEn": area.name,
                "countryCode": country,
                "storageNum": world.shelves.pile(product, variant, country=country).total,
            }
        )
    webhooks.tell(world, topic="STOCK", kind="UPDATE", params={variant.vid: rows}, pid=product.pid)


def price(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Set a price, and send a webhook unless ``silent``."""
    product, variant = _variant(world, wish)
    amount = Decimal(str(wish["price"])).quantize(Decimal("0.01"))
    with world.ledger.writing():
        world.shelves.set_price(variant.vid, amount)
        world.found.clear()
        if not wish.get("silent"):
            webhooks.tell(
                world,
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


def shelve(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Take a product off sale, or put it on sale."""
    product = world.catalog.by_pid(str(wish["pid"]))
    if product is None:
        raise BadControlError(f"no product {wish['pid']}")
    is_on = bool(wish.get("on", False))
    (world.off_shelf.discard if is_on else world.off_shelf.add)(product.pid)
    with world.ledger.writing():
        world.ledger.set_fact("off_shelf", sorted(world.off_shelf))
        webhooks.tell(
            world,
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


def reset(world: World, _: dict[str, Any]) -> dict[str, Any]:
    """Reset: no orders, initial stock and prices, no faults. Tokens stay."""
    world.ledger.wipe()
    for name in (
        "dropped_share",
        "balance_cents",
        "off_shelf",
        "pace_s",
        "stock_leaves",
        "stock_lag_s",
    ):
        world.ledger.run("DELETE FROM facts WHERE name = ?", name)
    world.off_shelf.clear()
    world.found.clear()
    world.shelves.reload()
    world.faults.clear()
    return {"reset": True}


def pace(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    world.ledger.set_fact("pace_s", max(float(wish["seconds"]), 0))
    return {"seconds": world.pace_s}


def balance(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    order_lifecycle.set_balance_cents(world, int(Decimal(str(wish["amount"])) * 100))
    return {"balance_cents": order_lifecycle.balance_cents(world)}


def stock_leaves(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    if wish["at"] not in {"order", "shipment", "never"}:
        raise BadControlError("stock leaves at order, shipment or never")
    world.ledger.set_fact("stock_leaves", wish["at"])
    return {"at": world.stock_leaves}


def stock_lag(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    world.ledger.set_fact("stock_lag_s", max(float(wish["seconds"]), 0))
    return {"seconds": world.stock_lag_s}


def count_stock(world: World, _: dict[str, Any]) -> dict[str, Any]:
    """Deduct shipped units that were not deducted from stock yet."""
    return {"orders": order_lifecycle.count_stock(world)}


def drop_catalog(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Drop a share of the list's rows from its end."""
    world.ledger.set_fact("dropped_share", min(max(float(wish["share"]), 0), 1))
    return {"visible": world.visible, "total": len(world.catalog)}


def sent_messages(world: World, _: dict[str, Any]) -> list[dict[str, Any]]:
    rows = world.ledger.rows("SELECT * FROM messages ORDER BY id")
    return [row | {"body": json.loads(row["body"])} for row in rows]


def replay(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """Send one webhook again, or all that were sent, lost or given up."""
    chosen = ("AND message_id = ?", wish["messageId"]) if wish.get("messageId") else ("",)
    count = world.ledger.run(
        "UPDATE messages SET state = 'waiting', tries = 0, due_s = ?, fault = ''"  # noqa: S608
        f" WHERE state != 'waiting' {chosen[0]}",
        world.now(),
        *chosen[1:],
    )
    world.mail_waits.set()
    return {"replayed": count}


def status(world: World, _: dict[str, Any]) -> dict[str, Any]:
    return {
        "products": len(world.catalog),
        "visible": world.visible,
        "good": world.catalog.count,
        "bad": world.catalog.bad_count,
        "seed": world.catalog.seed,
        "pace_s": world.pace_s,
        "stock_leaves": world.stock_leaves,
        "stock_lag_s": world.stock_lag_s,
        "open_id": world.open_id,
        "webhook_urls": {
            topic: webhooks.callback_url(world, topic) for topic in set(webhooks.TOPICS.values())
        },
    }


_ACTIONS: dict[tuple[str, str], Callable[[World, dict[str, Any]], Any]] = {
    **staff_actions.ACTIONS,
    ("GET", "status"): status,
    ("GET", "orders"): ledger,
    ("GET", "faults"): faults,
    ("POST", "faults"): add_fault,
    ("DELETE", "faults"): clear_faults,
    ("POST", "faults/clear"): clear_faults,
    ("POST", "advance"): advance,
    ("POST", "cancel"): cancel,
    ("POST", "split"): split,
    ("POST", "stock"): stock,
    ("POST", "price"): price,
    ("POST", "shelve"): shelve,
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
