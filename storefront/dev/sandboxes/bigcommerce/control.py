"""BigCommerce control: act as buyer and staff of the store, read what it holds."""

from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.bigcommerce import orders, webhooks
from storefront.dev.sandboxes.bigcommerce.state import SandboxState
from storefront.dev.sandboxes.core.control import Actions
from storefront.dev.sandboxes.store.server import (
    STORE_ACTIONS,
    ApiError,
    order_of,
    sale_of,
    store_page,
)

type Arguments = dict[str, Any]


def _place(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    order = orders.place(
        state,
        **sale_of(arguments),
        is_test=bool(arguments.get("test", False)),
    )
    return {"id": order["id"]}


def _pay(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    orders.pay(state, order_of(state, arguments))
    return {}


def _cancel(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    orders.set_status(state, order_of(state, arguments), orders.CANCELED)
    return {}


def _edit(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    orders.edit(
        state, order_of(state, arguments), sku=arguments["sku"], quantity=int(arguments["quantity"])
    )
    return {}


def _refund(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    order = order_of(state, arguments)
    ids = {line["sku"]: line["id"] for line in orders.lines_of(order)}
    items = [
        {"item_type": "PRODUCT", "item_id": ids[sku], "quantity": count, "reason": "Store refund"}
        for sku, count in arguments["units"].items()
    ]
    total = Decimal(str(arguments["amount"]))
    try:
        made = orders.add_refund(state, order, items=items, total=total, tax=Decimal(0))
    except ApiError as refused:
        raise ValueError(str(refused)) from refused
    return {"id": made["id"]}


def _parcels(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    order = order_of(state, arguments)
    skus = {line["id"]: line["sku"] for line in orders.lines_of(order)}
    return [
        {
            "number": row["tracking_number"],
            "url": row["tracking_link"],
            "units": {skus[item["order_product_id"]]: item["quantity"] for item in row["items"]},
        }
        for row in state.documents.where("shipment", order_id=order["id"])
    ]


def _refunds(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    number = order_of(state, arguments)["id"]
    rows = state.documents.where("refund", order_id=number)
    return [{"amount": f"{row['total_amount']:.2f}"} for row in rows]


def _products(state: SandboxState, _: Arguments) -> list[dict[str, Any]]:
    return [
        {
            "id": row["id"],
            "title": row["name"],
            "is_active": row["is_visible"],
            "skus": [variant["sku"] for variant in row["variants"]],
        }
        for row in state.documents.all("product")
    ]


def _uninstall(state: SandboxState, _: Arguments) -> dict[str, Any]:
    webhooks.tell(state, "store/app/uninstalled")
    return {}


def _throttle(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Set the quota, for tests."""
    state.quota.calls = int(arguments.get("calls", 5))
    state.quota.window_s = float(arguments.get("window_s", 0.5))
    state.quota.forget()
    return {}


def _violations(state: SandboxState, _: Arguments) -> dict[str, Any]:
    return {"count": state.quota.violations}


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
    ("POST", "uninstall"): _uninstall,
    ("POST", "throttle"): _throttle,
    ("GET", "violations"): _violations,
}


def page(state: SandboxState) -> str:
    return store_page(
        state,
        title="BigCommerce sandbox",
        orders=[
            {
                "id": str(row["id"]),
                "title": f"#{row['id']}",
                "status": orders.STATUSES[row["status_id"]],
                "details": f"{Decimal(row['total_inc_tax']):.2f} {row['currency_code']}: "
                + ", ".join(f"{line['quantity']} × {line['sku']}" for line in orders.lines_of(row)),
            }
            for row in state.documents.all("order")
        ],
        products=[
            {
                "title": row["name"],
                "status": "visible" if row["is_visible"] else "hidden",
                "details": ", ".join(variant["sku"] for variant in row["variants"]),
            }
            for row in state.documents.all("product")
        ],
        example="orders/{id}:PUT",
    )
