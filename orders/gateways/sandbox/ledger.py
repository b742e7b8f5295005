"""Keep what happened on disk, so that a kill at any moment forgets nothing that was answered."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orders.gateways.sandbox.posting import Posting

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook that is to be posted, or was."""

    place: int
    event: str
    due_at: float
    attempts: int
    last_answer: str
    done_at: float | None


class Ledger:
    """The book of the gateway: one file, one writer at a time, each commit on the disk."""

    def __init__(self, folder: Path, posting: Posting) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.posting = posting
        self.changed = threading.Event()
        self._lock = threading.RLock()
        self._db = sqlite3.connect(folder / FILE, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA foreign_keys=ON")
        self._db.executescript(SCHEMA.read_text(encoding="utf-8"))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Do all that follows, or nothing; nobody else writes meanwhile."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        self.changed.set()

    def payment(self, payment_id: str) -> Payment | None:
        rows = self._rows("SELECT * FROM payments WHERE id = ?", payment_id)
        return Payment(**rows[0]) if rows else None

    def payments(self) -> list[Payment]:
        return [Payment(**row) for row in self._rows("SELECT * FROM payments ORDER BY created_at")]

    def due(self, now: float) -> list[Payment]:
        """Return the payments to which something happens by itself now."""
        sql = "SELECT * FROM payments WHERE acts_at <= ? ORDER BY acts_at"
        return [Payment(**row) for row in self._rows(sql, now)]

    def next_due(self) -> float | None:
        """Return when something happens by itself next."""
        moment: float | None = self._rows("SELECT min(acts_at) AS moment FROM payments")[0][
            "moment"
        ]
        return moment

    def events(self, payment_id: str = "") -> list[Event]:
        sql = "SELECT * FROM events WHERE ? IN ('', payment) ORDER BY place"
        return [Event(**row) for row in self._rows(sql, payment_id)]

    def add_payment(self, **columns: Any) -> Payment:
        """Write a new payment under an id that cannot be guessed: it opens the page to pay."""
        payment_id = f"pay_{secrets.token_urlsafe(18)}"
        self._insert("payments", id=payment_id, **columns)
        payment = self.payment(payment_id)
        assert payment is not None  # noqa: S101 - it was written a line above
        return payment

    def change(self, payment: Payment, **columns: Any) -> Payment:
        names = ", ".join(f"{name} = ?" for name in columns)
        sql = f"UPDATE payments SET {names} WHERE id = ?"  # noqa: S608 - our own column names
        self._run(sql, *columns.values(), payment.id)
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
        self._insert(
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
        return Event(**self._rows("SELECT * FROM events WHERE id = ?", event_id)[0])

    def post(self, event_id: str, *, at: float) -> None:
        """Put the webhooks of one event into the tray, as the present mode wants them."""
        if step_s := self.posting.overtaking_s:
            self._run("UPDATE deliveries SET due_at = due_at + ? WHERE done_at IS NULL", step_s)
        for due_at in self.posting.due_times(at):
            self._insert("deliveries", event=event_id, due_at=due_at)

    def post_again(self, event_id: str, *, at: float) -> None:
        self._insert("deliveries", event=event_id, due_at=at)

    def event(self, event_id: str) -> Event | None:
        rows = self._rows("SELECT * FROM events WHERE id = ?", event_id)
        return Event(**rows[0]) if rows else None

    def waiting(self) -> list[Delivery]:
        """Return the webhooks that are not done, the next one first."""
        sql = "SELECT * FROM deliveries WHERE done_at IS NULL ORDER BY due_at, place LIMIT 100"
        return [Delivery(**row) for row in self._rows(sql)]

    def deliveries(self) -> list[Delivery]:
        return [Delivery(**row) for row in self._rows("SELECT * FROM deliveries ORDER BY place")]

    def note_attempt(
        self, delivery: Delivery, *, answer: str, due_at: float, done_at: float | None
    ) -> None:
        self._run(
            "UPDATE deliveries SET attempts = attempts + 1, last_answer = ?, due_at = ?,"
            " done_at = ? WHERE place = ?",
            answer,
            due_at,
            done_at,
            delivery.place,
        )

    def answer(self, key: str) -> tuple[str, int, str] | None:
        """Return digest, status and body of what was answered to a key before."""
        rows = self._rows("SELECT digest, status, body FROM answers WHERE key = ?", key)
        return (rows[0]["digest"], rows[0]["status"], rows[0]["body"]) if rows else None

    def remember(self, key: str, *, digest: str, status: int, body: str) -> None:
        self._insert("answers", key=key, digest=digest, status=status, body=body)

    def clear(self) -> None:
        for table in TABLES:
            self._run(f"DELETE FROM {table}")  # noqa: S608 - our own table names

    def _rows(self, sql: str, *values: Any) -> Sequence[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._db.execute(sql, values)]

    def _run(self, sql: str, *values: Any) -> None:
        with self._lock:
            self._db.execute(sql, values)

    def _insert(self, table: str, **columns: Any) -> None:
        names, marks = ", ".join(columns), ", ".join("?" for _ in columns)
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
        self._run(sql, *columns.values())
