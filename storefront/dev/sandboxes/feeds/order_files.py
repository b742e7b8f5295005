"""Feed sandbox orders: import order files, decide per line what ships, write answer files.

A file is deleted only when its order is in the ledger. After a crash in between, it is read again
and recognized as the same order.
"""

import csv
import hashlib
import io
import json
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.core.http_server import repeat_in_thread

from .state import SandboxState

MAX_LINE_LENGTH = 70  # of an address line on the carrier's label
WITH_PROVINCES = frozenset({"AU", "CA", "ES", "IT", "US"})  # an address needs a province there
NEEDED = ("name", "line1", "postcode", "city", "country")
MAX_UNITS = 1_000


def rejection_reasons(
    lines: Sequence[Mapping[str, Any]], ship_to: Mapping[str, str], *, on_sale: Collection[str]
) -> list[str]:
    """Return the rejection reason of each line, empty if it ships; a bad address rejects all."""
    problem = address_problem(ship_to)
    return [problem or _line_problem(line, on_sale) for line in lines]


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

ANSWER_COLUMNS = ("order", "line", "sku", "quantity", "answer", "reason")
WHERE = ("name", "line1", "line2", "postcode", "city", "region", "country", "phone")
IDLE_S = 0.5
FORMULA_GUARD = "'"


def start(state: SandboxState) -> threading.Thread:
    return repeat_in_thread(lambda: work(state), every_s=IDLE_S, stopping=state.stopping)


def work(state: SandboxState) -> None:
    """Import new files from ``orders``, and answer the orders that are due in ``answers``."""
    with state.working:
        for path in sorted(state.orders.glob("*.csv")):
            _take(state, path)
        due = state.ledger.rows(
            "SELECT * FROM orders WHERE answered_s IS NULL AND received_s <= ? ORDER BY number",
            state.now() - state.pace_s,
        )
        if due:
            on_sale = {item.sku for item in state.shop.feed_items() if item.is_active}
            for order in due:
                _answer(state, order, on_sale=on_sale)


def report(state: SandboxState) -> dict[str, Any]:
    """Return every order with its answer, and every invalid file."""
    work(state)
    rows = state.ledger.rows("SELECT * FROM orders ORDER BY received_s, number")
    for row in rows:
        for name in ("lines", "ship_to", "answer"):
            row[name] = json.loads(row[name])
    return {"orders": rows, "attempts": state.ledger.rows("SELECT * FROM attempts ORDER BY id")}


def forget(state: SandboxState) -> None:
    with state.working:
        state.ledger.wipe()
        state.ledger.forget("ahead_s", "pace_s")
        state.ahead_s = 0.0
        for path in (*state.orders.iterdir(), *state.answers.iterdir()):
            path.unlink()


def _take(state: SandboxState, path: Path) -> None:
    content = path.read_bytes()
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    known = state.ledger.row("SELECT digest FROM orders WHERE number = ?", path.stem)
    reason = ""
    if known is None:
        reason = _note(state, path.stem, content, digest)
    elif known["digest"] != digest:
        reason = "another order already has this number"
    if reason:
        state.ledger.insert("attempts", at_s=state.now(), file=path.name, reason=reason)
    path.unlink()


def _note(state: SandboxState, number: str, content: bytes, digest: str) -> str:
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
    state.ledger.insert(
        "orders",
        number=number,
        digest=digest,
        lines=json.dumps(lines),
        ship_to=json.dumps(ship_to),
        received_s=state.now(),
    )
    return ""


def _answer(state: SandboxState, order: dict[str, Any], *, on_sale: set[str]) -> None:
    """Write the answer under a temporary name, then rename it, so that it appears complete."""
    number, lines = order["number"], json.loads(order["lines"])
    reasons = rejection_reasons(lines, json.loads(order["ship_to"]), on_sale=on_sale)
    answered = [
        {**line, "answer": "rejected" if reason else "accepted", "reason": reason}
        for line, reason in zip(lines, reasons, strict=True)
    ]
    unfinished = state.answers / f"{number}.part"
    with unfinished.open("w", newline="") as file:
        rows = csv.DictWriter(file, ANSWER_COLUMNS)
        rows.writeheader()
        rows.writerows({"order": number, **line} for line in answered)
    unfinished.replace(state.answers / f"{number}.csv")
    state.ledger.run(
        "UPDATE orders SET answered_s = ?, answer = ? WHERE number = ?",
        *(state.now(), json.dumps(answered), number),
    )
