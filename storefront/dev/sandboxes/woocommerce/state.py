"""WooCommerce state: the rules of one store, its limits and its errors."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.store.state import (
    ApiError,
    Document,
    Kinds,
    StoreRules,
    StoreState,
    hmac_sha256,
    wrong_fields,
)

DEFAULT_KEY = "ck_" + "0123456789abcdef" * 2
DEFAULT_SECRET = "cs_" + "fedcba9876543210" * 2
# How parcels are reported: by WooCommerce, by one of two extensions, by a note.
CORE, NOTE = "core", "note"
EXTENSIONS = {"shipment-tracking": "wc-shipment-tracking/v3", "ast": "wc-ast/v3"}
MAX_FAILURES = 5
PING = "ping"  # what a new webhook sends first, unsigned
NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(StoreRules):
    """One key of the store, and what is installed there.

    Units:  ``permissions`` is read or read_write; ``tracking`` is core, shipment-tracking, ast or
            note; ``version`` below 10.3 has no list of all variations, below 9.6 no brands
    """

    consumer_key: str = DEFAULT_KEY
    consumer_secret: str = DEFAULT_SECRET
    permissions: str = "read_write"
    tracking: str = CORE
    version: str = "10.4"


class SandboxState(StoreState[Rules]):
    """One store. Its host limits calls while it is throttled, as firewalls of hosts do."""

    MAX_ATTEMPTS = 1

    def __init__(self, *, folder: Path, rules: Rules, base_url: str = "") -> None:
        super().__init__(folder=folder, rules=rules, base_url=base_url)
        self.is_throttled = False
        self.blocked_until_s = 0.0
        self.calls_since_block = 0

    def reset(self) -> None:
        super().reset()
        self.is_throttled = False

    def signed(self, delivery: str, topic: str, body: bytes, secret: str) -> dict[str, str]:
        if topic == PING:
            return {"Content-Type": "application/x-www-form-urlencoded"}
        resource, _, event = topic.partition(".")
        return {
            "X-WC-Webhook-Source": "https://store.example/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": hmac_sha256(body, secret),
            "X-WC-Webhook-ID": "1",
            "X-WC-Webhook-Delivery-ID": delivery,
        }

    def webhook_delivered(self, hook_id: int) -> None:
        if hook := self.documents.get("webhook", hook_id):
            self.documents.put("webhook", hook | {"failure_count": 0})

    def webhook_failed(self, hook_id: int) -> None:
        """Disable a webhook after six failures in a row: a message is not sent again."""
        if hook := self.documents.get("webhook", hook_id):
            count = hook["failure_count"] + 1
            status = "disabled" if count > MAX_FAILURES else hook["status"]
            self.documents.put("webhook", hook | {"failure_count": count, "status": status})

    def has_version(self, major: int, minor: int) -> bool:
        own = tuple(int(part) for part in self.rules.version.split(".")[:2])
        return own >= (major, minor)

    def now_text(self) -> str:
        return stamp(self.stamp_s())


def stamp(second: float) -> str:
    """Return a time of a field that ends in ``_gmt``."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def error(status: int, code: str, message: str, **data: Any) -> ApiError:
    body = {"code": code, "message": message, "data": {"status": status, **data}}
    return ApiError(status, body)


def invalid(*names: str) -> ApiError:
    return error(400, "rest_invalid_param", f"Invalid parameter(s): {', '.join(names)}")


def check_fields(body: Document, kinds: Kinds) -> None:
    """Refuse wrong types as WooCommerce does; also unknown fields, which it ignores."""
    if wrong := wrong_fields(body, kinds):
        raise invalid(*wrong)
