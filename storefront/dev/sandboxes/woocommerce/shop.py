"""WooCommerce shop: what buyers and staff do in the store, what is shown of it."""

from collections.abc import Mapping
from decimal import Decimal

from storefront.dev.sandboxes.store.shop import Shop
from storefront.dev.sandboxes.store.state import Document
from storefront.dev.sandboxes.woocommerce import api, orders, parcels
from storefront.dev.sandboxes.woocommerce.state import SandboxState


def _refund(
    state: SandboxState, order: Document, units: Mapping[str, int], amount: Decimal
) -> Document:
    ids = {line["sku"]: line["id"] for line in order["line_items"]}
    rows = [{"id": ids[sku], "quantity": count} for sku, count in units.items()]
    body = {"amount": str(amount), "reason": "Store refund", "line_items": rows}
    return orders.refund(state, order, body)


def _products(state: SandboxState) -> list[Document]:
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


def _summary(_: SandboxState, order: Document) -> tuple[str, str, str]:
    lines = ", ".join(f"{line['quantity']} × {line['sku']}" for line in order["line_items"])
    return f"#{order['number']}", order["status"], f"{order['total']} {order['currency']}: {lines}"


def _throttle(state: SandboxState, _: Document) -> None:
    """Let the host limit calls, until the store is reset."""
    state.is_throttled = True


SHOP = Shop[SandboxState](
    title="WooCommerce sandbox",
    reply=api.answer_to,
    controls={("POST", "throttle"): _throttle},
    fault_example="orders/{id}:PUT",
    place=orders.place,
    pay=orders.pay,
    cancel=lambda state, order: orders.set_status(state, order, "cancelled"),
    edit=orders.edit,
    refund=_refund,
    parcels=parcels.listed,
    refunds=lambda state, order: [
        {"amount": row["amount"]} for row in state.documents.where("refund", order=order["id"])
    ],
    products=_products,
    uninstall=lambda _: None,  # WooCommerce does not tell that a key was deleted
    summary=_summary,
)
