"""Shopify orders: keep orders with their parcels and payments, show them as GraphQL objects."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from graphql import GraphQLError

from storefront.dev.sandboxes.shopify.state import (
    SandboxState,
    connection,
    gid,
    number_of,
    stamp,
)
from storefront.dev.sandboxes.store.sales import BUYER
from storefront.dev.sandboxes.store.state import Document

SINCE = re.compile(r"updated_at:>='([^']+)'")
LOCATION = 1  # all orders are fulfilled from here
IDS = 10_000  # ids of lines, refunds and parcels are those of the order times this
GATEWAY = "shopify_payments"

ADDRESS = {
    "name": f"{BUYER['first_name']} {BUYER['last_name']}",
    "company": None,
    "address1": BUYER["line"],
    "address2": None,
    "zip": BUYER["postcode"],
    "city": BUYER["city"],
    "provinceCode": None,
    "countryCodeV2": BUYER["country"],
    "phone": BUYER["phone"],
}

type Order = Document


def read(state: SandboxState, number: int) -> Order | None:
    return state.documents.get("order", number)


def save(state: SandboxState, order: Order) -> None:
    """Store an order; it counts as changed now."""
    order["updated_s"] = state.now()
    state.documents.put("order", order)


def next_id(order: Order) -> int:
    """Return an id for the next line, refund, parcel or payment of an order."""
    order["last_id"] = order.get("last_id", 0) + 1
    return int(order["id"]) * IDS + int(order["last_id"])


# What is left of an order


def fulfilled(order: Order) -> Counter[int]:
    found: Counter[int] = Counter()
    for parcel in order["parcels"]:
        for line, count in parcel["units"].items():
            found[int(line)] += count
    return found


def unfulfilled(order: Order, line: Mapping[str, Any]) -> int:
    """Return the units that are still to be shipped."""
    if order["canceled_s"] is not None:
        return 0
    return int(line["quantity"]) - int(line["removed"]) - fulfilled(order)[line["id"]]


def refunded_units(order: Order, line: Mapping[str, Any]) -> int:
    return sum(each["units"].get(str(line["id"]), 0) for each in order["refunds"])


def paid(order: Order) -> Decimal:
    return sum((Decimal(e["amount"]) for e in order["payments"] if e["kind"] == "SALE"), Decimal(0))


def returned(order: Order) -> Decimal:
    return sum(
        (Decimal(e["amount"]) for e in order["payments"] if e["kind"] == "REFUND"), Decimal(0)
    )


def financial_status(order: Order) -> str:
    if not paid(order):
        return "VOIDED" if order["canceled_s"] is not None else "PENDING"
    if not returned(order):
        return "PAID"
    return "REFUNDED" if returned(order) >= paid(order) else "PARTIALLY_REFUNDED"


# Fields


def orders(
    state: SandboxState,
    *,
    first: int | None = None,
    after: str | None = None,
    query: str | None = None,
    sort_key: str = "PROCESSED_AT",
) -> dict[str, Any]:
    since = SINCE.fullmatch(query or "")
    if since is None or sort_key != "UPDATED_AT":
        raise GraphQLError("the sandbox lists by updated_at only")
    # Seconds, as they are shown.
    moment = datetime.fromisoformat(since[1]).timestamp()
    found = [each for each in state.documents.all("order") if int(each["updated_s"]) >= moment]
    found.sort(key=lambda each: (int(each["updated_s"]), each["id"]))
    return connection([as_object(state, each) for each in found], first, after)


def order(state: SandboxState, *, id: str) -> dict[str, Any] | None:  # noqa: A002 - Shopify's name
    found = read(state, number_of(id, "Order"))
    return as_object(state, found) if found else None


def fulfillment(state: SandboxState, *, id: str) -> dict[str, Any] | None:  # noqa: A002
    number = number_of(id, "Fulfillment")
    found = read(state, number // IDS)
    parcels = [each for each in found["parcels"] if each["id"] == number] if found else []
    return _parcel(parcels[0]) if parcels else None


def as_object(state: SandboxState, order: Order) -> dict[str, Any]:
    currency = state.rules.currency

    def bag(amount: Any) -> dict[str, Any]:
        return {"shopMoney": {"amount": str(amount), "currencyCode": currency}}

    def taxes(amount: str) -> list[dict[str, Any]]:
        return [{"rate": state.rules.tax_percent / 100, "priceSet": bag(amount)}]

    def line_items(_: Any, first: int | None = None, after: str | None = None) -> dict[str, Any]:
        rows = [
            {
                "id": gid("LineItem", line["id"]),
                "sku": line["sku"],
                "title": line["title"],
                "quantity": line["quantity"],
                "unfulfilledQuantity": unfulfilled(order, line),
                "variant": {"id": gid("ProductVariant", line["variant_id"])},
                "originalUnitPriceSet": bag(line["unit"]),
                "discountAllocations": (
                    [{"allocatedAmountSet": bag(line["discount"])}]
                    if Decimal(line["discount"])
                    else []
                ),
                "taxLines": taxes(line["tax"]),
            }
            for line in order["lines"]
        ]
        return connection(rows, first, after)

    delivery = {
        "discountedPriceSet": bag(order["delivery"]),
        "taxLines": taxes(order["delivery_tax"]),
    }
    return {
        "id": gid("Order", order["id"]),
        "name": order["name"],
        "createdAt": stamp(order["created_s"]),
        "processedAt": stamp(order["created_s"]),
        "updatedAt": stamp(order["updated_s"]),
        "cancelledAt": stamp(order["canceled_s"]),
        "test": order["test"],
        "displayFinancialStatus": financial_status(order),
        "taxesIncluded": True,
        "currencyCode": currency,
        "presentmentCurrencyCode": order.get("presentment") or currency,
        "email": order["email"],
        "customerLocale": "de-DE",
        "shippingAddress": ADDRESS,
        "totalPriceSet": bag(order["total"]),
        "shippingLines": lambda _, first: connection([delivery | {"id": "1"}], first),
        "lineItems": line_items,
        "fulfillments": lambda _, first: [_parcel(e) for e in order["parcels"]][:first],
        "fulfillmentOrders": lambda _, first: connection([_fulfillment_order(order)], first),
        "refunds": lambda _, first: [refund_object(state, e) for e in order["refunds"]][:first],
        "transactions": lambda _, first: [
            {
                "id": gid("OrderTransaction", each["id"]),
                "kind": each["kind"],
                "status": "SUCCESS",
                "gateway": GATEWAY,
                "amountSet": bag(each["amount"]),
                "parentTransaction": (
                    {"id": gid("OrderTransaction", each["parent"])} if each["parent"] else None
                ),
            }
            for each in order["payments"]
        ][:first],
    }


def _units(units: Mapping[str, int], first: int | None) -> dict[str, Any]:
    return connection(
        [
            {"id": line, "quantity": count, "lineItem": {"id": gid("LineItem", int(line))}}
            for line, count in units.items()
        ],
        first,
    )


def _parcel(parcel: Mapping[str, Any]) -> dict[str, Any]:
    info = {name: parcel[name] for name in ("company", "number", "url")}
    return {
        "id": gid("Fulfillment", parcel["id"]),
        "status": "SUCCESS",
        "trackingInfo": lambda _, first: [info][:first] if any(info.values()) else [],
        "fulfillmentLineItems": lambda _, first: _units(parcel["units"], first),
    }


def refund_object(state: SandboxState, refund: Mapping[str, Any]) -> dict[str, Any]:
    money = {"amount": refund["amount"], "currencyCode": state.rules.currency}
    return {
        "id": gid("Refund", refund["id"]),
        "note": refund["note"],
        "createdAt": stamp(refund["made_s"]),
        "processedAt": stamp(refund["made_s"]),
        "totalRefundedSet": {"shopMoney": money},
        "refundLineItems": lambda _, first: _units(refund["units"], first),
    }


def fulfillment_status(order: Order) -> str:
    if order["canceled_s"] is not None:
        return "CANCELLED"
    if order.get("hold"):
        return "ON_HOLD"
    is_open = any(unfulfilled(order, line) for line in order["lines"])
    return ("IN_PROGRESS" if order["parcels"] else "OPEN") if is_open else "CLOSED"


def _fulfillment_order(order: Order) -> dict[str, Any]:
    rows = [
        {
            "id": gid("FulfillmentOrderLineItem", line["id"]),
            "remainingQuantity": unfulfilled(order, line),
            "lineItem": {"id": gid("LineItem", line["id"])},
        }
        for line in order["lines"]
    ]
    return {
        "id": gid("FulfillmentOrder", order["id"]),
        "status": fulfillment_status(order),
        "assignedLocation": {"location": {"id": gid("Location", LOCATION), "name": ""}},
        "lineItems": lambda _, first: connection(rows, first),
    }
