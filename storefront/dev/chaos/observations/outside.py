"""Outside view: read from the sandboxes' own files what really happened.

It never reads our database.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from email import message_from_bytes
from pathlib import Path
from typing import Any

from storefront.dev.chaos.observations.history import Attempt, Charge, Letter, Told


def charges(var: Path) -> list[Charge]:
    rows = _rows(var / "gateway" / "gateway.sqlite3", "SELECT * FROM payments ORDER BY created_at")
    return [
        Charge(
            payment=row["id"],
            order=row["description"],
            **{name: row[name] for name in Charge.__dataclass_fields__ if name in row},
        )
        for row in rows
    ]


def orders_told(var: Path) -> list[Told]:
    """Read the orders that he made; parts of one that he split are no orders of their own."""
    sql = "SELECT * FROM orders WHERE parent_cj_id IS NULL ORDER BY created_s"
    return [
        Told(
            number=row["order_number"],
            status=row["status"],
            units=sum(line["quantity"] for line in json.loads(row["lines"])),
        )
        for row in _rows(var / "sandbox" / "ledger.sqlite3", sql)
    ]


def disputes(var: Path) -> list[str]:
    """Read under which numbers of ours he was complained to."""
    rows = _rows(var / "sandbox" / "ledger.sqlite3", "SELECT business_id FROM disputes")
    return [row["business_id"] for row in rows]


def attempts(var: Path) -> list[Attempt]:
    """Read how often he was asked to take an order, the first call first."""
    sql = "SELECT order_number, code FROM attempts ORDER BY id"
    rows = _rows(var / "sandbox" / "ledger.sqlite3", sql)
    return [Attempt(number=row["order_number"], code=row["code"]) for row in rows]


def letters(var: Path) -> list[Letter]:
    found = []
    for file in sorted((var / "mail").glob("*.eml")):
        said = message_from_bytes(file.read_bytes())
        found.append(
            Letter(
                message_id=str(said["Message-ID"]).strip(),
                recipient=str(said["X-Envelope-To"]).strip(),
                subject=str(said["Subject"]),
            )
        )
    return found


def _rows(file: Path, sql: str) -> Sequence[dict[str, Any]]:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10) as book:
        book.row_factory = sqlite3.Row
        return [dict(row) for row in book.execute(sql)]
