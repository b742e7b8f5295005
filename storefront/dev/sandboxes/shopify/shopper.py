"""Shopify shopper and merchant: place, pay, edit, cancel and refund orders by control actions."""

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from storefront.dev.sandboxes.core.http_server import BadControlError
from storefront.dev.sandboxes.shopify import order_mutations, orders
from storefront.dev.sandboxes.shopify import webhooks as hooks
from storefront.dev.sandboxes.shopify.state import SandboxState, gid, number_of
from storefront.lib.money import Money, allocate

CENT = Decimal("0.01")
DELIVERY = "4.90"
ADDRESS = {
    "name": "Erika Muster",
    "company": None,
    "address1": "Musterweg 1",
    "address2": None,
    "zip": "10115",
    "city": "Berlin",
    "provinceCode": None,
    "countryCodeV2": "DE",
    "phone": "+493012345678",
}

type Arguments = dict[str, Any]


def place(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Place an order of ``units`` by SKU; the store refuses what it does not show or have."""
    units = arguments.get("units") or {}
    if isinstance(units, str):  # from the form of the status page
        units = {arguments["units"]: int(arguments.get("quantity", 1))}
    with state.ledger.writing():
        wanted = [(_variant(state, sku, int(count)), int(count)) for sku, count in units.items()]
        if not wanted:
            raise BadControlError("units are required")
        order = _new_order(state, wanted, arguments)
        if arguments.get("paid", True):
            order["payments"].append(_sale(order))
        orders.save(state, order)
        hooks.queue_order(state, order, "orders/create")
        if order["payments"]:
            hooks.queue_order(state, order, "orders/paid")
    return {"id": gid("Order", order["id"]), "name": order["name"], "total": order["total"]}


def _variant(state: SandboxState, sku: str, count: int) -> dict[str, Any]:
    """Take units of a variant from stock."""
    row = state.ledger.row(
        "SELECT v.*, p.title, p.status, p.is_published FROM variants v"
        " JOIN products p ON p.id = v.product_id WHERE v.sku = ?",
        sku,
    )
    if row is None or row["status"] != "ACTIVE" or not row["is_published"]:
        raise BadControlError(f"{sku} is not in the store")
    taken = state.ledger.run(
        "UPDATE levels SET available = available - ? WHERE rowid = (SELECT rowid FROM levels"
        " WHERE item_id = ? AND available >= ? ORDER BY location LIMIT 1)",
        count,
        row["id"],
        count,
    )
    if not taken:
        raise BadControlError(f"{sku} is sold out")
    return row


def _new_order(
    state: SandboxState, wanted: list[tuple[dict[str, Any], int]], arguments: Arguments
) -> orders.Order:
    currency = state.rules.currency
    gross = {n: Decimal(row["price"]) * count for n, (row, count) in enumerate(wanted)}
    off = Money(Decimal(str(arguments.get("discount", "0"))), currency)
    discounts = allocate(off, {n: int(amount / CENT) for n, amount in gross.items()})
    delivery = Decimal(str(arguments.get("delivery", DELIVERY))).quantize(CENT)
    number = state.ledger.insert("orders", updated_s=state.now(), body="{}")
    order: orders.Order = {
        "id": number,
        "name": f"#{1000 + number}",
        "created_s": state.now(),
        "canceled_s": None,
        "test": bool(arguments.get("test", False)),
        "presentment": arguments.get("presentment"),
        "email": arguments.get("email", "erika@example.org"),
        "locale": arguments.get("locale", "de-DE"),
        "address": ADDRESS | (arguments.get("address") or {}),
        "parcels": [],
        "refunds": [],
        "payments": [],
        "delivery": str(delivery),
        "delivery_tax": str(_tax(delivery)),
        "total": str((sum(gross.values(), Decimal(0)) - off.amount + delivery).quantize(CENT)),
        "lines": [],
    }
    for n, (row, count) in enumerate(wanted):
        discount = discounts[n].amount
        order["lines"].append(
            {
                "id": orders.next_id(order),
                "variant_id": row["id"],
                "sku": row["sku"],
                "title": row["title"],
                "quantity": count,
                "removed": 0,
                "unit": str(Decimal(row["price"]).quantize(CENT)),
                "discount": str(discount),
                "tax": str(_tax(gross[n] - discount)),
            }
        )
    return order


def _tax(gross: Decimal) -> Decimal:
    rate = Decimal(orders.RATE)
    return (gross * rate / (1 + rate)).quantize(CENT, ROUND_HALF_UP)


def _sale(order: orders.Order) -> dict[str, Any]:
    return {
        "id": orders.next_id(order),
        "kind": "SALE",
        "amount": order["total"],
        "parent": None,
    }


def _known(state: SandboxState, arguments: Arguments) -> orders.Order:
    order = orders.read(state, number_of(arguments["id"], "Order"))
    if order is None:
        raise BadControlError("no such order")
    return order


def pay(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    with state.ledger.writing():
        order = _known(state, arguments)
        if not order["payments"]:
            order["payments"].append(_sale(order))
            orders.save(state, order)
            hooks.queue_order(state, order, "orders/paid")
    return {"id": arguments["id"]}


def cancel(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    with state.ledger.writing():
        order = _known(state, arguments)
        if order["canceled_s"] is None:
            order_mutations.set_canceled(state, order)
    return {"id": arguments["id"]}


def edit(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Remove units of a SKU, so that ``quantity`` are left."""
    with state.ledger.writing():
        order = _known(state, arguments)
        line = next((e for e in order["lines"] if e["sku"] == arguments["sku"]), None)
        if line is None:
            raise BadControlError("no such line")
        removed = line["quantity"] - int(arguments["quantity"])
        if not line["removed"] <= removed <= line["removed"] + orders.unfulfilled(order, line):
            raise BadControlError("not so many units are left")
        line["removed"] = removed
        orders.save(state, order)
        hooks.queue_edit(state, order)
        hooks.queue_order(state, order, "orders/updated")
    return {"id": arguments["id"]}


def hold(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Put an order on hold, or release it."""
    with state.ledger.writing():
        order = _known(state, arguments)
        order["hold"] = bool(arguments.get("on", True))
        orders.save(state, order)
    return {"id": arguments["id"]}


def refund(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    """Refund an amount as the merchant, with ``units`` by SKU."""
    with state.ledger.writing():
        order = _known(state, arguments)
        amount = Decimal(str(arguments["amount"]))
        if amount > orders.paid(order) - orders.returned(order):
            raise BadControlError("more than was paid")
        ids = {line["sku"]: line["id"] for line in order["lines"]}
        units = {str(ids[sku]): int(n) for sku, n in (arguments.get("units") or {}).items()}
        sale = next(each["id"] for each in order["payments"] if each["kind"] == "SALE")
        payments = [(sale, amount)] if amount else []
        order_mutations.make_refund(state, order, units=units, payments=payments, note="")
    return {"id": arguments["id"]}


# The ledger


def listed(state: SandboxState, _: Arguments) -> list[dict[str, Any]]:
    rows = state.ledger.rows("SELECT * FROM orders ORDER BY id")
    found = [json.loads(row["body"]) for row in rows if row["body"] != "{}"]
    return [each | {"financial_status": orders.financial_status(each)} for each in found]


def parcels(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    order = _known(state, arguments)
    skus = {str(line["id"]): line["sku"] for line in order["lines"]}
    return [
        {
            "number": each["number"],
            "url": each["url"],
            "carrier": each["company"],
            "units": {skus[line]: count for line, count in each["units"].items()},
        }
        for each in order["parcels"]
    ]


def refunds(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    return [{"amount": each["amount"]} for each in _known(state, arguments)["refunds"]]
