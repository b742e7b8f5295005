"""Sandbox ledger: store on disk what really happened, whatever was answered."""

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, pair TEXT NOT NULL, open_id INTEGER NOT NULL,
    created_s REAL NOT NULL, expires_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    cj_id TEXT PRIMARY KEY, order_number TEXT NOT NULL, parent_cj_id TEXT,
    shipment_order_id TEXT NOT NULL, status TEXT NOT NULL, request TEXT NOT NULL,
    lines TEXT NOT NULL, logistic_name TEXT NOT NULL, from_country TEXT NOT NULL,
    product_amount TEXT NOT NULL, postage_amount TEXT NOT NULL, weight_g INTEGER NOT NULL,
    took_stock INTEGER NOT NULL DEFAULT 0, pay_id TEXT, track_number TEXT, tracking_url TEXT,
    created_s REAL NOT NULL, paid_s REAL, shipped_s REAL, delivered_s REAL, canceled_s REAL,
    moved_s REAL NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS order_once_per_number
    ON orders (order_number) WHERE parent_cj_id IS NULL;
CREATE TABLE IF NOT EXISTS effects (
    id INTEGER PRIMARY KEY, at_s REAL NOT NULL, kind TEXT NOT NULL, order_number TEXT NOT NULL,
    cj_id TEXT NOT NULL, detail TEXT NOT NULL, fault TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, at_s REAL NOT NULL, order_number TEXT NOT NULL, code INTEGER NOT NULL,
    fault TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stock (
    vid TEXT NOT NULL, country TEXT NOT NULL, ready INTEGER NOT NULL, at_factory INTEGER NOT NULL,
    PRIMARY KEY (vid, country));
CREATE TABLE IF NOT EXISTS stock_was (
    vid TEXT NOT NULL, country TEXT NOT NULL, ready INTEGER NOT NULL, at_factory INTEGER NOT NULL,
    until_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS disputes (
    id TEXT PRIMARY KEY, business_id TEXT NOT NULL UNIQUE, cj_id TEXT NOT NULL,
    status TEXT NOT NULL, reason_id TEXT NOT NULL, expect_type TEXT NOT NULL,
    words TEXT NOT NULL, lines TEXT NOT NULL, most TEXT NOT NULL, deal INTEGER, money TEXT,
    created_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS prices (vid TEXT PRIMARY KEY, price TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, topic TEXT NOT NULL, body TEXT NOT NULL,
    state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due_s REAL NOT NULL,
    last_status TEXT NOT NULL DEFAULT '', fault TEXT NOT NULL DEFAULT '');
"""
TABLES = ("orders", "disputes", "effects", "attempts", "stock", "stock_was", "prices", "messages")


class Ledger:
    """One SQLite file with one writer at a time; writes are durable before an answer is sent.

    ``wipe`` empties ``tables``.
    """

    def __init__(
        self, folder: Path, *, schema: str = SCHEMA, tables: tuple[str, ...] = TABLES
    ) -> None:
        self._tables = tables
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            folder / "ledger.sqlite3", check_same_thread=False, isolation_level=None
        )
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(schema)
        self._depth = 0
        self.after_rollback: list[Callable[[], None]] = []

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Run a transaction, nestable; others wait."""
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

    def effect(self, kind: str, *, order: dict[str, Any], at_s: float, detail: str = "") -> None:
        self.insert(
            "effects",
            at_s=at_s,
            kind=kind,
            order_number=order["order_number"],
            cj_id=order["cj_id"],
            detail=detail,
            fault=order.get("fault", ""),
        )

    def wipe(self) -> None:
        """Delete all but the tokens and the settings."""
        with self.writing():
            for table in self._tables:
                self.run(f"DELETE FROM {table}")  # noqa: S608 our own names


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

    def told(self) -> dict[str, Any]:
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
