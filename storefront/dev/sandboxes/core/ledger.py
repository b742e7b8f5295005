"""Sandbox ledger: store on disk what really happened, even if a fault spoiled the answer."""

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FACTS = "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
KEPT = ("facts", "tokens", "sqlite_sequence")
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid DESC"


class Ledger:
    """One SQLite file with one writer at a time; writes are durable before an answer is sent."""

    def __init__(self, folder: Path, schema: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            folder / "ledger.sqlite3", check_same_thread=False, isolation_level=None
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(FACTS + schema)
        self._depth = 0
        self.after_rollback: list[Callable[[], None]] = []

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run a transaction, nestable; other threads wait."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                    for reread in self.after_rollback:
                        reread()
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._db.execute(sql, values)]

    def row(self, sql: str, *values: Any) -> dict[str, Any] | None:
        found = self.rows(sql, *values)
        return found[0] if found else None

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement; return the number of changed rows."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def insert(self, table: str, **columns: Any) -> int:
        names = ", ".join(columns)
        marks = ", ".join("?" for _ in columns)
        with self._lock:
            done = self._db.execute(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 our own names
                tuple(columns.values()),
            )
            return done.lastrowid or 0

    def fact(self, name: str, default: Any = None) -> Any:
        row = self.row("SELECT value FROM facts WHERE name = ?", name)
        return json.loads(row["value"]) if row else default

    def set_fact(self, name: str, value: Any) -> None:
        self.run("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, json.dumps(value))

    def wipe(self) -> None:
        """Delete all but the tokens and the settings; tables that others refer to come last."""
        with self.writing():
            for table in self.rows(TABLES):
                if table["name"] not in KEPT:
                    self.run(f"DELETE FROM {table['name']}")  # noqa: S608 our own names

    def forget(self, *facts: str) -> None:
        """Delete settings."""
        for name in facts:
            self.run("DELETE FROM facts WHERE name = ?", name)


class Usage:
    """Counts API calls by path, in memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._points = 0

    def count(self, path: str, *, points: int) -> None:
        with self._lock:
            self._calls[path] += 1
            self._points += points

    def report(self) -> dict[str, Any]:
        with self._lock:
            return {
                "calls": self._calls.total(),
                "points": self._points,
                "by_path": dict(self._calls.most_common()),
            }

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._points = 0
