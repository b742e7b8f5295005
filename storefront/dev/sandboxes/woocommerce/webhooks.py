"""WooCommerce webhooks: send changes of orders, signed with the secret of each webhook."""

import json
import secrets

from storefront.dev.sandboxes.store import webhooks
from storefront.dev.sandboxes.store.state import Document
from storefront.dev.sandboxes.woocommerce.state import (
    PING,
    SandboxState,
    check_fields,
    error,
    invalid,
)

TOPICS = frozenset(
    f"{resource}.{event}"
    for resource in ("order", "product", "customer", "coupon")
    for event in ("created", "updated", "deleted", "restored")
)

STATUSES = {"active", "paused", "disabled"}


def tell(state: SandboxState, topic: str, resource: Document) -> None:
    for hook in state.documents.where("webhook", topic=topic, status="active"):
        webhooks.queue(
            state,
            hook["id"],
            topic=topic,
            url=hook["delivery_url"],
            secret=hook["secret"],
            body=json.dumps(resource).encode(),
        )


def create(state: SandboxState, body: Document) -> Document:
    names = ("name", "topic", "status", "delivery_url", "secret")
    check_fields(body, dict.fromkeys(names, str))
    if body.get("topic") not in TOPICS:
        raise error(400, "woocommerce_rest_shop_webhook_invalid_topic",
                    "Webhook topic is required and must be valid.")  # fmt: skip
    if not body.get("delivery_url", "").startswith(("http://", "https://")):
        raise error(400, "woocommerce_rest_shop_webhook_invalid_delivery_url",
                    "Webhook delivery URL must be a valid URL.")  # fmt: skip
    hook = {"status": "active", "failure_count": 0, "secret": secrets.token_hex(25), **body}
    state.documents.put("webhook", hook)
    webhooks.queue(
        state,
        hook["id"],
        topic=PING,
        url=hook["delivery_url"],
        secret="",
        body=f"webhook_id={hook['id']}".encode(),
    )
    return _shown(hook)


def update(state: SandboxState, body: Document) -> Document:
    check_fields(body, {"id": int, "status": str, "secret": str})
    if body.get("status", "active") not in STATUSES:
        raise invalid("status")
    hook = state.documents.get("webhook", body.get("id", 0))
    if hook is None:
        raise error(400, "woocommerce_rest_shop_webhook_invalid_id", "ID is invalid.")
    return _shown(state.documents.put("webhook", hook | body))


def _shown(hook: Document) -> Document:
    """Return a webhook as the API shows it, without its secret."""
    return {name: value for name, value in hook.items() if name != "secret"}


def listed(state: SandboxState) -> list[Document]:
    return [_shown(hook) for hook in state.documents.all("webhook")]
