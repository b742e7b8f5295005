"""Shopify order writes: report parcels, cancel orders, refund money, each once."""

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

import msgspec

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.sales_channels.platforms import own_keys
from storefront.sales_channels.platforms.base import (
    FulfillmentWrite,
    RefundWrite,
    RemoteRefund,
)
from storefront.sales_channels.platforms.shopify import orders, products, queries
from storefront.sales_channels.platforms.shopify.client import GraphqlClient, raise_for

# Fulfillment orders that may be shipped from.
OPEN = frozenset({"OPEN", "IN_PROGRESS"})
ON_HOLD = "ON_HOLD"
CANCEL_POLL_S, CANCEL_POLLS = 0.5, 10
# Our keys as UUIDs, which Shopify recommends for idempotency.
KEY_NAMESPACE = UUID("6f0f6a7e-5a0b-4f43-9a2c-0d6f3a0f9f10")
NOT_FOUND = "404"


def _order(said: Mapping[str, Any], external_id: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] | None = said["order"]
    if found is None:
        raise PermanentError(f"the store has no order {external_id}", code=NOT_FOUND)
    return found


# Parcels


def write_fulfillment(api: GraphqlClient, parcel: FulfillmentWrite) -> str:
    """Report a parcel; return its id.

    A parcel is found again by its tracking number; without a number, by its units. What a lost
    answer reported already is not reported again.

    Raises: TemporaryError, PermanentError  the order has fewer units to ship
    """
    order = _order(api.query(queries.FULFILLMENT_ORDERS, {"id": parcel.order_id}), parcel.order_id)
    known, left = _reported(order, parcel)
    if known and not left:
        return known[0]
    made = list(known)
    for items in _items_by_location(order, left):
        variables = {
            "fulfillment": {
                "lineItemsByFulfillmentOrder": items,
                "trackingInfo": _tracking(parcel),
                "notifyCustomer": True,
            }
        }
        payload = api.mutate(queries.FULFILL, variables)["fulfillmentCreate"]
        raise_for(payload, what="fulfillmentCreate")
        made.append(payload["fulfillment"]["id"])
    return str(made[0])


def _reported(order: Mapping[str, Any], parcel: FulfillmentWrite) -> tuple[list[str], Counter[str]]:
    """Return the fulfillments that are this parcel, and the units that they lack."""
    left = Counter(parcel.units)
    known = []
    for each in order["fulfillments"]:
        numbers = [info["number"] for info in each["trackingInfo"] if info["number"]]
        units = msgspec.convert(each, orders.Fulfillment).fulfillment_line_items.by_line
        is_same = (
            parcel.tracking_number in numbers
            if parcel.tracking_number
            else not numbers and units == left
        )
        if each["status"] == orders.SUCCESS and is_same:
            known.append(each["id"])
            left -= units
    return known, +left


def _items_by_location(order: Mapping[str, Any], units: Counter[str]) -> list[list[dict[str, Any]]]:
    """Return the items to fulfill, one list per location: Shopify wants one call for each.

    Raises: PermanentError  the order has fewer units to ship
    """
    left = Counter(units)
    by_location: dict[str, list[dict[str, Any]]] = {}
    is_on_hold = False
    for group in order["fulfillmentOrders"]["nodes"]:
        is_on_hold |= group["status"] == ON_HOLD
        if group["status"] not in OPEN:
            continue
        items = []
        for item in group["lineItems"]["nodes"]:
            count = min(left[item["lineItem"]["id"]], item["remainingQuantity"])
            if count > 0:
                left[item["lineItem"]["id"]] -= count
                items.append({"id": item["id"], "quantity": count})
        if items:
            location = (group["assignedLocation"]["location"] or {}).get("id", "")
            by_location.setdefault(location, []).append(
                {"fulfillmentOrderId": group["id"], "fulfillmentOrderLineItems": items}
            )
    if +left:
        why = "it is on hold" if is_on_hold else "they are fulfilled, canceled or unknown"
        raise PermanentError(
            f"fulfillmentCreate: {left.total()} units cannot be fulfilled, because {why}",
            code="not_fulfillable",
        )
    return list(by_location.values())


def _tracking(parcel: FulfillmentWrite) -> dict[str, str]:
    """Return the tracking data that are known."""
    stated = {
        "company": parcel.carrier,
        "number": parcel.tracking_number,
        "url": parcel.tracking_url,
    }
    return {name: value for name, value in stated.items() if value}


def update_tracking(api: GraphqlClient, fulfillment_id: str, parcel: FulfillmentWrite) -> None:
    """Change the tracking data; the same data again send no second e-mail."""
    found = api.query(queries.FULFILLMENT, {"id": fulfillment_id})["fulfillment"]
    if found is None:
        raise PermanentError(f"the store has no fulfillment {fulfillment_id}", code=NOT_FOUND)
    wanted = _tracking(parcel)
    if any(wanted.items() <= held.items() for held in found["trackingInfo"]):
        return
    variables = {"id": fulfillment_id, "tracking": wanted}
    payload = api.mutate(queries.TRACKING, variables)["fulfillmentTrackingInfoUpdate"]
    raise_for(payload, what="fulfillmentTrackingInfoUpdate")


# Cancellation


def cancel(api: GraphqlClient, external_id: str, *, reason: str) -> None:
    """Cancel an order without a refund, and wait for Shopify's job.

    Raises: TemporaryError  the job still runs
            PermanentError  Shopify refused, for example because a parcel is on its way
    """
    if _is_canceled(api, external_id):
        return
    variables = {"id": external_id, "note": reason[: orders.MAX_NOTE]}
    payload = api.mutate(queries.CANCEL, variables)["orderCancel"]
    raise_for(payload, what="orderCancel", name="orderCancelUserErrors")
    for _ in range(CANCEL_POLLS):
        if _is_canceled(api, external_id):
            return
        time.sleep(CANCEL_POLL_S)
    raise TemporaryError(
        "orderCancel: the job is not done", code="job_runs", is_outcome_unknown=True
    )


def _is_canceled(api: GraphqlClient, external_id: str) -> bool:
    order = _order(api.query(queries.CANCELED_AT, {"id": external_id}), external_id)
    return order["cancelledAt"] is not None


# Refunds


def refund(api: GraphqlClient, write: RefundWrite) -> RemoteRefund:
    """Return money through the payments of the order, once per key.

    Raises: TemporaryError, PermanentError  more than is left, or the customer paid in a currency
            that is not the shop's
    """
    said = _order(
        api.query(queries.PAYMENTS, {"id": write.order_id, "parts": queries.PARTS_ALONE[-1]}),
        write.order_id,
    )
    payments = msgspec.convert(said, orders.Payments, strict=False)
    for each in map(orders.parse_refund, payments.refunds):
        if each.key == write.key:
            return each
    if payments.presentment_currency_code != payments.currency_code:
        raise PermanentError(
            f"refundCreate: paid in {payments.presentment_currency_code}, which the shop must"
            " refund itself",
            code="other_currency",
        )
    variables = {
        "input": {
            "orderId": write.order_id,
            "note": own_keys.add_key(write.reason, write.key, max_length=orders.MAX_NOTE),
            "notify": True,
            "refundLineItems": [
                {"lineItemId": line, "quantity": count, "restockType": "NO_RESTOCK"}
                for line, count in write.units.items()
            ],
            "shipping": {"amount": products.amount_text(write.delivery)}
            if write.delivery
            else None,
            "transactions": _transactions(payments, write),
            "discrepancyReason": "OTHER",
        },
        "key": str(uuid5(KEY_NAMESPACE, write.key)),
        "parts": queries.PARTS_ALONE[-1],
    }
    payload = api.mutate(queries.REFUND, variables)["refundCreate"]
    raise_for(payload, what="refundCreate")
    return orders.parse_refund(msgspec.convert(payload["refund"], orders.Refund, strict=False))


def _transactions(payments: orders.Payments, write: RefundWrite) -> list[dict[str, Any]]:
    """Divide the amount among the payments. Raises PermanentError: they do not suffice."""
    left, parts = write.amount, []
    for each in orders.refundable_payments(payments):
        part = min(left, each.amount)
        if part.minor > 0:
            parts.append(
                {
                    "orderId": write.order_id,
                    "parentId": each.id,
                    "gateway": each.gateway,
                    "kind": "REFUND",
                    "amount": products.amount_text(part),
                }
            )
            left -= part
    if left.minor > 0:
        raise PermanentError(
            f"refundCreate: {left} more than the payments can return", code="too_much"
        )
    return parts
