"""CJ webhooks: store a message for each event, send it signed, retry until it is acknowledged.

A message is stored before it is sent. After three attempts it counts as failed.
"""

import base64
import hashlib
import hmac
import json
import threading
import uuid
from typing import Any

from storefront.dev.sandboxes.core.http_server import repeat_in_thread
from storefront.dev.sandboxes.core.posting import post

from .freight import carrier_of
from .state import SandboxState, stamp

TOPICS = {
    "PRODUCT": "product", "VARIANT": "product", "STOCK": "stock", "ORDER": "order",
    "LOGISTIC": "logistics",
}  # fmt: skip
OUTBOUND, DELIVERED = 1, 12
LATE_S = 2.0


def callback_url(state: SandboxState, topic: str) -> str:
    """Return the URL of a topic's messages; empty if it is disabled."""
    chosen = state.ledger.fact("callbacks")
    return str(chosen.get(topic, "") if chosen is not None else state.rules.webhook_url)


def queue_webhook(
    state: SandboxState, *, topic: str, params: dict[str, Any], pid: str = ""
) -> None:
    """Store a message to send, unless a required subscription is missing."""
    if pid and state.rules.needs_subscription and pid not in state.ledger.fact("subscribed", []):
        return
    fault = state.faults.next_for_message()
    name = fault.kind if fault else ""
    message_id = uuid.uuid4().hex
    body = {
        "messageId": message_id,
        "type": topic,
        "messageType": "UPDATE",
        "openId": state.open_id,
        "params": params,
    }
    wait_s = max(fault.delay_s, LATE_S) if fault and name == "out_of_order" else 0
    state.ledger.insert(
        "messages",
        message_id=message_id,
        topic=topic,
        body=json.dumps(body, ensure_ascii=False),
        state="lost" if name == "lost" else "waiting",
        due_s=state.now() + wait_s,
        fault=name,
    )
    state.webhook_queued.set()


def queue_order_event(state: SandboxState, order: dict[str, Any]) -> None:
    queue_webhook(
        state,
        topic="ORDER",
        params={
            "cjOrderId": order["cj_id"],
            "orderNum": order["order_number"],
            "orderNumber": order["order_number"],
            "orderStatus": order["status"],
            "logisticName": order["logistic_name"],
            "trackNumber": order["track_number"],
            "trackingUrl": order["tracking_url"],
            "trackingProvider": carrier_of(order["logistic_name"]),
            "updateDate": stamp(order["moved_s"]),
            "orderItems": order_items(order),
        },
    )


def order_items(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of an order as webhooks and details report them."""
    names = ("vid", "quantity", "lineItemId", "storeLineItemId")
    return [
        {name: line[name] for name in names} | {"sellPrice": line["price"]}
        for line in json.loads(order["lines"])
    ]


def queue_parcel_event(state: SandboxState, order: dict[str, Any]) -> None:
    arrived = order["delivered_s"] is not None
    events = [
        {"status": status, "activity": said, "statusDesc": said, "eventTime": stamp(at_s)}
        for status, said, at_s in (
            (OUTBOUND, "Shipment picked up from warehouse", order["shipped_s"]),
            (DELIVERED, "Delivered", order["delivered_s"]),
        )
        if at_s is not None
    ]
    queue_webhook(
        state,
        topic="LOGISTIC",
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


# Delivery

MAX_ATTEMPTS = 3
TIMEOUT_S = 3
IDLE_S = 0.25
COPIES = {"duplicate": 3}
HTTP_OK = "200"


def signature(body: bytes, *, open_id: int) -> str:
    """Return the signature: base64 of HMAC-SHA256 with the account number as key."""
    digest = hmac.new(str(open_id).encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def start(state: SandboxState) -> threading.Thread:
    """Send due messages in a thread until the sandbox stops."""
    return repeat_in_thread(
        lambda: post_due(state), every_s=IDLE_S, stopping=state.stopping, wake=state.webhook_queued
    )


def post_due(state: SandboxState) -> None:
    for message in state.due_messages():
        _post(state, message)


def _post(state: SandboxState, message: dict[str, Any]) -> None:
    url, retry_s = callback_url(state, TOPICS[message["topic"]]), state.rules.webhook_retry_s
    if not url:
        state.record_attempt(message, outcome="unwanted", said="no callback URL", retry_s=retry_s)
        return
    body = message["body"].encode()
    is_forged = message["fault"] == "bad_signature"
    sign = signature(b"not this" + body if is_forged else body, open_id=state.open_id)
    for _ in range(COPIES.get(message["fault"], 1)):
        said = post(url, body, {"sign": sign}, timeout_s=TIMEOUT_S)
    if said == HTTP_OK:
        outcome = "sent"
    else:
        outcome = "failed" if message["tries"] + 1 >= MAX_ATTEMPTS else "waiting"
    state.record_attempt(message, outcome=outcome, said=said, retry_s=retry_s)
