"""Shopify shop: what buyers and staff do in the store, what is shown of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.shopify import catalog, dispatch, order_mutations, orders
from storefront.dev.sandboxes.shopify import webhooks as hooks
from storefront.dev.sandboxes.shopify.state import DOMAIN, SandboxState, gid, number_of, stamp
from storefront.dev.sandboxes.store.sales import BUYER, CENT, Amount, shares
from storefront.dev.sandboxes.store.shop import Sale, Shop, order_of
from storefront.dev.sandboxes.store.state import Document


def _place(state: SandboxState, sale: Sale) -> Document:
    """Place the order of a buyer. Raises ValueError: a SKU is not for sale or out of stock."""
    variants = [_take(state, sku, count) for sku, count in sale.units.items()]
    gross = [Decimal(each["price"]) * sale.units[each["sku"]] for each in variants]
    total = sum(gross, Decimal(0)) - sale.discount + sale.delivery
    number = state.documents.next_id()
    order: Document = {
        "id": number,
        "name": f"#{number}",
        "created_s": state.now(),
        "canceled_s": None,
        "test": sale.is_test,
        "presentment": sale.presentment,
        "email": BUYER["email"],
        "parcels": [],
        "refunds": [],
        "payments": [],
        "delivery": str(sale.delivery),
        "delivery_tax": _tax(state, sale.delivery),
        "total": str(total.quantize(CENT)),
        "lines": [],
    }
    for variant, amount, discount in zip(
        variants, gross, shares(sale.discount, gross), strict=True
    ):
        product = state.documents.get("product", variant["product_id"]) or {}
        line = {
            "id": orders.next_id(order),
            "variant_id": variant["id"],
            "sku": variant["sku"],
            "title": product["title"],
            "quantity": sale.units[variant["sku"]],
            "removed": 0,
            "unit": str(Decimal(variant["price"]).quantize(CENT)),
            "discount": str(discount),
            "tax": _tax(state, amount - discount),
        }
        order["lines"].append(line)
    orders.save(state, order)
    hooks.tell_order(state, order, "orders/create")
    if sale.is_paid:
        _pay(state, order)
    return order


def _take(state: SandboxState, sku: str, count: int) -> Document:
    """Take units of a variant from stock."""
    for variant in state.documents.where("variant", sku=sku):
        product = state.documents.get("product", variant["product_id"]) or {}
        is_shown = product["status"] == "ACTIVE" and product["is_published"]
        for location, available in variant["levels"].items():
            if is_shown and available >= count:
                variant["levels"][location] -= count
                return state.documents.put("variant", variant)
    raise ValueError(f"{sku} is not for sale, or out of stock")


def _tax(state: SandboxState, gross: Decimal) -> str:
    return str(Amount.of(gross, percent=state.rules.tax_percent).tax.quantize(CENT))


def _pay(state: SandboxState, order: Document) -> None:
    if not order["payments"]:
        sale = {"kind": "SALE", "amount": order["total"], "parent": None}
        order["payments"].append({"id": orders.next_id(order), **sale})
        orders.save(state, order)
        hooks.tell_order(state, order, "orders/paid")


def _cancel(state: SandboxState, order: Document) -> None:
    if order["canceled_s"] is None:
        order_mutations.set_canceled(state, order)


def _edit(state: SandboxState, order: Document, sku: str, quantity: int) -> None:
    """Remove units of a SKU, so that a quantity is left."""
    line = next((each for each in order["lines"] if each["sku"] == sku), None)
    if line is None:
        raise ValueError("no such line")
    removed = line["quantity"] - quantity
    if not line["removed"] <= removed <= line["removed"] + orders.unfulfilled(order, line):
        raise ValueError("not so many units are left")
    line["removed"] = removed
    orders.save(state, order)
    edit = {"id": order["id"], "order_id": order["id"], "created_at": stamp(state.now())}
    hooks.tell(state, "orders/edited", {"order_edit": edit})
    hooks.tell_order(state, order, "orders/updated")


def _refund(
    state: SandboxState, order: Document, units: Mapping[str, int], amount: Decimal
) -> Document:
    if amount > orders.paid(order) - orders.returned(order):
        raise ValueError("more than was paid")
    ids = {line["sku"]: line["id"] for line in order["lines"]}
    sale = next(each["id"] for each in order["payments"] if each["kind"] == "SALE")
    return order_mutations.make_refund(
        state,
        order,
        units={str(ids[sku]): count for sku, count in units.items()},
        payments=[(sale, amount)] if amount else [],
        note="",
    )


def _parcels(_: SandboxState, order: Document) -> list[Document]:
    skus = {str(line["id"]): line["sku"] for line in order["lines"]}
    return [
        {
            "number": each["number"],
            "url": each["url"],
            "units": {skus[line]: count for line, count in each["units"].items()},
        }
        for each in order["parcels"]
    ]


def _products(state: SandboxState) -> list[Document]:
    return [
        {
            "id": gid("Product", each["id"]),
            "title": each["title"],
            "is_active": each["status"] == "ACTIVE" and each["is_published"],
            "skus": [variant["sku"] for variant in catalog.variants_of(state, each)],
        }
        for each in state.documents.all("product")
    ]


def _summary(state: SandboxState, order: Document) -> tuple[str, str, str]:
    status = orders.financial_status(order).lower()
    status += "" if order["canceled_s"] is None else ", cancelled"
    lines = ", ".join(f"{line['quantity']} × {line['sku']}" for line in order["lines"])
    return order["name"], status, f"{order['total']} {state.rules.currency}: {lines}"


# Further controls


def _hold(state: SandboxState, arguments: Document) -> None:
    """Put an order on hold, or release it."""
    order = order_of(state, arguments)
    order["hold"] = bool(arguments.get("on", True))
    orders.save(state, order)


def _set_stock(state: SandboxState, arguments: Document) -> None:
    """Set the stock of a SKU as the merchant does in the admin."""
    for variant in state.documents.where("variant", sku=arguments["sku"]):
        variant["levels"]["1"] = int(arguments["quantity"])
        state.documents.put("variant", variant)


def _delete(state: SandboxState, arguments: Document) -> None:
    """Delete a variant, or a product with all its variants."""
    gone = [number_of(arguments["id"], "ProductVariant")]
    if product := state.documents.get("product", number_of(arguments["id"], "Product")):
        gone = product["variant_ids"]
        state.documents.delete("product", product["id"])
    for number in gone:
        if variant := state.documents.get("variant", number):
            state.documents.delete("variant", number)
            if left := state.documents.get("product", variant["product_id"]):
                left["variant_ids"].remove(number)
                state.documents.put("product", left)


def _set_limits(state: SandboxState, arguments: Document) -> Any:
    """Set the points that are restored per second, and how many the bucket holds."""
    state.bucket.set(
        restore=float(arguments["restore"]), maximum=float(arguments.get("maximum", 0))
    )
    return state.bucket.status(now_s=state.now())


SHOP = Shop[SandboxState](
    title="Shopify sandbox",
    reply=dispatch.reply_to,
    controls={
        ("POST", "orders/hold"): _hold,
        ("POST", "stock"): _set_stock,
        ("POST", "delete"): _delete,
        ("POST", "limits"): _set_limits,
    },
    fault_example="/productSet",
    place=_place,
    pay=_pay,
    cancel=_cancel,
    edit=_edit,
    refund=_refund,
    parcels=_parcels,
    refunds=lambda _, order: [{"amount": each["amount"]} for each in order["refunds"]],
    products=_products,
    uninstall=lambda state: hooks.tell(state, "app/uninstalled", {"id": 1, "domain": DOMAIN}),
    summary=_summary,
    id_of=lambda order: gid("Order", order["id"]),
)
