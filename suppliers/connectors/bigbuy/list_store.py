"""BigBuy list store: keep lists in SQLite, join them by id, reuse those that did not change."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import batched
from pathlib import Path
from typing import Any

import msgspec

# The cache is only a copy: rename it when its schema changes, and all lists are fetched again.
FILE_NAME = "bigbuy-1.sqlite3"
BUSY_TIMEOUT_S = 60.0
STOCKED = "stocked"
BATCH = 1000
SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
  list TEXT, id INTEGER, parent INTEGER, row BLOB, PRIMARY KEY (list, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rows_by_parent ON rows (list, parent);
CREATE TABLE IF NOT EXISTS stamps (
  list TEXT, id INTEGER, stamp TEXT, PRIMARY KEY (list, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stocked (product INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS ready (sku TEXT PRIMARY KEY, days INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fetched (list TEXT PRIMARY KEY, at_s REAL) WITHOUT ROWID;
"""
# Temporary tables of this run, in a private file.
RUN_SCHEMA = """
CREATE TEMP TABLE product (id INTEGER PRIMARY KEY, row BLOB);
CREATE TEMP TABLE stamp (list TEXT, id INTEGER, stamp TEXT, PRIMARY KEY (list, id)) WITHOUT ROWID;
CREATE TEMP TABLE ready (sku TEXT PRIMARY KEY, days INTEGER) WITHOUT ROWID;
CREATE TEMP TABLE incoming (id INTEGER PRIMARY KEY, parent INTEGER, row BLOB);
"""
REPLACE_SQL = (
    "DELETE FROM rows WHERE list = :list",
    "INSERT INTO rows SELECT :list, id, parent, row FROM temp.incoming",
    "DELETE FROM stamps WHERE list = :list",
    "INSERT INTO stamps SELECT list, id, stamp FROM temp.stamp WHERE list = :list",
    "INSERT OR REPLACE INTO fetched VALUES (:list, :at_s)",
)
# Without the hint, SQLite scans the whole list for each parent.
BY_PARENT_SQL = "FROM rows INDEXED BY rows_by_parent WHERE list = ? AND parent = ?"
CHANGED_SQL = """
SELECT EXISTS (
  SELECT 1 FROM temp.stamp t
  WHERE t.list = ? AND NOT EXISTS (
    SELECT 1 FROM stamps s WHERE s.list = t.list AND s.id = t.id AND s.stamp = t.stamp
  )
)
"""
_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


class ListStore:
    """The cached lists of one connection; each is replaced in one transaction."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / FILE_NAME, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)
        self._db.executescript(RUN_SCHEMA)

    def close(self) -> None:
        self._db.close()

    def put_products(self, rows: Iterable[tuple[int, dict[str, Any], Mapping[str, str]]]) -> int:
        """Store the products of this run: id, row, and by list when the product's part changed."""
        count = 0
        for batch in batched(rows, BATCH):
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT OR REPLACE INTO temp.product VALUES (?, ?)",
                [(key, _encoder.encode(row)) for key, row, _ in batch],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO temp.stamp VALUES (?, ?, ?)",
                [(name, key, stamp) for key, _, dates in batch for name, stamp in dates.items()],
            )
            self._db.execute("COMMIT")
            count += len(batch)
        return count

    def has_changed(self, name: str) -> bool:
        """Return whether a product's part of a list has another date than in the cached list."""
        (is_changed,) = self._db.execute(CHANGED_SQL, (name,)).fetchone()
        return bool(is_changed)

    def replace(
        self, name: str, rows: Iterable[tuple[int, int | None, dict[str, Any]]], *, at_s: float
    ) -> int:
        """Replace a list by rows (id, parent, row), collected first in a temporary table."""
        self._db.execute("DELETE FROM temp.incoming")
        count = 0
        for batch in batched(rows, BATCH):
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT OR REPLACE INTO temp.incoming VALUES (?, ?, ?)",
                [(key, parent, _encoder.encode(row)) for key, parent, row in batch],
            )
            self._db.execute("COMMIT")
            count += len(batch)
        self._db.execute("BEGIN IMMEDIATE")
        for statement in REPLACE_SQL:
            self._db.execute(statement, {"list": name, "at_s": at_s})
        self._db.execute("COMMIT")
        return count

    def fetched_at_s(self, name: str) -> float:
        row = self._db.execute("SELECT at_s FROM fetched WHERE list = ?", (name,)).fetchone()
        return float(row[0]) if row else 0.0

    def counts(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT list, count(*) FROM rows GROUP BY list"))

    def forget(self, name: str) -> None:
        """Make the next run fetch a list again before anything is joined with it."""
        self._db.execute("DELETE FROM fetched WHERE list IN (?, ?)", (name, STOCKED))

    def products(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for key, row in self._db.execute("SELECT id, row FROM temp.product ORDER BY id"):
            yield int(key), _decoder.decode(row)

    def row(self, name: str, key: int) -> dict[str, Any] | None:
        stored = self._db.execute(
            "SELECT row FROM rows WHERE list = ? AND id = ?", (name, key)
        ).fetchone()
        return _decoder.decode(stored[0]) if stored else None

    def children(self, name: str, parent: int) -> list[dict[str, Any]]:
        stored_rows = self._db.execute(f"SELECT row {BY_PARENT_SQL} ORDER BY id", (name, parent))
        return [_decoder.decode(row) for (row,) in stored_rows]

    def has_rows(self, name: str) -> bool:
        result = self._db.execute("SELECT EXISTS (SELECT 1 FROM rows WHERE list = ?)", (name,))
        return bool(result.fetchone()[0])

    def has_children(self, name: str, parent: int) -> bool:
        result = self._db.execute(f"SELECT EXISTS (SELECT 1 {BY_PARENT_SQL})", (name, parent))
        return bool(result.fetchone()[0])

    def parent(self, name: str, key: int) -> int | None:
        stored = self._db.execute(
            "SELECT parent FROM rows WHERE list = ? AND id = ?", (name, key)
        ).fetchone()
        return int(stored[0]) if stored and stored[0] is not None else None

    def put_stocked(self, products: Iterable[int], *, at_s: float) -> None:
        """Store the products in stock, and the lead times noted with ``note_lead_time``."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("DELETE FROM stocked")
        self._db.executemany("INSERT INTO stocked VALUES (?)", ((key,) for key in products))
        self._db.execute("INSERT OR REPLACE INTO main.ready SELECT sku, days FROM temp.ready")
        self._db.execute("INSERT OR REPLACE INTO fetched VALUES (?, ?)", (STOCKED, at_s))
        self._db.execute("COMMIT")

    def stocked(self) -> set[int]:
        return {int(key) for (key,) in self._db.execute("SELECT product FROM stocked")}

    def note_lead_time(self, sku: str, days: int) -> None:
        """Note the lead time of a SKU in days; ``put_stocked`` stores it."""
        self._db.execute("INSERT OR REPLACE INTO temp.ready VALUES (?, ?)", (sku, days))

    def lead_time_days(self, sku: str) -> int | None:
        """Return the lead time of a SKU in days, from when it was last in stock."""
        stored = self._db.execute("SELECT days FROM main.ready WHERE sku = ?", (sku,)).fetchone()
        return int(stored[0]) if stored else None
