"""Shopify sandbox state: hold products, stock, orders and webhooks of one store on disk."""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.core.faults import REQUEST_KINDS, Faults
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.shopify.cost import Bucket
from storefront.dev.sandboxes.supplier import BaseRules, SupplierState

KINDS = REQUEST_KINDS - {"wrong_currency", "nan_price", "wrong_order", "token_expired"}
API_VERSION = "2026-10"
LOCATIONS = {1: "Warehouse", 2: "Shop floor"}
ONLINE_STORE = 1  # the only publication
SCOPES = (
    "write_products write_inventory read_locations write_orders"
    " write_merchant_managed_fulfillment_orders write_publications"
)
SCHEMA = """
CREATE TABLE IF NOT EXISTS products (
    id INTEGER PRIMARY KEY AUTOINCREMENT, listing TEXT UNIQUE, title TEXT NOT NULL,
    status TEXT NOT NULL, is_published INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS variants (
    id INTEGER PRIMARY KEY AUTOINCREMENT, product_id INTEGER NOT NULL, position INTEGER NOT NULL,
    sku TEXT NOT NULL, price TEXT NOT NULL, compare_at TEXT, options TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS variants_of_product ON variants (product_id);
CREATE INDEX IF NOT EXISTS variants_by_sku ON variants (sku);
CREATE TABLE IF NOT EXISTS levels (
    item_id INTEGER NOT NULL, location INTEGER NOT NULL, available INTEGER NOT NULL,
    PRIMARY KEY (item_id, location));
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT, updated_s REAL NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, uri TEXT NOT NULL,
    UNIQUE (topic, uri));
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, url TEXT NOT NULL, headers TEXT NOT NULL,
    body TEXT NOT NULL, state TEXT NOT NULL, due_s REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    last_status TEXT NOT NULL DEFAULT '', fault TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, operation TEXT NOT NULL, digest TEXT NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls (
    operation TEXT PRIMARY KEY, served INTEGER NOT NULL, throttled INTEGER NOT NULL,
    points REAL NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(BaseRules):
    """The store, its app, and the limits of its plan.

    Units:  ``restore`` is points per second, 100 in the standard plan; 0: no limit
    """

    shop: str = "ridge-lights.example"
    currency: str = "EUR"
    client_id: str = "client-1"
    client_secret: str = "shpss_sandbox"  # noqa: S105 - of the sandbox
    access_token: str = "shpat_sandbox"  # noqa: S105
    scopes: str = SCOPES
    restore: float = 100.0
    webhook_retry_s: float = 5.0


class SandboxState(SupplierState[Rules]):
    """One store."""

    def __init__(self, *, folder: Path, rules: Rules) -> None:
        super().__init__(
            base_url="", rules=rules, ledger=Ledger(folder, SCHEMA), faults=Faults(KINDS)
        )
        self.bucket = Bucket(restore=rules.restore)
        self.webhook_queued = threading.Event()


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


def as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
