"""Shopify webhooks: verify the signature, read topic and order. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from storefront.lib.security.webhook_signing import InvalidHeadersError
from storefront.sales_channels.platforms.answers import check_hmac, lower_names
from storefront.sales_channels.platforms.base import PlatformWebhook, WebhookTopic

# Topics that we subscribe to. The order is read from the store after each of them.
TOPICS = (
    "ORDERS_CREATE",
    "ORDERS_PAID",
    "ORDERS_UPDATED",
    "ORDERS_EDITED",
    "ORDERS_CANCELLED",
    "REFUNDS_CREATE",
    "APP_UNINSTALLED",
)
SIGNATURE, TOPIC, DELIVERY = "x-shopify-hmac-sha256", "x-shopify-topic", "x-shopify-webhook-id"
ORDER_GID = "gid://shopify/Order/"
MAX_ID = 100


def verify(
    *, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]
) -> PlatformWebhook:
    """Verify the signature, which the app's client secret makes over the raw body.

    Raises: InvalidHeadersError, InvalidSignatureError
    """
    said = lower_names(headers)
    signature, topic, delivery = (said.get(name, "") for name in (SIGNATURE, TOPIC, DELIVERY))
    if not signature or not topic or not 0 < len(delivery) <= MAX_ID:
        raise InvalidHeadersError(f"{SIGNATURE}, {TOPIC} and {DELIVERY} are required")
    check_hmac(body, secret=secrets.get("client_secret", ""), signature=signature)
    if topic == "app/uninstalled":
        return PlatformWebhook(delivery_id=delivery, topic=WebhookTopic.UNINSTALLED)
    order_id = _order_id(topic, body)
    kind = WebhookTopic.ORDER if order_id else WebhookTopic.OTHER
    return PlatformWebhook(delivery_id=delivery, topic=kind, order_id=order_id)


def _order_id(topic: str, body: bytes) -> str:
    """Return the id of the order that a body is about; empty if it is about none."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return ""
    if not isinstance(said, dict):
        return ""
    if topic == "orders/edited":
        edit = said.get("order_edit")
        number = edit.get("order_id") if isinstance(edit, dict) else None
    elif topic.startswith("orders/"):
        number = said.get("id")
    else:
        number = said.get("order_id")
    return f"{ORDER_GID}{number}" if isinstance(number, int) else ""
