"""Test gateway ledger: store payments and their events."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.gateway.state.schedule import Posting
from storefront.dev.sandboxes.gateway.state.store import Book

SCHEMA = Path(__file__).with_name("schema.sql")
FILE = "gateway.sqlite3"
TABLES = ("deliveries", "answers", "events", "payments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment, as the gateway sees it.

    Units:  amounts in minor units; moments in seconds since 1970
    """

    id: str
    status: str
    amount: int
    currency: str
    description: str
    return_url: str
    locale: str
    last4: str
    authorized: int
    captured: int
    released: int
    refunded: int
    created_at: float
    acts_at: float | None
    capture_before: float | None

    @property
    def held(self) -> int:
        return self.authorized - self.captured - self.released


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to one payment; answered, posted and listed under one id."""

    place: int
    id: str
    payment: str
    kind: str
    amount: int
    currency: str
    request_key: str | None
    reason: str
    occurred_at: float
    capture_before: float | None


class Ledger(Book):
    """The book of the test gateway."""

    def __init__(self, folder: Path, posting: Posting) -> None:
        super().__init__(folder / FILE, schema=SCHEMA, posting=posting)

    def payment(self, payment_id: str) -> Payment | None:
        rows = self.rows("SELECT * FROM payments WHERE id = ?", payment_id)
        return Payment(**rows[0]) if rows else None

    def payments(self) -> list[Payment]:
        return [Payment(**row) for row in self.rows("SELECT * FROM payments ORDER BY created_at")]

    def moved(
        self, *, since: float, until: float, after: str, most: int
    ) -> list[tuple[Payment, float]]:
        """List payments to which something happened in a time, and when it did last."""
        sql = """
            SELECT p.*, (SELECT max(occurred_at) FROM events WHERE payment = p.id) AS moved_at
            FROM payments p
            WHERE EXISTS (SELECT 1 FROM events e WHERE e.payment = p.id
                          AND e.occurred_at >= ? AND e.occurred_at < ?)
              AND (? = '' OR (p.created_at, p.id)
                   > (SELECT created_at, id FROM payments WHERE id = ?))
            ORDER BY p.created_at, p.id LIMIT ?
        """
        found = self.rows(sql, since, until, after, after, most)
        return [(Payment(**row), moved_at) for row in found for moved_at in [row.pop("moved_at")]]

    def moved_at(self, payment: Payment) -> float:
        sql = "SELECT max(occurred_at) AS moment FROM events WHERE payment = ?"
        moment: float | None = self.rows(sql, payment.id)[0]["moment"]
        return moment or payment.created_at

    def due(self, now: float) -> list[Payment]:
        """Return the payments to which something happens by itself now."""
        sql = "SELECT * FROM payments WHERE acts_at <= ? ORDER BY acts_at"
        return [Payment(**row) for row in self.rows(sql, now)]

    def next_due(self) -> float | None:
        """Return when something happens by itself next."""
        moment: float | None = self.rows("SELECT min(acts_at) AS moment FROM payments")[0]["moment"]
        return moment

    def events(self, payment_id: str = "") -> list[Event]:
        sql = "SELECT * FROM events WHERE ? IN ('', payment) ORDER BY place"
        return [Event(**row) for row in self.rows(sql, payment_id)]

    def add_payment(self, **columns: Any) -> Payment:
        """Write a new payment under an id that cannot be guessed: it opens the page to pay."""
        payment_id = f"pay_{secrets.token_urlsafe(18)}"
        self.insert("payments", id=payment_id, **columns)
        payment = self.payment(payment_id)
        assert payment is not None  # noqa: S101 - it was written a line above
        return payment

    def change(self, payment: Payment, **columns: Any) -> Payment:
        names = ", ".join(f"{name} = ?" for name in columns)
        sql = f"UPDATE payments SET {names} WHERE id = ?"  # noqa: S608 - our own column names
        self.run(sql, *columns.values(), payment.id)
        changed = self.payment(payment.id)
        assert changed is not None  # noqa: S101 - payments are never deleted one by one
        return changed

    def append(  # noqa: PLR0913
        self,
        payment: Payment,
        kind: str,
        amount: int,
        *,
        at: float,
        request_key: str | None = None,
        reason: str = "",
        capture_before: float | None = None,
    ) -> Event:
        """Write one event into the book, and the webhooks that will tell it."""
        event_id = f"evt_{secrets.token_urlsafe(18)}"
        self.insert(
            "events",
            id=event_id,
            payment=payment.id,
            kind=kind,
            amount=amount,
            currency=payment.currency,
            request_key=request_key,
            reason=reason,
            occurred_at=at,
            capture_before=capture_before,
        )
        self.post(event_id, at=at)
        return Event(**self.rows("SELECT * FROM events WHERE id = ?", event_id)[0])

    def event(self, event_id: str) -> Event | None:
        rows = self.rows("SELECT * FROM events WHERE id = ?", event_id)
        return Event(**rows[0]) if rows else None

    def clear(self) -> None:
        for table in TABLES:
            self.run(f"DELETE FROM {table}")  # noqa: S608 - our own table names
