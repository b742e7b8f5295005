"""BigCommerce orders: place, pay, edit, cancel and refund them, ship them in parcels."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from storefront.dev.sandboxes.bigcommerce import webhooks
from storefront.dev.sandboxes.bigcommerce.products import move_stock
from storefront.dev.sandboxes.bigcommerce.state import (
    SandboxState,
    check_fields,
    refused,
    refused_v2,
)
from storefront.dev.sandboxes.store.sales import BUYER, CENT, Amount, shares
from storefront.dev.sandboxes.store.shop import Sale
from storefront.dev.sandboxes.store.state import Document

STATUSES = {
    0: "Incomplete", 1: "Pending", 2: "Shipped", 3: "Partially Shipped", 4: "Refunded",
    5: "Cancelled", 6: "Declined", 7: "Awaiting Payment", 8: "Awaiting Pickup",
    9: "Awaiting Shipment", 10: "Completed", 11: "Awaiting Fulfillment",
    12: "Manual Verification Required", 13: "Disputed", 14: "Partially Refunded",
}  # fmt: skip
SHIPPED, PARTLY_SHIPPED, REFUNDED, CANCELED, UNPAID, PAID, PARTLY_REFUNDED = 2, 3, 4, 5, 7, 11, 14
UNSOLD = frozenset({0, CANCELED, 6, UNPAID})  # their stock is not reduced
PROVIDER = "cardgateway"
TEST_GATEWAY = "Test Payment Gateway"


def place(state: SandboxState, sale: Sale) -> Document:
    """Place the order of a buyer. Raises ValueError: a SKU is not for sale or out of stock."""
    percent, units = state.rules.tax_percent, sale.units
    items = [_item(state, sku, count) for sku, count in units.items()]
    amounts = [price * units[variant["sku"]] for _, variant, price in items]
    shipping = Amount.of(sale.delivery, percent=percent)
    address = {
        "id": state.documents.next_id(), "first_name": BUYER["first_name"],
        "last_name": BUYER["last_name"], "company": "", "street_1": BUYER["line"], "street_2": "",
        "city": BUYER["city"], "state": "", "zip": BUYER["postcode"],
        "country": BUYER["country_name"], "country_iso2": BUYER["country"],
        "email": BUYER["email"], "phone": BUYER["phone"],
    }  # fmt: skip
    now = state.now_text()
    order = {
        "id": state.documents.next_id(),
        "status_id": UNPAID,
        "date_created": now,
        "date_modified": now,
        "currency_code": state.rules.currency,
        "payment_method": TEST_GATEWAY if sale.is_test else "Credit Card",
        "payment_status": "",
        "shipping_cost_inc_tax": money(shipping.gross),
        "shipping_cost_ex_tax": money(shipping.net),
        "shipping_cost_tax": money(shipping.tax),
        "refunded_amount": money(Decimal(0)),
        "staff_notes": "",
        "customer_locale": "en",
        "billing_address": {key: value for key, value in address.items() if key != "id"},
        "consignments": {"shipping": [{**address, "line_items": []}]},
    }
    for (product, variant, price), amount, less in zip(
        items, amounts, shares(sale.discount, amounts), strict=True
    ):
        line = {
            "id": state.documents.next_id(),
            "order_id": order["id"],
            "product_id": product["id"],
            "variant_id": variant["id"],
            "order_address_id": address["id"],
            "name": product["name"],
            "sku": variant["sku"],
            "type": "physical",
            "quantity_shipped": 0,
            "quantity_refunded": 0,
        }
        unit = Amount.of(price, percent=percent)
        line |= {"price_inc_tax": money(unit.gross), "price_ex_tax": money(unit.net)}
        _set_quantity(state, line, units[variant["sku"]], paid=amount - less)
        lines_of(order).append(line)
    _total(order)
    state.documents.put("order", order)
    webhooks.tell(state, "store/order/created", order)
    if sale.is_paid:
        pay(state, order)
    return order


def money(value: Decimal) -> str:
    return f"{value:.4f}"


def lines_of(order: Document) -> list[Document]:
    lines: list[Document] = order["consignments"]["shipping"][0]["line_items"]
    return lines


def shown(order: Document, *, has_lines: bool) -> Document:
    """Return an order as V2 shows it: consignments only if they were asked for."""
    known = order | {"status": STATUSES[order["status_id"]]}
    return known if has_lines else {**known, "consignments": {"url": "", "resource": ""}}


def _item(state: SandboxState, sku: str, count: int) -> tuple[Document, Document, Decimal]:
    for product in state.documents.all("product"):
        is_shown = product["is_visible"] and product["availability"] == "available"
        for variant in product["variants"]:
            tracked = {"product": product, "variant": variant}.get(product["inventory_tracking"])
            is_left = tracked is None or tracked["inventory_level"] >= count
            if variant["sku"] == sku and is_shown and is_left:
                sold = product if variant["price"] is None else variant
                price = sold["sale_price"] or sold["price"]
                return product, variant, Decimal(str(price))
    raise ValueError(f"{sku} is not for sale, or out of stock")


def _set_quantity(state: SandboxState, line: Document, quantity: int, *, paid: Decimal) -> None:
    gross = Decimal(line["price_inc_tax"]) * quantity
    taxed = Amount.of(paid, percent=state.rules.tax_percent)
    line |= {
        "quantity": quantity,
        "total_inc_tax": money(gross),
        "total_tax": money(taxed.tax),
        "discounted_total_inc_tax": money(paid),
    }


def _total(order: Document) -> None:
    goods = sum((Decimal(row["discounted_total_inc_tax"]) for row in lines_of(order)), Decimal(0))
    order["total_inc_tax"] = money(goods + Decimal(order["shipping_cost_inc_tax"]))


def changed(state: SandboxState, order: Document, scope: str = "store/order/updated") -> None:
    """Store a changed order, and queue its webhooks."""
    order["date_modified"] = state.now_text()
    state.documents.put("order", order)
    webhooks.tell(state, scope, order)


def set_status(state: SandboxState, order: Document, status_id: int) -> None:
    """Move an order; its stock is reduced or restored with it."""
    was_sold, is_sold = order["status_id"] not in UNSOLD, status_id not in UNSOLD
    order["status_id"] = status_id
    if was_sold != is_sold and status_id != REFUNDED:
        for line in lines_of(order):
            count = line["quantity"]
            move_stock(state, line["variant_id"], -count if is_sold else count)
    changed(state, order, "store/order/statusUpdated")


def pay(state: SandboxState, order: Document) -> None:
    if order["status_id"] == UNPAID:
        order["payment_status"] = "captured"
        set_status(state, order, PAID)


def edit(state: SandboxState, order: Document, sku: str, quantity: int) -> None:
    """Change the quantity of a line, as staff of the store do; 0 removes the line."""
    line = next(row for row in lines_of(order) if row["sku"] == sku)
    if order["status_id"] not in UNSOLD:
        move_stock(state, line["variant_id"], line["quantity"] - quantity)
    _set_quantity(state, line, quantity, paid=Decimal(line["price_inc_tax"]) * quantity)
    lines_of(order)[:] = [row for row in lines_of(order) if row["quantity"]]
    _total(order)
    changed(state, order)


def update(state: SandboxState, order: Document, body: Any) -> Document:
    check_fields(body, {"status_id": int, "staff_notes": str})
    order["staff_notes"] = body.get("staff_notes", order["staff_notes"])
    status_id = body.get("status_id", order["status_id"])
    if status_id not in STATUSES:
        raise refused_v2(400, "The field 'status_id' is invalid.")
    if status_id != order["status_id"]:
        set_status(state, order, status_id)
    else:
        changed(state, order)
    return order


# Shipments

SHIPMENT_FIELDS: dict[str, Any] = {
    "order_address_id": int, "items": list, "tracking_number": str, "tracking_link": str,
    "shipping_method": str, "shipping_provider": str, "tracking_carrier": str, "comments": str,
}  # fmt: skip
PROVIDERS = frozenset(
    {"", "auspost", "canadapost", "endicia", "usps", "fedex", "royalmail", "ups", "upsready",
     "shipperhq"}
)  # fmt: skip
MAX_NUMBER, MAX_LINK = 50, 500


def ship(state: SandboxState, order: Document, body: Any) -> Document:
    """Create a shipment; the status of the order follows."""
    check_fields(body, SHIPMENT_FIELDS, required=("order_address_id", "items"))
    _check_tracking(body)
    if body["order_address_id"] != order["consignments"]["shipping"][0]["id"]:
        raise refused_v2(400, "The field 'order_address_id' is invalid.")
    lines = {row["id"]: row for row in lines_of(order)}
    for item in body["items"]:
        check_fields(item, {"order_product_id": int, "quantity": int})
        line = lines.get(item["order_product_id"])
        if line is None or item["quantity"] > line["quantity"] - line["quantity_shipped"]:
            raise refused_v2(400, "The quantity of an item is not left to ship.")
        line["quantity_shipped"] += item["quantity"]
    shipment = state.documents.put("shipment", {"order_id": order["id"], **body})
    is_whole = all(row["quantity_shipped"] >= row["quantity"] for row in lines_of(order))
    set_status(state, order, SHIPPED if is_whole else PARTLY_SHIPPED)
    return shipment


def update_shipment(state: SandboxState, shipment: Document, body: Any) -> Document:
    check_fields(body, SHIPMENT_FIELDS)
    _check_tracking(body)
    return state.documents.put("shipment", shipment | body)


def _check_tracking(body: Document) -> None:
    if (
        len(body.get("tracking_number", "")) > MAX_NUMBER
        or len(body.get("tracking_link", "")) > MAX_LINK
        or body.get("shipping_provider", "") not in PROVIDERS
    ):
        raise refused_v2(400, "The tracking data are invalid.")


# Refunds

QUANTITY_ITEM: dict[str, Any] = {"item_type": str, "item_id": int, "quantity": int, "reason": str}
ORDER_ITEM: dict[str, Any] = {
    "item_type": str, "item_id": int, "amount": (int, float), "reason": str
}  # fmt: skip
AMOUNT_ITEM: dict[str, Any] = {"item_type": str, "item_id": int, "amount": (int, float)}


def quote(state: SandboxState, order: Document, body: Any) -> Document:
    """Return what the refund of some items is worth, and how it can be paid."""
    check_fields(body, {"items": list}, required=("items",))
    total, tax = _worth(state, order, body["items"])
    amount = float(total)
    return {
        "order_id": order["id"],
        "total_refund_amount": amount,
        "total_refund_tax_amount": float(tax),
        "rounding": 0,
        "tax_inclusive": True,
        "refund_methods": [
            [{"provider_id": "storecredit", "provider_description": "Store Credit",
              "amount": amount, "offline": False}],
            [{"provider_id": PROVIDER, "provider_description": "Card", "amount": amount,
              "offline": False}],
            [{"provider_id": "custom", "provider_description": "Custom", "amount": amount,
              "offline": True}],
        ],
    }  # fmt: skip


def _worth(state: SandboxState, order: Document, items: Any) -> tuple[Decimal, Decimal]:
    total, untaxed = Decimal(0), Decimal(0)
    lines = {row["id"]: row for row in lines_of(order)}
    for item in items:
        kind = item.get("item_type") if isinstance(item, dict) else ""
        if kind == "PRODUCT":
            check_fields(item, QUANTITY_ITEM, required=("item_type", "item_id", "quantity"))
            line = lines.get(item["item_id"])
            if line is None or item["quantity"] > line["quantity"] - line["quantity_refunded"]:
                raise refused(422, "Quantity exceeds what can be refunded")
            paid = Decimal(line["discounted_total_inc_tax"]) * item["quantity"] / line["quantity"]
            total += paid.quantize(CENT, ROUND_HALF_UP)
        elif kind == "SHIPPING":
            check_fields(item, AMOUNT_ITEM, required=("item_type", "item_id", "amount"))
            total += Decimal(str(item["amount"]))
        elif kind == "ORDER":
            check_fields(item, ORDER_ITEM, required=("item_type", "item_id", "amount"))
            untaxed += Decimal(str(item["amount"]))
        else:
            raise refused(422, "Unknown item type")
    tax = Amount.of(total, percent=state.rules.tax_percent).tax.quantize(CENT, ROUND_HALF_UP)
    return total + untaxed, tax


def refund(state: SandboxState, order: Document, body: Any) -> Document:
    """Refund money at each call: BigCommerce has no idempotency key."""
    check_fields(
        body,
        {"items": list, "payments": list, "merchant_calculated_override": dict},
        required=("items", "payments"),
    )
    quoted, quoted_tax = _worth(state, order, body["items"])
    override = body.get("merchant_calculated_override")
    number = (int, float)
    if override is not None:
        check_fields(override, {"total_amount": number, "total_tax": number},
                     required=("total_amount", "total_tax"))  # fmt: skip
    total = Decimal(str(override["total_amount"])) if override else quoted
    tax = Decimal(str(override["total_tax"])) if override else quoted_tax
    for payment in body["payments"]:
        check_fields(payment, {"provider_id": str, "amount": number, "offline": bool},
                     required=("provider_id", "amount", "offline"))  # fmt: skip
        if payment["provider_id"] not in {PROVIDER, "custom", "storecredit"}:
            raise refused(422, "Unknown payment provider")
    if sum((Decimal(str(one["amount"])) for one in body["payments"]), Decimal(0)) != total:
        raise refused(422, "The payments do not add up to the refund")
    return add_refund(state, order, items=body["items"], total=total, tax=tax)


def add_refund(
    state: SandboxState, order: Document, *, items: list[Document], total: Decimal, tax: Decimal
) -> Document:
    left = Decimal(order["total_inc_tax"]) - Decimal(order["refunded_amount"])
    if total > left or order["payment_status"] == "":
        raise refused(422, "The refund exceeds what was paid")
    lines = {row["id"]: row for row in lines_of(order)}
    for item in items:
        if item["item_type"] == "PRODUCT":
            lines[item["item_id"]]["quantity_refunded"] += item["quantity"]
    reasons = [item["reason"] for item in items if item.get("reason")]
    document = {
        "order_id": order["id"],
        "created": datetime.fromtimestamp(state.stamp_s(), UTC).isoformat(),
        "reason": reasons[0] if reasons else "",
        "total_amount": float(total),
        "total_tax": float(tax),
        "payments": [{"provider_id": PROVIDER, "amount": float(total), "is_declined": False}],
        "items": [
            {"item_type": one["item_type"], "item_id": one["item_id"],
             "quantity": one.get("quantity"), "reason": one.get("reason", "")}
            for one in items
        ],
    }  # fmt: skip
    state.documents.put("refund", document)
    is_whole = total == left
    order["refunded_amount"] = money(Decimal(order["refunded_amount"]) + total)
    order["payment_status"] = "refunded" if is_whole else "partially refunded"
    order["status_id"] = REFUNDED if is_whole else PARTLY_REFUNDED
    changed(state, order, "store/order/refund/created")
    return document
