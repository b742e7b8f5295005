"""Feed sandbox control: let tests and people change products, read orders, inject faults."""

from collections.abc import Callable
from typing import Any, Protocol

from storefront.dev.sandboxes.core.control import FAULT_ACTIONS, Actions
from storefront.dev.sandboxes.core.faults import Faults
from storefront.dev.sandboxes.core.ledger import Usage

from .order_files import OrderProcessor
from .state import FeedCatalog


class Server(Protocol):
    """The server that a control action changes."""

    shop: FeedCatalog
    order_processor: OrderProcessor
    faults: Faults
    usage: Usage
    stopped_since_s: float | None
    file_names: list[str]


def _status(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    shop = server.shop
    feed_items = list(shop.feed_items())
    return {
        "products": shop.count,
        "listed": len(feed_items),
        "skus": [item.sku for item in feed_items[:50]],
        "files": server.file_names,
        "changes": shop.changes.__dict__,
    }


def _stock_set(server: Server, arguments: dict[str, Any]) -> dict[str, Any]:
    """Set the stock by warehouse: ``{"sku": …, "DE1": 4, "PL1": 0}``."""
    piles = {name: int(units) for name, units in arguments.items() if name != "sku"}
    known = server.shop.changes.stock
    server.shop.change(
        now_s=server.order_processor.now(), stock={**known, str(arguments["sku"]): piles}
    )
    return piles


def _price_set(server: Server, arguments: dict[str, Any]) -> dict[str, Any]:
    known = server.shop.changes.prices
    server.shop.change(
        now_s=server.order_processor.now(),
        prices={**known, str(arguments["sku"]): str(arguments["price"])},
    )
    return arguments


def _name_set(server: Server, arguments: dict[str, Any]) -> dict[str, Any]:
    known = server.shop.changes.names
    server.shop.change(
        now_s=server.order_processor.now(),
        names={**known, str(arguments["sku"]): str(arguments["name"])},
    )
    return arguments


def _listed(name: str) -> Callable[[Server, dict[str, Any]], dict[str, Any]]:
    def put(server: Server, arguments: dict[str, Any]) -> dict[str, Any]:
        skus = [*getattr(server.shop.changes, name), str(arguments["sku"])]
        server.shop.change(now_s=server.order_processor.now(), **{name: skus})
        return {name: skus}

    return put


def _blank(server: Server, arguments: dict[str, Any]) -> dict[str, Any]:
    """Leave cells empty: ``{"sku": …, "fields": ["stock"]}``."""
    known = server.shop.changes.blank
    blank = {**known, str(arguments["sku"]): [str(each) for each in arguments["fields"]]}
    server.shop.change(now_s=server.order_processor.now(), blank=blank)
    return blank


def _drop(server: Server, arguments: dict[str, Any]) -> dict[str, Any]:
    share = min(max(float(arguments["share"]), 0), 1)
    server.shop.change(now_s=server.order_processor.now(), dropped_share=share)
    return {"share": share}


def _reset(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    server.shop.reset()
    server.stopped_since_s = None
    server.order_processor.forget()
    server.faults.clear()
    return {"reset": True}


def _stand(server: Server, arguments: dict[str, Any]) -> dict[str, Any]:
    """Stop rewriting the files as of then, whatever changes; None rewrites them again."""
    seconds = arguments["seconds_ago"]
    server.stopped_since_s = (
        None if seconds is None else server.order_processor.now() - float(seconds)
    )
    return {"stopped_since_s": server.stopped_since_s}


def _usage(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    return server.usage.told()


def _orders(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    return server.order_processor.told()


def _clock(server: Server, arguments: dict[str, Any]) -> dict[str, Any]:
    """Advance the clock."""
    server.order_processor.advance_clock(float(arguments["seconds"]))
    return {"now_s": server.order_processor.now()}


def _pace(server: Server, arguments: dict[str, Any]) -> dict[str, Any]:
    server.order_processor.set_pace(float(arguments["seconds"]))
    return {"seconds": server.order_processor.pace_s}


ACTIONS: Actions[Server] = {
    **FAULT_ACTIONS,
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
}
