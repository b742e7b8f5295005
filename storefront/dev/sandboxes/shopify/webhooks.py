"""Shopify webhooks: subscribe to topics, sign and queue what changed."""

import json
from collections.abc import Mapping
from typing import Any

from storefront.dev.sandboxes.shopify.state import (
    SandboxState,
    connection,
    error,
    gid,
    stamp,
)
from storefront.dev.sandboxes.store import webhooks
from storefront.dev.sandboxes.store.state import Document


def subscriptions(state: SandboxState, first: int | None = None) -> Document:
    nodes = [
        {"id": gid("WebhookSubscription", each["id"]), "topic": each["topic"], "uri": each["uri"]}
        for each in state.documents.all("webhook")
    ]
    return connection(nodes, first)


def subscribe(
    state: SandboxState, *, topic: str, webhook_subscription: Mapping[str, Any]
) -> Document:
    uri = str(webhook_subscription.get("uri") or "")
    # The real service accepts HTTPS only; this one also the developer's own machine.
    if not uri.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        return {"userErrors": [error("Address protocol http:// is not supported", "uri")]}
    if any(state.documents.where("webhook", topic=topic, uri=uri)):
        return {"userErrors": [error("Address for this topic has already been taken", "uri")]}
    state.documents.put("webhook", {"topic": topic, "uri": uri})
    return {"userErrors": []}


def tell_order(state: SandboxState, order: Document, topic: str) -> None:
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
    tell(state, topic, body)


def tell(state: SandboxState, topic: str, body: Document) -> None:
    """Queue a message for each subscription to a topic."""
    name = topic.upper().replace("/", "_")
    for hook in state.documents.where("webhook", topic=name):
        webhooks.queue(
            state,
            hook["id"],
            topic=topic,
            url=hook["uri"],
            secret=state.rules.client_secret,
            body=json.dumps(body).encode(),
        )
