"""Shopify sandbox state: the rules of one store, its points, its global ids and errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.shopify.cost import Bucket
from storefront.dev.sandboxes.store.state import StoreRules, StoreState, hmac_sha256

API_VERSION = "2026-10"
DOMAIN = "lantern-house.example"
LOCATIONS = {1: "Warehouse", 2: "Shop floor"}
ONLINE_STORE = 1  # the only publication
SCOPES = (
    "write_products write_inventory read_locations write_orders"
    " write_merchant_managed_fulfillment_orders write_publications"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(StoreRules):
    """The store, its app, and the limits of its plan.

    Units:  ``restore`` is points per second, 100 in the standard plan; 0: no limit
    """

    client_id: str = "client-1"
    client_secret: str = "shpss_sandbox"  # noqa: S105 - of the sandbox
    access_token: str = "shpat_sandbox"  # noqa: S105
    scopes: str = SCOPES
    restore: float = 100.0


class SandboxState(StoreState[Rules]):
    """One store and its points."""

    MAX_ATTEMPTS = 9
    FAULT_KINDS = StoreState.FAULT_KINDS | {"soft_500"}

    def __init__(self, *, folder: Path, rules: Rules, base_url: str = "") -> None:
        super().__init__(folder=folder, rules=rules, base_url=base_url)
        self.bucket = Bucket(restore=rules.restore)

    def reset(self) -> None:
        super().reset()
        self.bucket.set(restore=self.rules.restore)

    def signed(self, delivery: str, topic: str, body: bytes, secret: str) -> dict[str, str]:
        return {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": hmac_sha256(body, secret),
            "X-Shopify-Shop-Domain": DOMAIN,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": delivery,
        }

    def webhook_failed(self, hook_id: int) -> None:
        """Delete a subscription after eight retries of one message."""
        self.documents.delete("webhook", hook_id)


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def number_of(value: Any, kind: str) -> int:
    """Return the number in a global id; 0 if it is the id of nothing of this kind."""
    head, _, number = str(value).rpartition("/")
    return int(number) if head == f"gid://shopify/{kind}" and number.isdecimal() else 0


def stamp(unix_s: float | None) -> str | None:
    """Return a time as Shopify writes it, in whole seconds."""
    if unix_s is None:
        return None
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def error(message: str, *field: str, code: str | None = None) -> dict[str, Any]:
    return {"message": message, "field": list(field) or None, "code": code}


def connection(
    rows: Sequence[Mapping[str, Any]], first: int | None, after: str | None = None
) -> dict[str, Any]:
    """Return one page of rows; their ids are the cursors."""
    start = 0
    if after:
        start = next((n + 1 for n, row in enumerate(rows) if row["id"] == after), len(rows))
    end = start + (first or 0)
    page = rows[start:end]
    return {
        "nodes": page,
        "pageInfo": {
            "hasNextPage": end < len(rows),
            "endCursor": page[-1]["id"] if page else None,
        },
    }
