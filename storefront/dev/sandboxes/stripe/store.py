"""Store of the local Stripe sandbox: keep objects, events and answers.

An event is kept with its object as it was at the time of the event.
"""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.stripe.webhook_schedule import WebhookSettings

SCHEMA = Path(__file__).with_name("schema.sql")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook delivery, pending or done."""

    place: int
    event: str
    due_at: float
    attempts: int
    last_answer: str
    done_at: float | None


class Store(Ledger):
    """Objects as JSON, answers, events, deliveries; ``changed`` is set after each commit."""

    def __init__(self, folder: Path, webhooks: WebhookSettings) -> None:
        super().__init__(folder, SCHEMA.read_text(encoding="utf-8"))
        self.webhooks = webhooks
        self.changed = threading.Event()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the block, or roll it back; other threads wait."""
        with self.writing():
            yield
        self.changed.set()

    def post(self, event_id: str, *, at: float) -> None:
        """Schedule the deliveries of one event, as the current mode requires."""
        if step_s := self.webhooks.reorder_delay_s:
            self.run("UPDATE deliveries SET due_at = due_at + ? WHERE done_at IS NULL", step_s)
        for due_at in self.webhooks.due_times(at):
            self.insert("deliveries", event=event_id, due_at=due_at)

    def reschedule(self, event_id: str, *, at: float) -> None:
        self.insert("deliveries", event=event_id, due_at=at)

    def pending(self) -> list[Delivery]:
        """Return the deliveries that are not done, the next one first."""
        sql = "SELECT * FROM deliveries WHERE done_at IS NULL ORDER BY due_at, place LIMIT 100"
        return [Delivery(**row) for row in self.rows(sql)]

    def deliveries(self) -> list[Delivery]:
        return [Delivery(**row) for row in self.rows("SELECT * FROM deliveries ORDER BY place")]

    def record_attempt(
        self, delivery: Delivery, *, answer: str, due_at: float, done_at: float | None
    ) -> None:
        self.run(
            "UPDATE deliveries SET attempts = attempts + 1, last_answer = ?, due_at = ?,"
            " done_at = ? WHERE place = ?",
            *(answer, due_at, done_at, delivery.place),
        )

    def answer(self, key: str) -> tuple[str, int, str] | None:
        """Return digest, status and body of the answer that is stored under a key."""
        rows = self.rows("SELECT digest, status, body FROM answers WHERE key = ?", key)
        return (rows[0]["digest"], rows[0]["status"], rows[0]["body"]) if rows else None

    def store_answer(self, key: str, *, digest: str, status: int, body: str) -> None:
        self.insert("answers", key=key, digest=digest, status=status, body=body)

    # Objects and events

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
        """Write an object and when it expires: at ``acts_at``, or never."""
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


def public_fields(found: StripeObject) -> StripeObject:
    """Return an object as the API shows it: without our own fields, which begin with "_"."""
    return {name: value for name, value in found.items() if not name.startswith("_")}
