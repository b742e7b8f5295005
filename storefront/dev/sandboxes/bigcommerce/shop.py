"""BigCommerce shop: what buyers and staff do in the store, what is shown of it."""

from collections.abc import Mapping
from decimal import Decimal

from storefront.dev.sandboxes.bigcommerce import api, orders, webhooks
from storefront.dev.sandboxes.bigcommerce.state import SandboxState
from storefront.dev.sandboxes.store.shop import Shop
from storefront.dev.sandboxes.store.state import Document


def _refund(
    state: SandboxState, order: Document, units: Mapping[str, int], amount: Decimal
) -> Document:
    ids = {line["sku"]: line["id"] for line in orders.lines_of(order)}
    items = [
        {"item_type": "PRODUCT", "item_id": ids[sku], "quantity": count, "reason": "Store refund"}
        for sku, count in units.items()
    ]
    return orders.add_refund(state, order, items=items, total=amount, tax=Decimal(0))


def _parcels(state: SandboxState, order: Document) -> list[Document]:
    skus = {line["id"]: line["sku"] for line in orders.lines_of(order)}
    return [
        {
            "number": row["tracking_number"],
            "url": row["tracking_link"],
            "units": {skus[item["order_product_id"]]: item["quantity"] for item in row["items"]},
        }
        for row in state.documents.where("shipment", order_id=order["id"])
    ]


def _refunds(state: SandboxState, order: Document) -> list[Document]:
    rows = state.documents.where("refund", order_id=order["id"])
    return [{"amount": f"{row['total_amount']:.2f}"} for row in rows]


def _products(state: SandboxState) -> list[Document]:
    return [
        {
            "id": row["id"],
            "title": row["name"],
            "is_active": row["is_visible"],
            "skus": [variant["sku"] for variant in row["variants"]],
        }
        for row in state.documents.all("product")
    ]


def _summary(_: SandboxState, order: Document) -> tuple[str, str, str]:
    lines = ", ".join(f"{line['quantity']} × {line['sku']}" for line in orders.lines_of(order))
    total = f"{Decimal(order['total_inc_tax']):.2f} {order['currency_code']}"
    return f"#{order['id']}", orders.STATUSES[order["status_id"]], f"{total}: {lines}"


def _throttle(state: SandboxState, _: Document) -> None:
    """Set a quota so small that calls must wait, for tests."""
    state.quota.set(calls=5, window_s=0.5)


SHOP = Shop[SandboxState](
    title="BigCommerce sandbox",
    reply=api.answer_to,
    controls={("POST", "throttle"): _throttle},
    fault_example="orders/{id}:PUT",
    place=orders.place,
    pay=orders.pay,
    cancel=lambda state, order: orders.set_status(state, order, orders.CANCELED),
    edit=orders.edit,
    refund=_refund,
    parcels=_parcels,
    refunds=_refunds,
    products=_products,
    uninstall=lambda state: webhooks.tell(state, "store/app/uninstalled"),
    summary=_summary,
)
