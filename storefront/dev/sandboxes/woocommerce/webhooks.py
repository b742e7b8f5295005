"""WooCommerce webhooks: send changes of orders, signed with the secret of each webhook."""

import base64
import hashlib
import hmac
import json
from typing import Any

from storefront.dev.sandboxes.store import webhooks
from storefront.dev.sandboxes.woocommerce.state import SandboxState, check_fields, invalid

type Document = dict[str, Any]

TOPICS = frozenset(
    f"{resource}.{event}"
    for resource in ("order", "product", "customer", "coupon")
    for event in ("created", "updated", "deleted", "restored")
)


def headers(delivery: str, topic: str, body: bytes, secret: str) -> dict[str, str]:
    resource, _, event = topic.partition(".")
    digest = hmac.digest(secret.encode(), body, hashlib.sha256)
    return {
        "X-WC-Webhook-Source": "https://store.example/",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": event,
        "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-WC-Webhook-ID": "1",
        "X-WC-Webhook-Delivery-ID": delivery,
    }


def tell(state: SandboxState, topic: str, resource: Document) -> None:
    for hook in state.documents.where("webhook", topic=topic, status="active"):
        webhooks.queue(
            state,
            topic=topic,
            url=hook["delivery_url"],
            secret=hook["secret"],
            body=json.dumps(resource).encode(),
            sign=headers,
        )


def create(state: SandboxState, body: Document) -> Document:
    names = ("name", "topic", "status", "delivery_url", "secret")
    check_fields(body, dict.fromkeys(names, str))
    if body.get("topic") not in TOPICS:
        raise invalid("topic")
    if not body.get("delivery_url", "").startswith(("http://", "https://")):
        raise invalid("delivery_url")
    hook = {"status": "active", "secret": state.rules.consumer_secret, **body}
    return _shown(state.documents.put("webhook", hook))


def update(state: SandboxState, body: Document) -> Document:
    check_fields(body, {"id": int, "status": str, "secret": str})
    hook = state.documents.get("webhook", body.get("id", 0))
    if hook is None:
        raise invalid("id")
    return _shown(state.documents.put("webhook", hook | body))


def _shown(hook: Document) -> Document:
    """Return a webhook as the API shows it, without its secret."""
    return {name: value for name, value in hook.items() if name != "secret"}


def listed(state: SandboxState) -> list[Document]:
    return [_shown(hook) for hook in state.documents.all("webhook")]
