"""Supplier ledgers: read and change what happened at each supplier, through its sandbox."""

from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.goods.catalog import Catalog

COUNT = 12
SEED = 7

type Orders = list[tuple[str, dict[str, int]]]


def goods_at_cj(_stage: Any) -> dict[str, str]:
    catalog = Catalog(COUNT, SEED)
    products = [catalog.at(place) for place in range(len(catalog))]
    return {variant.vid: product.pid for product in products for variant in product.variants}


def _open_orders_at_cj(opened: Any) -> list[dict[str, Any]]:
    orders = opened.sandbox.control("orders")["orders"]
    return [row for row in orders if row["status"] != "CANCELLED"]


def orders_at_cj(opened: Any) -> Orders:
    return [
        (row["order_number"], {line["vid"]: line["quantity"] for line in row["lines"]})
        for row in _open_orders_at_cj(opened)
    ]


def money_at_cj(opened: Any) -> Decimal:
    left = Decimal(opened.sandbox.control("orders")["balance_cents"]) / 100
    amounts = ("product_amount", "postage_amount")
    return left + sum(Decimal(row[name]) for row in _open_orders_at_cj(opened) for name in amounts)


def deliver_at_cj(opened: Any, number: str) -> None:
    opened.sandbox.control("advance", {"orderNumber": number, "to": "DELIVERED"})


def claims_at_cj(opened: Any) -> dict[str, str]:
    rows = opened.sandbox.control("orders")["disputes"]
    return {row["business_id"]: row["status"] for row in rows}


def refund_at_cj(opened: Any, supplier_claim_reference: str) -> None:
    opened.sandbox.control(
        "decide", {"disputeId": supplier_claim_reference, "deal": 1, "amount": "3.20"}
    )


def goods_at_bigbuy(sandbox: Any) -> dict[str, str]:
    rows = sandbox.client.get(f"{sandbox.url}/control/items", params={"most": 1000}).json()
    return {row["sku"]: str(row["product"]) for row in rows}


def orders_at_bigbuy(opened: Any) -> Orders:
    return [
        (row["reference"], {line["reference"]: line["quantity"] for line in row["lines"]})
        for row in opened.sandbox.control("orders")["orders"]
    ]


def money_at_bigbuy(opened: Any) -> Decimal:
    report = opened.sandbox.control("orders")
    spent = sum(Decimal(row["goods"]) + Decimal(row["shipping"]) for row in report["orders"])
    return Decimal(report["purse_eur"]) + spent


def deliver_at_bigbuy(opened: Any, number: str) -> None:
    opened.sandbox.control("advance", {"reference": number, "to": "Delivered"})


def goods_in_files(_stage: Any) -> dict[str, str]:
    """Return the SKUs of the catalog: feeds have no bad rows and no other ledger."""
    catalog = Catalog(COUNT, SEED)
    parents = [(f"LX-{number:06}", catalog.product(number)) for number in range(COUNT)]
    return {
        f"{parent}-{variant.place + 1}": parent
        for parent, product in parents
        for variant in product.variants
    }


def emailed_orders(opened: Any) -> Orders:
    """Return the orders by e-mail, the only ledger of a feed."""
    return [
        (number, {line["sku"]: line["quantity"] for line in letter["lines"]})
        for number, (_, letter) in opened.context.mailer.letters.items()
    ]


def goods_at_onx(sandbox: Any) -> dict[str, str]:
    rows = sandbox.client.get(f"{sandbox.url}/control/items").json()
    return {row["sku"]: row["product"] for row in rows}


def orders_at_onx(opened: Any) -> Orders:
    return [
        (row["externalId"], {line["sku"]: int(line["quantity"]) for line in row["lineItems"]})
        for row in opened.sandbox.control("orders")["orders"]
        if row["status"] != "cancelled"
    ]


def deliver_at_onx(opened: Any, number: str) -> None:
    opened.sandbox.control("advance", {"number": number, "to": "delivered"})
