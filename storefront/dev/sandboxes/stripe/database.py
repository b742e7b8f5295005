"""Gateway store: keep events, answers and pending webhooks on disk.

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

from storefront.dev.sandboxes.stripe.webhooks.schedule import Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook that is to be posted, or was."""

    place: int
    event: str
    due_at: float
    attempts: int
    last_answer: str
    done_at: float | None


class Book:
    """One file, one writer at a time, each commit on the disk.

    Its schema has the tables ``answers`` and ``deliveries``, and what is delivered: ``events``.
    """

    def __init__(self, file: Path, *, schema: Path, posting: Posting) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.posting = posting
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

    def post(self, event_id: str, *, at: float) -> None:
        """Put the webhooks of one event into the tray, as the present mode wants them."""
        if step_s := self.posting.overtaking_s:
            self.run("UPDATE deliveries SET due_at = due_at + ? WHERE done_at IS NULL", step_s)
        for due_at in self.posting.due_times(at):
            self.insert("deliveries", event=event_id, due_at=due_at)

    def post_again(self, event_id: str, *, at: float) -> None:
        self.insert("deliveries", event=event_id, due_at=at)

    def waiting(self) -> list[Delivery]:
        """Return the webhooks that are not done, the next one first."""
        sql = "SELECT * FROM deliveries WHERE done_at IS NULL ORDER BY due_at, place LIMIT 100"
        return [Delivery(**row) for row in self.rows(sql)]

    def deliveries(self) -> list[Delivery]:
        return [Delivery(**row) for row in self.rows("SELECT * FROM deliveries ORDER BY place")]

    def note_attempt(
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
        """Return digest, status and body of what was answered to a key before."""
        rows = self.rows("SELECT digest, status, body FROM answers WHERE key = ?", key)
        return (rows[0]["digest"], rows[0]["status"], rows[0]["body"]) if rows else None

    def remember(self, key: str, *, digest: str, status: int, body: str) -> None:
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
