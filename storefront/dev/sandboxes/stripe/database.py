"""Stripe sandbox database: store answers and webhook deliveries in one SQLite file.

A kill at any moment loses nothing that was answered.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.stripe.webhook_schedule import WebhookSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook delivery, pending or done."""

    place: int
    event: str
    due_at: float
    attempts: int
    last_answer: str
    done_at: float | None


class Database:
    """One file, one writer at a time, each commit on disk.

    The schema has the tables ``answers``, ``events`` and ``deliveries``. ``changed`` is set after
    each commit.
    """

    def __init__(self, file: Path, *, schema: Path, webhooks: WebhookSettings) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.webhooks = webhooks
        self.changed = threading.Event()
        self._lock = threading.RLock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA foreign_keys=ON")
        self._db.executescript(schema.read_text(encoding="utf-8"))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit the block, or roll it back; other threads wait."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
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
            answer,
            due_at,
            done_at,
            delivery.place,
        )

    def answer(self, key: str) -> tuple[str, int, str] | None:
        """Return digest, status and body of the answer that is stored under a key."""
        rows = self.rows("SELECT digest, status, body FROM answers WHERE key = ?", key)
        return (rows[0]["digest"], rows[0]["status"], rows[0]["body"]) if rows else None

    def store_answer(self, key: str, *, digest: str, status: int, body: str) -> None:
        self.insert("answers", key=key, digest=digest, status=status, body=body)

    def rows(self, sql: str, *values: Any) -> Sequence[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._db.execute(sql, values)]

    def run(self, sql: str, *values: Any) -> None:
        with self._lock:
            self._db.execute(sql, values)

    def insert(self, table: str, **columns: Any) -> None:
        names, marks = ", ".join(columns), ", ".join("?" for _ in columns)
        sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
        self.run(sql, *columns.values())
