"""Feed sandbox control: let tests and people change products, read orders, inject faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from storefront.dev.sandboxes.cj.state import Usage
from storefront.dev.sandboxes.core.faults import Faults, UnknownFaultError
from storefront.dev.sandboxes.core.http_server import BadControlError

from .order_files import Taker
from .state import Shop


class Server(Protocol):
    """The server that a control action changes."""

    shop: Shop
    desk: Taker
    faults: Faults
    usage: Usage
    stands_since_s: float | None
    file_names: list[str]


def pull(server: Server, *, method: str, name: str, wish: dict[str, Any]) -> Any:
    """Perform a control action.

    Raises: BadControlError  nothing was done
    """
    action = _ACTIONS.get((method, name))
    if action is None:
        raise BadControlError(f"unknown control: {method} {name}")
    try:
        return action(server, wish)
    except (KeyError, TypeError, ValueError, ArithmeticError, UnknownFaultError) as error:
        raise BadControlError(f"{type(error).__name__}: {error}") from error


def _status(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    shop = server.shop
    wares = list(shop.wares())
    return {
        "products": shop.count,
        "listed": len(wares),
        "skus": [ware.sku for ware in wares[:50]],
        "files": server.file_names,
        "changes": shop.changes.__dict__,
    }


def _stock_set(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    """Set the stock by warehouse: ``{"sku": …, "DE1": 4, "PL1": 0}``."""
    piles = {name: int(units) for name, units in wish.items() if name != "sku"}
    known = server.shop.changes.stock
    server.shop.change(now_s=server.desk.now(), stock={**known, str(wish["sku"]): piles})
    return piles


def _price_set(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    known = server.shop.changes.prices
    server.shop.change(
        now_s=server.desk.now(), prices={**known, str(wish["sku"]): str(wish["price"])}
    )
    return wish


def _name_set(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    known = server.shop.changes.names
    server.shop.change(
        now_s=server.desk.now(), names={**known, str(wish["sku"]): str(wish["name"])}
    )
    return wish


def _listed(name: str) -> Callable[[Server, dict[str, Any]], dict[str, Any]]:
    def put(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
        skus = [*getattr(server.shop.changes, name), str(wish["sku"])]
        server.shop.change(now_s=server.desk.now(), **{name: skus})
        return {name: skus}

    return put


def _blank(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    """Leave cells empty: ``{"sku": …, "fields": ["stock"]}``."""
    known = server.shop.changes.blank
    blank = {**known, str(wish["sku"]): [str(each) for each in wish["fields"]]}
    server.shop.change(now_s=server.desk.now(), blank=blank)
    return blank


def _drop(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    share = min(max(float(wish["share"]), 0), 1)
    server.shop.change(now_s=server.desk.now(), dropped_share=share)
    return {"share": share}


def _reset(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    server.shop.reset()
    server.stands_since_s = None
    server.desk.forget()
    server.faults.clear()
    return {"reset": True}


def _stand(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    """Stop rewriting the files as of then, whatever changes; None rewrites them again."""
    seconds = wish["seconds_ago"]
    server.stands_since_s = None if seconds is None else server.desk.now() - float(seconds)
    return {"stands_since_s": server.stands_since_s}


def _fault(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    return server.faults.add(
        path=str(wish["path"]),
        kind=str(wish["kind"]),
        count=int(wish.get("count", 1)),
        skip=int(wish.get("skip", 0)),
        delay_s=float(wish.get("delay", 1.0)),
    )


def _usage(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    return server.usage.told()


def _orders(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    return server.desk.told()


def _clock(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    """Advance the clock."""
    server.desk.put_on(float(wish["seconds"]))
    return {"now_s": server.desk.now()}


def _pace(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    server.desk.set_pace(float(wish["seconds"]))
    return {"seconds": server.desk.pace_s}


def _no_faults(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    server.faults.clear()
    return {"faults": []}


_ACTIONS: dict[tuple[str, str], Callable[[Server, dict[str, Any]], Any]] = {
    ("GET", "status"): _status,
    ("GET", "orders"): _orders,
    ("GET", "usage"): _usage,
    ("POST", "clock"): _clock,
    ("POST", "pace"): _pace,
    ("POST", "stock"): _stock_set,
    ("POST", "price"): _price_set,
    ("POST", "name"): _name_set,
    ("POST", "gone"): _listed("gone"),
    ("POST", "leave_out"): _listed("left_out"),
    ("POST", "blank"): _blank,
    ("POST", "drop_catalog"): _drop,
    ("POST", "stand"): _stand,
    ("POST", "reset"): _reset,
    ("POST", "faults"): _fault,
    ("POST", "faults/clear"): _no_faults,
}
