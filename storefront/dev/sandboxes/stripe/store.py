"""Stripe sandbox store: keep the current objects, and events with their objects at that time."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.stripe.database import Database
from storefront.dev.sandboxes.stripe.webhook_schedule import WebhookSettings

SCHEMA = Path(__file__).with_name("schema.sql")
FILE = "stripe.sqlite3"
TABLES = ("deliveries", "answers", "events", "objects")
VERSION = "2026-10-28.endive"
PREFIXES = {
    "checkout.session": "cs_test_",
    "payment_intent": "pi_",
    "charge": "ch_",
    "refund": "re_",
    "dispute": "du_",
    "radar.early_fraud_warning": "issfr_",
    "review": "prv_",
    "balance_transaction": "txn_",
}

type StripeObject = dict[str, Any]


class Store(Database):
    """The database with Stripe's objects, one row of JSON each."""

    def __init__(self, folder: Path, webhooks: WebhookSettings) -> None:
        super().__init__(folder / FILE, schema=SCHEMA, webhooks=webhooks)

    def create(self, kind: str, *, now: float, intent: str = "", **fields: Any) -> StripeObject:
        found = {
            "id": f"{PREFIXES[kind]}{secrets.token_hex(16)}",
            "object": kind,
            "created": int(now),
            "livemode": False,
            **fields,
        }
        self.insert("objects", id=found["id"], kind=kind, intent=intent, body=json.dumps(found))
        return found

    def save(self, found: StripeObject, *, acts_at: float | None = None) -> None:
        """Write an object; ``acts_at`` is when it expires by itself, and replaces the last one."""
        sql = "UPDATE objects SET body = ?, acts_at = ? WHERE id = ?"
        self.run(sql, json.dumps(found), acts_at, found["id"])

    def get(self, object_id: str, kind: str) -> StripeObject | None:
        sql = "SELECT body FROM objects WHERE id = ? AND kind = ?"
        rows = self.rows(sql, object_id, kind)
        return dict(json.loads(rows[0]["body"])) if rows else None

    def all(self, kind: str, *, intent: str = "") -> list[StripeObject]:
        """List objects of a kind, the newest first, as Stripe does."""
        sql = "SELECT body FROM objects WHERE kind = ? AND ? IN ('', intent) ORDER BY rowid DESC"
        return [json.loads(row["body"]) for row in self.rows(sql, kind, intent)]

    def record_balance(
        self, category: str, source: StripeObject, amount: int, *, now: float
    ) -> None:
        """Record a balance transaction; a negative amount leaves the account."""
        self.create(
            "balance_transaction",
            now=now,
            intent=source["payment_intent"],
            amount=amount,
            net=amount,
            fee=0,
            currency=source["currency"],
            source=source["id"],
            type="adjustment" if category.startswith("dispute") else category,
            reporting_category=category,
            status="pending",
        )

    def set_intent(self, found: StripeObject, *, intent: str) -> None:
        self.run("UPDATE objects SET intent = ? WHERE id = ?", intent, found["id"])

    def due(self, now: float) -> list[StripeObject]:
        sql = "SELECT body FROM objects WHERE acts_at <= ? ORDER BY acts_at"
        return [json.loads(row["body"]) for row in self.rows(sql, now)]

    def next_due(self) -> float | None:
        moment: float | None = self.rows("SELECT min(acts_at) AS moment FROM objects")[0]["moment"]
        return moment

    def record_event(self, kind: str, found: StripeObject, *, now: float) -> None:
        """Store an event with a copy of its object, and schedule its webhooks."""
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": VERSION,
            "created": int(now),
            "data": {"object": public_fields(found)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.insert("events", id=event["id"], body=json.dumps(event))
        self.post(str(event["id"]), at=now)

    def event(self, event_id: str) -> StripeObject | None:
        rows = self.rows("SELECT body FROM events WHERE id = ?", event_id)
        return dict(json.loads(rows[0]["body"])) if rows else None

    def events(self) -> list[StripeObject]:
        return [
            json.loads(row["body"]) for row in self.rows("SELECT body FROM events ORDER BY place")
        ]

    def clear(self) -> None:
        for table in TABLES:
            self.run(f"DELETE FROM {table}")  # noqa: S608 - our own table names


def public_fields(found: StripeObject) -> StripeObject:
    """Return an object as the API shows it: without our own fields, which begin with "_"."""
    return {name: value for name, value in found.items() if not name.startswith("_")}
