"""Stripe store: keep current objects, and events as they were at their time."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.stripe.database import Book
from storefront.dev.sandboxes.stripe.webhooks.schedule import Posting

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

type Thing = dict[str, Any]


class Shelf(Book):
    """Every object is one row of JSON."""

    def __init__(self, folder: Path, posting: Posting) -> None:
        super().__init__(folder / FILE, schema=SCHEMA, posting=posting)

    def new(self, kind: str, *, now: float, intent: str = "", **fields: Any) -> Thing:
        thing = {
            "id": f"{PREFIXES[kind]}{secrets.token_hex(16)}",
            "object": kind,
            "created": int(now),
            "livemode": False,
            **fields,
        }
        self.insert("objects", id=thing["id"], kind=kind, intent=intent, body=json.dumps(thing))
        return thing

    def keep(self, thing: Thing, *, acts_at: float | None = None) -> None:
        """Write an object down; what is to happen to it by itself is said anew each time."""
        sql = "UPDATE objects SET body = ?, acts_at = ? WHERE id = ?"
        self.run(sql, json.dumps(thing), acts_at, thing["id"])

    def get(self, thing_id: str, kind: str) -> Thing | None:
        sql = "SELECT body FROM objects WHERE id = ? AND kind = ?"
        rows = self.rows(sql, thing_id, kind)
        return dict(json.loads(rows[0]["body"])) if rows else None

    def all(self, kind: str, *, intent: str = "") -> list[Thing]:
        """List objects of a kind, the newest first, as Stripe does."""
        sql = "SELECT body FROM objects WHERE kind = ? AND ? IN ('', intent) ORDER BY rowid DESC"
        return [json.loads(row["body"]) for row in self.rows(sql, kind, intent)]

    def balance(self, category: str, source: Thing, amount: int, *, now: float) -> None:
        """Write down that money came into the account's balance, or, below 0, left it."""
        self.new(
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

    def belongs(self, thing: Thing, *, intent: str) -> None:
        self.run("UPDATE objects SET intent = ? WHERE id = ?", intent, thing["id"])

    def due(self, now: float) -> list[Thing]:
        sql = "SELECT body FROM objects WHERE acts_at <= ? ORDER BY acts_at"
        return [json.loads(row["body"]) for row in self.rows(sql, now)]

    def next_due(self) -> float | None:
        moment: float | None = self.rows("SELECT min(acts_at) AS moment FROM objects")[0]["moment"]
        return moment

    def tell(self, kind: str, thing: Thing, *, now: float) -> None:
        """Write an event into the book, with its object as it stands, and its webhooks."""
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": VERSION,
            "created": int(now),
            "data": {"object": shown(thing)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self.insert("events", id=event["id"], body=json.dumps(event))
        self.post(str(event["id"]), at=now)

    def event(self, event_id: str) -> Thing | None:
        rows = self.rows("SELECT body FROM events WHERE id = ?", event_id)
        return dict(json.loads(rows[0]["body"])) if rows else None

    def events(self) -> list[Thing]:
        return [
            json.loads(row["body"]) for row in self.rows("SELECT body FROM events ORDER BY place")
        ]

    def clear(self) -> None:
        for table in TABLES:
            self.run(f"DELETE FROM {table}")  # noqa: S608 - our own table names


def shown(thing: Thing) -> Thing:
    """Return what the outside sees: what begins with an underscore is ours."""
    return {name: value for name, value in thing.items() if not name.startswith("_")}
