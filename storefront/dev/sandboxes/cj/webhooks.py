"""Say what happened, to whoever asked to be told: written down first, posted later."""

from __future__ import annotations

import json
import uuid
from typing import Any

from .clock import stamp
from .state import World
from .tracking_numbers import carrier_of

TOPICS = {
    "PRODUCT": "product",
    "VARIANT": "product",
    "STOCK": "stock",
    "ORDER": "order",
    "ORDERSPLIT": "order",
    "SOURCINGCREATE": "product",
    "MAKEUP": "order",
    "PRIVATE_ORDER": "order",
    "LOGISTIC": "logistics",
}
OUTBOUND, DELIVERED = 1, 12
LATE_S = 2.0


def callback_url(world: World, topic: str) -> str:
    """Tell where a topic's messages go; nowhere when it is switched off."""
    chosen = world.ledger.fact("callbacks")
    return str(chosen.get(topic, "") if chosen is not None else world.rules.webhook_url)


def tell(world: World, *, topic: str, kind: str, params: dict[str, Any], pid: str = "") -> None:
    """Write a message down to be posted; one of a product that nobody subscribed to is not."""
    if pid and world.rules.needs_subscription and pid not in world.ledger.fact("subscribed", []):
        return
    fault = world.faults.next_for_message()
    name = fault.kind if fault else ""
    message_id = uuid.uuid4().hex
    body = {
        "messageId": message_id,
        "type": topic,
        "messageType": kind,
        "openId": world.open_id,
        "params": params,
    }
    wait_s = max(fault.delay_s, LATE_S) if fault and name == "out_of_order" else 0
    world.ledger.insert(
        "messages",
        message_id=message_id,
        topic=topic,
        body=json.dumps(body, ensure_ascii=False),
        state="lost" if name == "lost" else "waiting",
        due_s=world.now() + wait_s,
        fault=name,
    )
    world.mail_waits.set()


def order_moved(world: World, order: dict[str, Any]) -> None:
    tell(
        world,
        topic="ORDER",
        kind="UPDATE",
        params={
            "cjOrderId": order["cj_id"],
            "orderNum": order["order_number"],
            "orderNumber": order["order_number"],
            "orderStatus": order["status"],
            "logisticName": order["logistic_name"],
            "trackNumber": order["track_number"],
            "trackingUrl": order["tracking_url"],
            "trackingProvider": carrier_of(order["logistic_name"]),
            "createDate": stamp(order["created_s"]),
            "updateDate": stamp(order["moved_s"]),
            "payDate": stamp(order["paid_s"]),
            "deliveryDate": stamp(order["shipped_s"]),
            "completeDate": stamp(order["delivered_s"]),
            "orderItems": [
                {
                    "vid": line["vid"],
                    "quantity": line["quantity"],
                    "sellPrice": line["price"],
                    "lineItemId": line["lineItemId"],
                    "storeLineItemId": line["storeLineItemId"],
                }
                for line in json.loads(order["lines"])
            ],
        },
    )


def parcel_moved(world: World, order: dict[str, Any]) -> None:
    arrived = order["delivered_s"] is not None
    city = json.loads(order["request"]).get("shippingCity", "")
    events = [
        {
            "status": OUTBOUND,
            "activity": "Shipment picked up from warehouse",
            "location": order["from_country"],
            "eventTime": stamp(order["shipped_s"]),
            "statusDesc": "Warehouse outbound",
        }
    ]
    if arrived:
        events.append(
            {
                "status": DELIVERED,
                "activity": "Delivered",
                "location": str(city).upper(),
                "eventTime": stamp(order["delivered_s"]),
                "statusDesc": "Delivered",
            }
        )
    tell(
        world,
        topic="LOGISTIC",
        kind="UPDATE",
        params={
            "orderId": order["cj_id"],
            "storeOrderNumbers": [order["order_number"]],
            "logisticName": order["logistic_name"],
            "trackingNumber": order["track_number"],
            "trackingUrl": order["tracking_url"],
            "trackingProvider": carrier_of(order["logistic_name"]),
            "trackingStatus": DELIVERED if arrived else OUTBOUND,
            "logisticsTrackEvents": json.dumps(events),
        },
    )
