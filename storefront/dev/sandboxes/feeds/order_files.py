"""Feed sandbox orders: import order files, decide per line what ships, write answer files.

A file is deleted only when its order is in the ledger. After a crash in between, it is read again
and recognized as the same order.
"""

import csv
import hashlib
import io
import json
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.core.http_server import repeat_in_thread
from storefront.dev.sandboxes.core.ledger import Ledger

from .state import FeedCatalog

# The carrier's label has no more room, and these countries need a province.
MAX_LINE_LENGTH = 70
WITH_PROVINCES = frozenset({"AU", "CA", "ES", "IT", "US"})
NEEDED = ("name", "line1", "postcode", "city", "country")
MAX_UNITS = 1_000


def rejection_reasons(
    lines: Sequence[Mapping[str, Any]], ship_to: Mapping[str, str], *, on_sale: Collection[str]
) -> list[str]:
    """Return the rejection reason of each line, empty if it ships; an address rejects all."""
    wrong = address_problem(ship_to)
    return [wrong or _line_problem(line, on_sale) for line in lines]


def address_problem(ship_to: Mapping[str, str]) -> str:
    missing = [name for name in NEEDED if not ship_to.get(name, "").strip()]
    if missing:
        return f"missing {missing[0]}"
    if ship_to["country"] in WITH_PROVINCES and not ship_to.get("region", "").strip():
        return "missing province"
    if any(len(ship_to.get(name, "")) > MAX_LINE_LENGTH for name in ("name", "line1", "line2")):
        return f"an address line is over {MAX_LINE_LENGTH} characters"
    return ""


def _line_problem(line: Mapping[str, Any], on_sale: Collection[str]) -> str:
    if line["sku"] not in on_sale:
        return "unknown SKU"
    if not 0 < line["quantity"] <= MAX_UNITS:
        return "invalid quantity"
    return ""


# Order files

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    number TEXT PRIMARY KEY, digest TEXT NOT NULL, lines TEXT NOT NULL, ship_to TEXT NOT NULL,
    received_s REAL NOT NULL, answered_s REAL, answer TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, at_s REAL NOT NULL, file TEXT NOT NULL, reason TEXT NOT NULL);
"""
ANSWER_COLUMNS = ("order", "line", "sku", "quantity", "answer", "reason")
WHERE = ("name", "line1", "line2", "postcode", "city", "region", "country", "phone")
IDLE_S = 0.5
FORMULA_GUARD = "'"


class OrderProcessor:
    """Processes the order files in ``orders``, writes the answer files in ``answers``."""

    def __init__(self, shop: FeedCatalog, *, pace_s: float) -> None:
        self._shop = shop
        self._first_pace_s = pace_s
        self._ledger = Ledger(shop.folder, schema=SCHEMA, tables=("orders", "attempts"))
        self._lock = threading.Lock()
        self.orders, self.answers = shop.folder / "orders", shop.folder / "answers"
        self.stopping = threading.Event()
        for folder in (self.orders, self.answers):
            folder.mkdir(exist_ok=True)

    def now(self) -> float:
        """Return the sandbox's time: the real time, shifted by ``advance_clock``."""
        return time.time() + float(self._ledger.fact("ahead_s", 0.0))

    def advance_clock(self, seconds: float) -> None:
        """Advance the clock; it never goes back."""
        ahead_s = float(self._ledger.fact("ahead_s", 0.0)) + max(seconds, 0.0)
        self._ledger.set_fact("ahead_s", ahead_s)

    @property
    def pace_s(self) -> float:
        return float(self._ledger.fact("pace_s", self._first_pace_s))

    def set_pace(self, seconds: float) -> None:
        self._ledger.set_fact("pace_s", max(seconds, 0.0))

    def start(self) -> threading.Thread:
        return repeat_in_thread(self.work, every_s=IDLE_S, stopping=self.stopping)

    def work(self) -> None:
        """Import new files, and answer the orders that are due."""
        with self._lock:
            for path in sorted(self.orders.glob("*.csv")):
                self._take(path)
            due = self._ledger.rows(
                "SELECT * FROM orders WHERE answered_s IS NULL AND received_s <= ? ORDER BY number",
                self.now() - self.pace_s,
            )
            if due:
                on_sale = {item.sku for item in self._shop.feed_items() if item.is_active}
                for order in due:
                    self._answer(order, on_sale=on_sale)

    def told(self) -> dict[str, Any]:
        """Return every order with its answer, and every invalid file."""
        self.work()
        rows = self._ledger.rows("SELECT * FROM orders ORDER BY received_s, number")
        for row in rows:
            for name in ("lines", "ship_to"):
                row[name] = json.loads(row[name])
            row["answer"] = json.loads(row["answer"] or "[]")
        return {
            "orders": rows,
            "attempts": self._ledger.rows("SELECT * FROM attempts ORDER BY id"),
        }

    def forget(self) -> None:
        with self._lock:
            self._ledger.wipe()
            self._ledger.run("DELETE FROM facts")
            for path in (*self.orders.iterdir(), *self.answers.iterdir()):
                path.unlink()

    def _take(self, path: Path) -> None:
        content = path.read_bytes()
        digest = hashlib.blake2b(content, digest_size=16).hexdigest()
        known = self._ledger.row("SELECT digest FROM orders WHERE number = ?", path.stem)
        reason = ""
        if known is None:
            reason = self._note(path.stem, content, digest)
        elif known["digest"] != digest:
            reason = "another order already has this number"
        if reason:
            self._ledger.insert("attempts", at_s=self.now(), file=path.name, reason=reason)
        path.unlink()

    def _note(self, number: str, content: bytes, digest: str) -> str:
        """Store an order; return why it is invalid."""
        try:
            rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
            lines = [
                {
                    "line": row["line"],
                    "sku": row["sku"].removeprefix(FORMULA_GUARD),
                    "quantity": int(row["quantity"]),
                }
                for row in rows
            ]
            ship_to = {name: rows[0][name] for name in WHERE}
        except (ValueError, KeyError, IndexError, TypeError, csv.Error) as error:
            return f"{type(error).__name__}: the file cannot be read"
        if any(row["order"] != number for row in rows):
            return "the file name and the order number differ"
        self._ledger.insert(
            "orders",
            number=number,
            digest=digest,
            lines=json.dumps(lines),
            ship_to=json.dumps(ship_to),
            received_s=self.now(),
        )
        return ""

    def _answer(self, order: dict[str, Any], *, on_sale: set[str]) -> None:
        lines, ship_to = json.loads(order["lines"]), json.loads(order["ship_to"])
        reasons = rejection_reasons(lines, ship_to, on_sale=on_sale)
        said = [
            {**line, "answer": "rejected" if reason else "accepted", "reason": reason}
            for line, reason in zip(lines, reasons, strict=True)
        ]
        self._write(order["number"], said)
        self._ledger.run(
            "UPDATE orders SET answered_s = ?, answer = ? WHERE number = ?",
            self.now(),
            json.dumps(said),
            order["number"],
        )

    def _write(self, number: str, said: list[dict[str, Any]]) -> None:
        """Write the answer under a temporary name, then rename it, so that it appears complete."""
        unfinished = self.answers / f"{number}.part"
        with unfinished.open("w", newline="") as file:
            rows = csv.DictWriter(file, ANSWER_COLUMNS)
            rows.writeheader()
            rows.writerows({"order": number, **line} for line in said)
        unfinished.replace(self.answers / f"{number}.csv")
