"""onX tools: answer products, stock, orders and fulfillments; create and cancel orders."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct, UnsetType

from storefront.dev.sandboxes.goods.model import Product
from storefront.dev.sandboxes.onx import arguments
from storefront.dev.sandboxes.onx.state import (
    CANCELED,
    LOCATION,
    STATUSES,
    Item,
    SandboxState,
    stamp,
)

type Row = dict[str, Any]


class ToolError(Exception):
    """A tool refuses a call; ``reason`` is the sandbox's own code."""

    def __init__(self, reason: str, message: str, **context: Any) -> None:
        super().__init__(message)
        self.reason, self.context = reason, context

    def payload(self) -> Row:
        details = {"originalError": self.reason, "context": self.context}
        error = {"code": 4001, "message": str(self), "retryable": False, "details": details}
        return {"success": False, "error": error}


def _chosen(value: object, wanted: list[str] | UnsetType) -> bool:
    return isinstance(wanted, UnsetType) or value in wanted


def _page(rows: Iterable[Row], asked: Any) -> list[Row]:
    return list(rows)[asked.skip : asked.skip + asked.page_size]


def _system_fields(product: Product) -> Row:
    at = stamp(product.listed_s)
    return {"createdAt": at, "updatedAt": at, "tenantId": "sandbox"}


def get_products(state: SandboxState, asked: arguments.GetProducts) -> Row:
    def rows() -> Iterator[Row]:
        for product in state.products():
            skus = {Item(product, variant).sku for variant in product.variants}
            is_wanted = isinstance(asked.skus, UnsetType) or skus & {*asked.skus}
            if not (_chosen(product.pid, asked.ids) and is_wanted):
                continue
            table = "".join(f"<li>{label}: {value}</li>" for label, value in product.specs)
            is_bare = product.flaw == "null_fields"
            yield {
                "id": product.pid,
                "name": product.title,
                "description": None if is_bare else f"<p>{product.lead}</p><ul>{table}</ul>",
                "status": "active",
                "vendor": None if is_bare else product.brand.name,
                "categories": None if is_bare else [product.category],
                "options": [
                    {
                        "name": name,
                        "values": sorted({each.values[place] for each in product.variants}),
                    }
                    for place, name in enumerate(product.option_names)
                ],
                "imageURLs": [f"{state.base_url}/pictures/{product.pid}/0/front.png"],
                **_system_fields(product),
            }

    return {"products": _page(rows(), asked)}


def get_product_variants(state: SandboxState, asked: arguments.GetProductVariants) -> Row:
    def row(item: Item) -> Row:
        product, variant = item.product, item.variant
        has_price = product.flaw != "missing_price"
        prices = {"cost": variant.price, "costCurrency": "USD"} if has_price else {}
        selected = zip(product.option_names, variant.values, strict=False)
        return {
            "id": variant.vid,
            "productId": product.pid,
            "sku": item.sku,
            "barcode": variant.barcode,
            "title": " ".join((product.title, *variant.values)),
            "selectedOptions": [{"name": name, "value": value} for name, value in selected],
            "weight": {"value": variant.packed_g, "unit": "g"},
            **prices,
            **_system_fields(product),
        }

    rows = (
        row(item)
        for item in state.items()
        if _chosen(item.variant.vid, asked.ids)
        and _chosen(item.sku, asked.skus)
        and _chosen(item.product.pid, asked.product_ids)
    )
    return {"productVariants": _page(rows, asked)}


def get_inventory(state: SandboxState, asked: arguments.GetInventory) -> Row:
    if not asked.skus:
        raise msgspec.ValidationError("at least one SKU is required")
    items = [item for sku in asked.skus if (item := state.by_sku(sku))]
    levels = [(item.sku, state.quantity(item)) for item in items]
    rows = [
        {"sku": sku, "locationId": LOCATION, "available": units, "tenantId": "sandbox"}
        for sku, units in levels
        if _chosen(LOCATION, asked.location_ids)
    ]
    return {"inventory": rows}


def get_orders(state: SandboxState, asked: arguments.GetOrders) -> Row:
    rows = (
        row
        for row in state.orders()
        if _chosen(row["id"], asked.ids)
        and _chosen(row.get("externalId"), asked.external_ids)
        and _chosen(row["status"], asked.statuses)
        and _chosen(row.get("name"), asked.names)
    )
    return {"orders": _page(rows, asked)}


def get_fulfillments(state: SandboxState, asked: arguments.GetFulfillments) -> Row:
    rows = (
        {
            "id": f"F{row['id']}",
            "orderId": row["id"],
            "status": row["status"],
            "shippingCarrier": "Sandbox Post",
            "trackingNumbers": [row["trackingNumber"]],
            "lineItems": row["lineItems"],
            **{name: row[name] for name in ("createdAt", "updatedAt", "tenantId")},
        }
        for row in state.orders()
        if row["trackingNumber"]
        and _chosen(f"F{row['id']}", asked.ids)
        and _chosen(row["id"], asked.order_ids)
    )
    return {"fulfillments": _page(rows, asked)}


def create_sales_order(state: SandboxState, asked: arguments.CreateSalesOrder) -> Row:
    """Create an order, even if another has its external id.

    Raises: ToolError  an item does not exist, or has too few units
    """
    with state.ledger.writing():
        for line in asked.order.line_items:
            item = state.by_sku(line.sku)
            if item is None:
                raise ToolError("PRODUCT_NOT_FOUND", f"No product {line.sku}", sku=line.sku)
            if state.quantity(item) < line.quantity:
                raise ToolError("INSUFFICIENT_INVENTORY", f"Too few of {line.sku}", sku=line.sku)
        made = state.ledger.insert(
            "orders",
            external_id=asked.order.external_id or "",
            status=STATUSES[0],
            body=msgspec.json.encode(asked.order).decode(),
            created_s=state.now(),
        )
    return {"order": _by_id(state, str(made))}


def cancel_order(state: SandboxState, asked: arguments.CancelOrder) -> Row:
    with state.ledger.writing():
        order = _by_id(state, asked.order_id)
        if order["status"] not in STATUSES[:2]:
            raise ToolError("INVALID_ORDER_STATE", f"{asked.order_id} is {order['status']}")
        state.move(order["id"], to=CANCELED)
    return {"order": _by_id(state, asked.order_id)}


def _by_id(state: SandboxState, order_id: str) -> Row:
    for row in state.orders():
        if row["id"] == order_id:
            return row
    raise ToolError("ORDER_NOT_FOUND", f"No order {order_id}")


TOOLS: dict[str, tuple[type[Struct], Callable[[SandboxState, Any], Row], str]] = {
    "create-sales-order": (arguments.CreateSalesOrder, create_sales_order, "Create an order."),
    "cancel-order": (arguments.CancelOrder, cancel_order, "Cancel an order before it ships."),
    "get-orders": (arguments.GetOrders, get_orders, "List orders."),
    "get-products": (arguments.GetProducts, get_products, "List products."),
    "get-product-variants": (arguments.GetProductVariants, get_product_variants, "List variants."),
    "get-inventory": (arguments.GetInventory, get_inventory, "List the stock of SKUs."),
    "get-fulfillments": (arguments.GetFulfillments, get_fulfillments, "List shipments."),
}
