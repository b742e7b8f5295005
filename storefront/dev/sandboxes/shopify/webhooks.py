"""Shopify webhooks: subscribe, store signed messages, send them until they are acknowledged."""

import base64
import hashlib
import hmac
import json
import threading
import uuid
from collections.abc import Mapping
from typing import Any

from storefront.dev.sandboxes.core.http_server import repeat_in_thread
from storefront.dev.sandboxes.core.posting import post
from storefront.dev.sandboxes.shopify.state import (
    API_VERSION,
    SandboxState,
    as_text,
    connection,
    error,
    gid,
    stamp,
)

MAX_ATTEMPTS = 9
TIMEOUT_S = 5
IDLE_S = 0.25
LATE_S = 2.0
COPIES = {"duplicate": 3}

# Subscriptions


def subscriptions(state: SandboxState, first: int | None = None) -> dict[str, Any]:
    rows = state.ledger.rows("SELECT * FROM subscriptions ORDER BY id")
    nodes = [
        {"id": gid("WebhookSubscription", e["id"]), "topic": e["topic"], "uri": e["uri"]}
        for e in rows
    ]
    return connection(nodes, first)


def subscribe(
    state: SandboxState, *, topic: str, webhook_subscription: Mapping[str, Any]
) -> dict[str, Any]:
    uri = str(webhook_subscription.get("uri") or "")
    sql = "SELECT 1 FROM subscriptions WHERE topic = ? AND uri = ?"
    if not uri.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        return {"userErrors": [error("Address protocol http:// is not supported", "uri")]}
    if state.ledger.row(sql, topic, uri):
        return {"userErrors": [error("Address for this topic has already been taken", "uri")]}
    state.ledger.insert("subscriptions", topic=topic, uri=uri)
    return {"userErrors": []}


# Messages


def queue_order(state: SandboxState, order: Mapping[str, Any], topic: str) -> None:
    body = {
        "id": order["id"],
        "admin_graphql_api_id": gid("Order", order["id"]),
        "name": order["name"],
        "email": order["email"],
        "created_at": stamp(order["created_s"]),
        "updated_at": stamp(order["updated_s"]),
        "cancelled_at": stamp(order["canceled_s"]),
        "currency": state.rules.currency,
        "total_price": order["total"],
        "test": order["test"],
        "line_items": [
            {name: line[name] for name in ("id", "variant_id", "sku", "title", "quantity")}
            for line in order["lines"]
        ],
    }
    queue(state, topic, body)


def queue_edit(state: SandboxState, order: Mapping[str, Any]) -> None:
    edit = {"id": order["id"], "order_id": order["id"], "created_at": stamp(state.now())}
    queue(state, "orders/edited", {"order_edit": edit})


def queue_refund(state: SandboxState, order: Mapping[str, Any], refund: Mapping[str, Any]) -> None:
    body = {
        "id": refund["id"],
        "order_id": order["id"],
        "created_at": stamp(refund["made_s"]),
        "note": refund["note"],
        "admin_graphql_api_id": gid("Refund", refund["id"]),
    }
    queue(state, "refunds/create", body)


def queue(state: SandboxState, topic: str, body: Mapping[str, Any]) -> None:
    """Store one signed message for each subscription to a topic."""
    name = topic.upper().replace("/", "_")
    for row in state.ledger.rows("SELECT * FROM subscriptions WHERE topic = ?", name):
        fault = state.faults.next_for_message()
        kind = fault.kind if fault else ""
        text = as_text(body)
        secret = "another secret" if kind == "bad_signature" else state.rules.client_secret
        headers = {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": signature(text.encode(), secret=secret),
            "X-Shopify-Shop-Domain": state.rules.shop,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": str(uuid.uuid4()),
            "X-Shopify-Event-Id": str(uuid.uuid4()),
            "X-Shopify-Triggered-At": str(stamp(state.now())),
        }
        is_late = fault is not None and kind == "out_of_order"
        state.ledger.insert(
            "messages",
            url=row["uri"],
            headers=as_text(headers),
            body=text,
            state="lost" if kind == "lost" else "waiting",
            due_s=state.now() + (max(fault.delay_s, LATE_S) if fault and is_late else 0),
            fault=kind,
        )
    state.webhook_queued.set()


def signature(body: bytes, *, secret: str) -> str:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def redeliver(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    """Send the last message again, with the same id."""
    last = state.ledger.row("SELECT * FROM messages ORDER BY id DESC LIMIT 1")
    if last is None:
        raise ValueError("there is no message")
    names = ("url", "headers", "body")
    state.ledger.insert(
        "messages", **{n: last[n] for n in names}, state="waiting", due_s=state.now()
    )
    state.webhook_queued.set()
    return {"redelivered": True}


def uninstall(state: SandboxState, _: dict[str, Any]) -> dict[str, Any]:
    """Send the app the webhook of its removal."""
    queue(state, "app/uninstalled", {"id": 1, "domain": state.rules.shop})
    return {"uninstalled": True}


def messages(state: SandboxState, _: dict[str, Any]) -> list[dict[str, Any]]:
    rows = state.ledger.rows("SELECT * FROM messages ORDER BY id")
    return [row | {"headers": json.loads(row["headers"])} for row in rows]


# Delivery


def start(state: SandboxState) -> threading.Thread:
    """Send due messages in a thread until the sandbox stops."""
    return repeat_in_thread(
        lambda: post_due(state), every_s=IDLE_S, stopping=state.stopping, wake=state.webhook_queued
    )


def post_due(state: SandboxState) -> None:
    for message in state.ledger.rows(
        "SELECT * FROM messages WHERE state = 'waiting' AND due_s <= ? ORDER BY due_s, id",
        state.now(),
    ):
        if state.stopping.is_set():
            return
        _post(state, message)


def _post(state: SandboxState, message: dict[str, Any]) -> None:
    """Send a message. After eight retries its subscription is deleted."""
    headers = json.loads(message["headers"])
    said = ""
    for _ in range(COPIES.get(message["fault"], 1)):
        said = post(message["url"], message["body"].encode(), headers, timeout_s=TIMEOUT_S)
    tries = message["tries"] + 1
    is_last = tries >= MAX_ATTEMPTS
    outcome = "sent" if said.startswith("2") else "failed" if is_last else "waiting"
    with state.ledger.writing():
        state.ledger.run(
            "UPDATE messages SET state = ?, tries = ?, last_status = ?, due_s = ? WHERE id = ?",
            outcome,
            tries,
            said,
            state.now() + state.rules.webhook_retry_s * 2 ** (tries - 1),
            message["id"],
        )
        if outcome == "failed":
            topic = headers["X-Shopify-Topic"].upper().replace("/", "_")
            sql = "DELETE FROM subscriptions WHERE topic = ? AND uri = ?"
            state.ledger.run(sql, topic, message["url"])
