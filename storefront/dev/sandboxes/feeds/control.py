"""Feed sandbox control: let tests and people change products, read orders, inject faults."""

from collections.abc import Callable
from typing import Any

from storefront.dev.sandboxes.core.control import Actions
from storefront.dev.sandboxes.supplier import SUPPLIER_ACTIONS, advance_clock

from . import order_files
from .state import SandboxState

type Act = Callable[[SandboxState, dict[str, Any]], dict[str, Any]]


def _status(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    skus = [item.sku for item in state.shop.feed_items()]
    return {"products": state.shop.count, "listed": len(skus), "skus": skus[:50]}


def _set(name: str, value: Callable[[dict[str, Any]], Any]) -> Act:
    """Return the action that sets one kind of value of a SKU."""

    def put(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
        known = getattr(state.shop.changes, name)
        changed = {**known, str(arguments["sku"]): value(arguments)}
        state.shop.change(now_s=state.now(), **{name: changed})
        return changed

    return put


def _listed(name: str) -> Act:
    def put(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
        skus = [*getattr(state.shop.changes, name), str(arguments["sku"])]
        state.shop.change(now_s=state.now(), **{name: skus})
        return {name: skus}

    return put


def _stock_by_warehouse(arguments: dict[str, Any]) -> dict[str, int]:
    """Return the stock by warehouse: ``{"sku": …, "DE1": 4, "PL1": 0}``."""
    return {name: int(units) for name, units in arguments.items() if name != "sku"}


def _drop(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    share = min(max(float(arguments["share"]), 0), 1)
    state.shop.change(now_s=state.now(), dropped_share=share)
    return {"share": share}


def _reset(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    state.shop.reset()
    state.frozen_at_s = None
    order_files.forget(state)
    state.faults.clear()
    return {"reset": True}


def _freeze_files(state: SandboxState, arguments: dict[str, Any]) -> dict[str, Any]:
    """Send the time ``seconds_ago`` as Last-Modified of all files; None ends this."""
    seconds = arguments["seconds_ago"]
    state.frozen_at_s = None if seconds is None else state.now() - float(seconds)
    return {"frozen_at_s": state.frozen_at_s}


ACTIONS: Actions[SandboxState] = {
    **SUPPLIER_ACTIONS,
    ("GET", "status"): _status,
    ("GET", "orders"): lambda state, _: order_files.report(state),
    ("GET", "usage"): lambda state, _: state.usage.report(),
    ("POST", "clock"): advance_clock,
    ("POST", "stock"): _set("stock", _stock_by_warehouse),
    ("POST", "price"): _set("prices", lambda arguments: str(arguments["price"])),
    ("POST", "name"): _set("names", lambda arguments: str(arguments["name"])),
    # Leave cells empty: {"sku": …, "fields": ["stock"]}.
    ("POST", "blank"): _set("blank", lambda arguments: list(map(str, arguments["fields"]))),
    ("POST", "discontinue"): _listed("discontinued"),
    ("POST", "leave_out"): _listed("left_out"),
    ("POST", "drop_catalog"): _drop,
    ("POST", "freeze_files"): _freeze_files,
    ("POST", "reset"): _reset,
}
