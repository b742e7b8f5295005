"""WooCommerce orders: place, pay, edit, cancel and refund them; list, change and refund by API."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from storefront.dev.sandboxes.store.sales import BUYER, Amount, shares
from storefront.dev.sandboxes.store.shop import Sale
from storefront.dev.sandboxes.store.state import Document
from storefront.dev.sandboxes.woocommerce import webhooks
from storefront.dev.sandboxes.woocommerce.products import move_stock
from storefront.dev.sandboxes.woocommerce.state import (
    SandboxState,
    check_fields,
    error,
    invalid,
)

STATUSES = frozenset(
    {"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed"}
)
TAX_RATE = 7
ROUNDED = frozenset(
    {"subtotal", "subtotal_tax", "total", "total_tax", "shipping_total", "shipping_tax"}
)
SOLD = frozenset({"processing", "on-hold", "completed"})  # their stock is reduced
REFUSED = "woocommerce_rest_cannot_create_order_refund"


def place(state: SandboxState, sale: Sale) -> Document:
    """Place the order of a buyer. Raises ValueError: a SKU is not for sale or out of stock."""
    units = sale.units
    items = [_item(state, sku, count) for sku, count in units.items()]
    amounts = [Decimal(item["price"]) * units[item["sku"]] for item in items]
    address = {
        "first_name": BUYER["first_name"], "last_name": BUYER["last_name"], "company": "",
        "address_1": BUYER["line"], "address_2": "", "city": BUYER["city"], "state": "",
        "postcode": BUYER["postcode"], "country": BUYER["country"], "phone": BUYER["phone"],
    }  # fmt: skip
    now = state.now_text()
    order: Document = {
        "id": state.documents.next_id(),
        "status": "pending",
        "currency": state.rules.currency,
        "prices_include_tax": True,
        "date_created_gmt": now,
        "date_modified_gmt": now,
        "date_paid_gmt": None,
        "payment_method": "card",
        "billing": {**address, "email": BUYER["email"]},
        "shipping": address,
        "line_items": [],
        "shipping_lines": [{"id": state.documents.next_id(), "method_title": "Parcel"}],
        "tax_lines": [
            {"id": state.documents.next_id(), "rate_id": TAX_RATE, "label": "VAT",
             "rate_percent": state.rules.tax_percent}
        ],
        "fee_lines": [],
        "refunds": [],
        "meta_data": [],
    }  # fmt: skip
    order["number"] = str(order["id"])
    for item, amount, less in zip(items, amounts, shares(sale.discount, amounts), strict=True):
        line = {
            "id": state.documents.next_id(),
            "name": item.get("name") or item["sku"],
            "product_id": item["parent_id"] or item["id"],
            "variation_id": item["id"] if item["parent_id"] else 0,
            "sku": item["sku"],
            "quantity": units[item["sku"]],
            "meta_data": [],
        }
        _set_amounts(state, line, amount, less)
        order["line_items"].append(line)
    _set_taxes(state, order["shipping_lines"][0], sale.delivery)
    _total(order)
    state.documents.put("order", order)
    webhooks.tell(state, "order.created", order)
    if sale.is_paid:
        pay(state, order)
    return order


def _item(state: SandboxState, sku: str, count: int) -> Document:
    for kind in ("product", "variation"):
        for item in state.documents.where(kind, sku=sku):
            parent = state.documents.get("product", item["parent_id"]) or item
            is_shown = item["status"] == parent["status"] == "publish" and item["price"]
            if is_shown and (not item["manage_stock"] or (item["stock_quantity"] or 0) >= count):
                return item
    raise ValueError(f"{sku} is not for sale, or out of stock")


def _set_amounts(state: SandboxState, line: Document, gross: Decimal, less: Decimal) -> None:
    subtotal = Amount.of(gross, percent=state.rules.tax_percent)
    line |= {"subtotal": str(subtotal.net), "subtotal_tax": str(subtotal.tax)}
    _set_taxes(state, line, gross - less)


def _set_taxes(state: SandboxState, line: Document, gross: Decimal) -> None:
    paid = Amount.of(gross, percent=state.rules.tax_percent)
    line |= {
        "total": str(paid.net),
        "total_tax": str(paid.tax),
        "taxes": [{"id": TAX_RATE, "total": str(paid.tax)}],
    }


def _total(order: Document) -> None:
    rows = [*order["line_items"], *order["shipping_lines"]]
    total = sum((Decimal(row["total"]) + Decimal(row["total_tax"]) for row in rows), Decimal(0))
    shipping = order["shipping_lines"][0]
    order |= {
        "shipping_total": shipping["total"],
        "shipping_tax": shipping["total_tax"],
        "total_tax": str(sum((Decimal(row["total_tax"]) for row in rows), Decimal(0))),
        "total": f"{total:.2f}",
    }


def shown(order: Document, *, digits: int) -> Document:
    """Return an order as the API shows it: amounts rounded to the digits that were asked for."""
    step = Decimal(1).scaleb(-digits)
    rounded = {
        name: [_rounded(row, step) for row in order[name]]
        for name in ("line_items", "shipping_lines")
    }
    return {**_rounded(order, step), **rounded}


def _rounded(row: Document, step: Decimal) -> Document:
    return {
        name: str(Decimal(value).quantize(step, ROUND_HALF_UP)) if name in ROUNDED else value
        for name, value in row.items()
    }


def changed(state: SandboxState, order: Document) -> None:
    """Store a changed order, and queue its webhooks."""
    order["date_modified_gmt"] = state.now_text()
    state.documents.put("order", order)
    webhooks.tell(state, "order.updated", order)


def set_status(state: SandboxState, order: Document, status: str) -> None:
    """Move an order; its stock is reduced or restored with it."""
    was_sold, is_sold = order["status"] in SOLD, status in SOLD
    order["status"] = status
    if status in {"processing", "completed"} and not order["date_paid_gmt"]:
        order["date_paid_gmt"] = order["date_modified_gmt"]
    if was_sold != is_sold and status != "refunded":
        for line in order["line_items"]:
            _move_line(state, line, -line["quantity"] if is_sold else line["quantity"])
    changed(state, order)


def _move_line(state: SandboxState, line: Document, quantity: int) -> None:
    kind, number = "product", line["product_id"]
    if line["variation_id"]:
        kind, number = "variation", line["variation_id"]
    if item := state.documents.get(kind, number):
        move_stock(state, item, quantity)


def pay(state: SandboxState, order: Document) -> None:
    if order["status"] in {"pending", "on-hold", "failed"}:
        set_status(state, order, "processing")


def edit(state: SandboxState, order: Document, sku: str, quantity: int) -> None:
    """Change the quantity of a line, as staff of the store do; 0 removes the line."""
    line = next(row for row in order["line_items"] if row["sku"] == sku)
    unit = (Decimal(line["subtotal"]) + Decimal(line["subtotal_tax"])) / line["quantity"]
    if order["status"] in SOLD:
        _move_line(state, line, line["quantity"] - quantity)
    line["quantity"] = quantity
    _set_amounts(state, line, unit * quantity, Decimal(0))
    order["line_items"] = [row for row in order["line_items"] if row["quantity"]]
    _total(order)
    changed(state, order)


def update(state: SandboxState, order: Document, body: Document) -> Document:
    """Change an order by API: its status and its meta data."""
    check_fields(body, {"status": str, "meta_data": list})
    if "status" in body and body["status"] not in STATUSES:
        raise invalid("status")
    metas = {row["key"]: row for row in order["meta_data"]}
    for row in body.get("meta_data", []):
        before = metas.get(row["key"], {"id": state.documents.next_id()})
        metas[row["key"]] = {**before, "key": row["key"], "value": row["value"]}
    order["meta_data"] = list(metas.values())
    if body.get("status", order["status"]) != order["status"]:
        set_status(state, order, body["status"])
    elif "meta_data" in body:
        changed(state, order)
    return order


# Refunds


def refund(state: SandboxState, order: Document, body: Document) -> Document:
    """Refund money at each call: WooCommerce has no idempotency key."""
    kinds: dict[str, type | tuple[type, ...]] = {
        "amount": str, "reason": str, "line_items": list, "api_refund": bool, "api_restock": bool,
        "meta_data": list,
    }  # fmt: skip
    check_fields(body, kinds)
    try:
        amount = Decimal(body.get("amount", ""))
    except InvalidOperation:
        raise invalid("amount") from None
    if amount < 0:
        raise error(400, "woocommerce_rest_invalid_order_refund",
                    "Refund amount must be greater than zero.")  # fmt: skip
    made = sum((-Decimal(row["total"]) for row in order["refunds"]), Decimal(0))
    left = Decimal(order["total"]) - made
    is_paid = bool(order["date_paid_gmt"])
    if amount > left or not is_paid:
        raise error(500, REFUSED, "Invalid refund amount.")
    lines = {row["id"]: row for row in [*order["line_items"], *order["shipping_lines"]]}
    rows = []
    for row in body.get("line_items", []):
        check_fields(
            row, {"id": int, "quantity": int, "refund_total": (int, float), "refund_tax": list}
        )
        line = lines.get(row["id"])
        if line is None or row.get("quantity", 0) > line.get("quantity", 0):
            raise error(400, "woocommerce_rest_invalid_line_item", "Invalid line item.")
        if body.get("api_restock", True) and row.get("quantity"):
            _move_line(state, line, row["quantity"])
        if "sku" in line and (row.get("quantity") or row.get("refund_total")):
            rows.append(_refund_line(state, line, row))
    document = {
        "id": state.documents.next_id(),
        "order": order["id"],
        "date_created_gmt": state.now_text(),
        "amount": f"{amount:.2f}",
        "reason": body.get("reason", ""),
        "line_items": rows,
        "is_by_gateway": body.get("api_refund", True),
    }
    state.documents.put("refund", document)
    order["refunds"].append(
        {"id": document["id"], "reason": document["reason"], "total": f"-{amount:.2f}"}
    )
    if amount == left:
        set_status(state, order, "refunded")
    else:
        changed(state, order)
    return document


def _refund_line(state: SandboxState, line: Document, row: Document) -> Document:
    taxes = sum(
        (Decimal(str(tax["refund_total"])) for tax in row.get("refund_tax", [])), Decimal(0)
    )
    original = {
        "id": state.documents.next_id(),
        "key": "_refunded_item_id",
        "value": str(line["id"]),
    }
    return {
        "id": state.documents.next_id(),
        "name": line["name"],
        "product_id": line["product_id"],
        "variation_id": line["variation_id"],
        "sku": line["sku"],
        "quantity": -row.get("quantity", 0),
        "total": f"-{Decimal(str(row.get('refund_total', 0)))}",
        "total_tax": f"-{taxes}",
        "meta_data": [original],
    }
