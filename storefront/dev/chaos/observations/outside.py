"""Outside view: read from the sandboxes' own files what really happened.

It never reads our database.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from email import message_from_bytes
from http import HTTPStatus
from pathlib import Path
from typing import Any

from storefront.dev.chaos.observations.history import (
    GatewayPayment,
    ReceivedEmail,
    SubmissionAttempt,
    SupplierOrder,
)

BIGBUY_STATUSES = {"Cancelled": "CANCELLED", "Shipped": "SHIPPED", "Delivered": "DELIVERED"}


def gateway_payments(var: Path) -> list[GatewayPayment]:
    """Read the checkout sessions at Stripe, with what became of the money, oldest first."""
    rows = _rows(var / "gateway", "SELECT kind, body FROM objects ORDER BY rowid")
    things = [json.loads(row["body"]) for row in rows]
    known = {thing["id"]: thing for thing in things}
    sessions = [thing for thing in things if thing["object"] == "checkout.session"]
    return [_charge(session, known) for session in sessions]


def _charge(session: dict[str, Any], known: Mapping[str, dict[str, Any]]) -> GatewayPayment:
    intent = known.get(session["payment_intent"] or "", {})
    charge = known.get(intent.get("latest_charge") or "", {})
    authorized = intent["amount"] if charge.get("status") == "succeeded" else 0
    captured = intent.get("amount_received", 0)
    is_over = intent.get("status") in {"succeeded", "canceled"}
    return GatewayPayment(
        payment=session["id"],
        order=session["client_reference_id"],
        status=intent.get("status", session["status"]),
        amount=session["amount_total"],
        authorized=authorized,
        captured=captured,
        released=authorized - captured if is_over else 0,
        refunded=charge.get("amount_refunded", 0),
        created_at=session["created"],
    )


def gateway_events(var: Path) -> list[dict[str, Any]]:
    """Return the events that Stripe posted or will post, oldest first."""
    rows = _rows(var / "gateway", "SELECT body FROM events ORDER BY place")
    return [json.loads(row["body"]) for row in rows]


def supplier_orders(var: Path) -> list[SupplierOrder]:
    """Return the orders of the API suppliers."""
    cj = _rows(var / "sandbox", "SELECT * FROM orders ORDER BY created_s")
    bigbuy = _rows(var / "bigbuy", "SELECT * FROM orders ORDER BY created_s")
    return [
        *(_to_order(row["order_number"], row["status"], row) for row in cj),
        *(
            replace(
                _to_order(row["reference"], BIGBUY_STATUSES.get(row["status"], "UNSHIPPED"), row),
                supplier="bigbuy",
            )
            for row in bigbuy
        ),
    ]


def _to_order(number: str, status: str, row: dict[str, Any]) -> SupplierOrder:
    units = sum(line["quantity"] for line in json.loads(row["lines"]))
    return SupplierOrder(number=number, status=status, units=units)


def disputes(var: Path) -> list[str]:
    """Return our number of each dispute at CJ."""
    return [
        row["business_id"] for row in _rows(var / "sandbox", "SELECT business_id FROM disputes")
    ]


def attempts(var: Path) -> list[SubmissionAttempt]:
    """Return the calls that placed orders at API suppliers, oldest first."""
    cj = _rows(var / "sandbox", "SELECT order_number, code FROM attempts ORDER BY id")
    # The BigBuy sandbox records only rejected calls as attempts.
    sql = """
        SELECT reference, 1 AS is_accepted, created_s AS at_s FROM orders UNION ALL
        SELECT reference, 0, at_s FROM attempts ORDER BY at_s
    """
    return [
        *(
            SubmissionAttempt(number=row["order_number"], is_accepted=row["code"] == HTTPStatus.OK)
            for row in cj
        ),
        *(
            SubmissionAttempt(number=row["reference"], is_accepted=bool(row["is_accepted"]))
            for row in _rows(var / "bigbuy", sql)
        ),
    ]


def received_emails(var: Path) -> list[ReceivedEmail]:
    found = []
    for file in sorted((var / "mail").glob("*.eml")):
        message = message_from_bytes(file.read_bytes())
        found.append(
            ReceivedEmail(
                message_id=str(message["Message-ID"]).strip(),
                recipient=str(message["X-Envelope-To"]).strip(),
                subject=str(message["Subject"]),
            )
        )
    return found


def text_messages(var: Path) -> list[str]:
    """Return the recipient of each text message that the provider accepted."""
    return [row["recipient"] for row in _rows(var / "sms", "SELECT recipient FROM messages")]


def return_labels(var: Path) -> list[str]:
    """Return our reference of each label that was ordered."""
    rows = _rows(var / "labels", "SELECT reference FROM labels")
    return [row["reference"] for row in rows]


def _rows(sandbox: Path, sql: str) -> Sequence[dict[str, Any]]:
    file = sandbox / "ledger.sqlite3"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as book:
        book.row_factory = sqlite3.Row
        return [dict(row) for row in book.execute(sql)]
