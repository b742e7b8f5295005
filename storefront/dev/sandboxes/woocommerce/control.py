"""WooCommerce control: act as buyer and staff of the store, read what it holds."""

from typing import Any

from storefront.dev.sandboxes.core.control import Actions
from storefront.dev.sandboxes.store.server import (
    STORE_ACTIONS,
    ApiError,
    order_of,
    sale_of,
    store_page,
)
from storefront.dev.sandboxes.woocommerce import orders, parcels
from storefront.dev.sandboxes.woocommerce.state import SandboxState

type Arguments = dict[str, Any]


def _place(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    order = orders.place(
        state,
        **sale_of(arguments),
    )
    return {"id": order["id"]}


def _pay(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    orders.pay(state, order_of(state, arguments))
    return {}


def _cancel(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    orders.set_status(state, order_of(state, arguments), "cancelled")
    return {}


def _edit(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    orders.edit(
        state, order_of(state, arguments), sku=arguments["sku"], quantity=int(arguments["quantity"])
    )
    return {}


def _refund(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    order = order_of(state, arguments)
    ids = {line["sku"]: line["id"] for line in order["line_items"]}
    rows = [{"id": ids[sku], "quantity": count} for sku, count in arguments["units"].items()]
    body = {"amount": str(arguments["amount"]), "reason": "Store refund", "line_items": rows}
    try:
        return {"id": orders.refund(state, order, body)["id"]}
    except ApiError as refused:
        raise ValueError(str(refused)) from refused


def _parcels(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    return parcels.listed(state, order_of(state, arguments))


def _refunds(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    number = order_of(state, arguments)["id"]
    return [{"amount": row["amount"]} for row in state.documents.where("refund", order=number)]


def _products(state: SandboxState, _: Arguments) -> list[dict[str, Any]]:
    return [
        {
            "id": row["id"],
            "title": row["name"],
            "is_active": row["status"] == "publish",
            "skus": [one["sku"] for one in state.documents.where("variation", parent_id=row["id"])]
            or [row["sku"]],
        }
        for row in state.documents.all("product")
    ]


def _throttle(state: SandboxState, _: Arguments) -> dict[str, Any]:
    """Let the host limit calls, until the store is reset."""
    state.ledger.set_fact("is_throttled", 1)
    return {}


def _uninstall(_: SandboxState, __: Arguments) -> dict[str, Any]:
    """Do nothing: WooCommerce does not tell that a key was deleted."""
    return {}


def _violations(state: SandboxState, _: Arguments) -> dict[str, Any]:
    return {"count": state.violations}


ACTIONS: Actions[SandboxState] = {
    **STORE_ACTIONS,
    ("POST", "orders"): _place,
    ("POST", "orders/pay"): _pay,
    ("POST", "orders/cancel"): _cancel,
    ("POST", "orders/edit"): _edit,
    ("POST", "orders/refund"): _refund,
    ("GET", "parcels"): _parcels,
    ("GET", "refunds"): _refunds,
    ("GET", "products"): _products,
    ("POST", "throttle"): _throttle,
    ("GET", "violations"): _violations,
    ("POST", "uninstall"): _uninstall,
}


def page(state: SandboxState) -> str:
    return store_page(
        state,
        title="WooCommerce sandbox",
        orders=[
            {
                "id": str(row["id"]),
                "title": f"#{row['number']}",
                "status": row["status"],
                "details": f"{row['total']} {row['currency']}: "
                + ", ".join(f"{line['quantity']} × {line['sku']}" for line in row["line_items"]),
            }
            for row in state.documents.all("order")
        ],
        products=[
            {"title": row["name"], "status": row["status"], "details": row["sku"]}
            for row in state.documents.all("product")
        ],
        example="orders/{id}:PUT",
    )
