"""CJ webhooks: store a message for each event, send it signed, retry without acknowledgement.

A message is stored before it is sent.
"""

import base64
import hashlib
import hmac
import http.client
import json
import threading
import urllib.parse
import uuid
from typing import Any

from .freight import carrier_of
from .state import SandboxState, stamp

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


def callback_url(state: SandboxState, topic: str) -> str:
    """Return the URL of a topic's messages; empty if it is disabled."""
    chosen = state.ledger.fact("callbacks")
    return str(chosen.get(topic, "") if chosen is not None else state.rules.webhook_url)


def queue_webhook(
    state: SandboxState, *, topic: str, kind: str, params: dict[str, Any], pid: str = ""
) -> None:
    """Store a message to send; without a needed subscription, none."""
    if pid and state.rules.needs_subscription and pid not in state.ledger.fact("subscribed", []):
        return
    fault = state.faults.next_for_message()
    name = fault.kind if fault else ""
    message_id = uuid.uuid4().hex
    body = {
        "messageId": message_id,
        "type": topic,
        "messageType": kind,
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
    state.mail_waits.set()


def queue_order_event(state: SandboxState, order: dict[str, Any]) -> None:
    queue_webhook(
        state,
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


def queue_parcel_event(state: SandboxState, order: dict[str, Any]) -> None:
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
    queue_webhook(
        state,
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


# Delivery

MAX_ATTEMPTS = 3
TIMEOUT_S = 3
IDLE_S = 0.25
COPIES = {"duplicate": 3}
HTTP_OK = 200


def signature(body: bytes, *, open_id: int) -> str:
    """Return the signature: base64 of HMAC-SHA256 with the account number as key."""
    digest = hmac.new(str(open_id).encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def start(state: SandboxState) -> threading.Thread:
    """Send due messages in a thread until the sandbox stops."""

    def run() -> None:
        while not state.stopping.is_set():
            state.mail_waits.wait(IDLE_S)
            state.mail_waits.clear()
            post_due(state)

    thread = threading.Thread(target=run, name="post", daemon=True)
    thread.start()
    return thread


def post_due(state: SandboxState) -> None:
    due = state.ledger.rows(
        "SELECT * FROM messages WHERE state = 'waiting' AND due_s <= ? ORDER BY due_s, id",
        state.now(),
    )
    for message in due:
        if state.stopping.is_set():
            return
        _post(state, message)


def _post(state: SandboxState, message: dict[str, Any]) -> None:
    url = callback_url(state, TOPICS[message["topic"]])
    if not url:
        _record_result(state, message, outcome="unwanted", said="no callback URL")
        return
    body = message["body"].encode()
    sign = signature(body, open_id=state.open_id)
    if message["fault"] == "bad_signature":
        sign = signature(b"not this" + body, open_id=state.open_id)
    said = ""
    for _ in range(COPIES.get(message["fault"], 1)):
        said = _send(url, body, sign=sign)
    if said == str(HTTP_OK):
        _record_result(state, message, outcome="sent", said=said)
    elif message["tries"] + 1 >= MAX_ATTEMPTS:
        _record_result(state, message, outcome="failed", said=said)
    else:
        _record_result(state, message, outcome="waiting", said=said)


def _record_result(
    state: SandboxState, message: dict[str, Any], *, outcome: str, said: str
) -> None:
    state.ledger.run(
        "UPDATE messages SET state = ?, tries = tries + 1, last_status = ?, due_s = ? WHERE id = ?",
        outcome,
        said,
        state.now() + state.rules.webhook_retry_s,
        message["id"],
    )


def _send(url: str, body: bytes, *, sign: str) -> str:
    parts = urllib.parse.urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request(
            "POST",
            parts.path + (f"?{parts.query}" if parts.query else ""),
            body=body,
            headers={"Content-Type": "application/json", "sign": sign},
        )
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
