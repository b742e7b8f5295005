"""Sendcloud sandbox state: hold ordered labels, what each cost, and what became of it.

The ledger is what the provider bills: a label that was ordered twice is stored twice.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.core.faults import Faults
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.supplier import BaseRules, SupplierState

KINDS = frozenset(
    {"500", "429", "slow", "trickle", "drop_before", "drop_after", "garbage", "truncated", "empty",
     "huge"}
)  # fmt: skip
SCHEMA = """
CREATE TABLE IF NOT EXISTS labels (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL, option TEXT NOT NULL, price TEXT NOT NULL,
    tracking_number TEXT NOT NULL, body TEXT NOT NULL, ordered_s REAL NOT NULL,
    status TEXT NOT NULL, problem TEXT NOT NULL DEFAULT '');
"""
CURRENCY = "EUR"
ANNOUNCING, ANNOUNCED, FAILED = "Announcing", "Ready to Ship", "Announcement failed"
CANCELED, SCANNED = "Cancelled", "Shipment on route"
# A recipient with this name makes the carrier refuse the label.
REFUSED_NAME = "Refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A return option; ``is_customs``: between customs territories."""

    code: str
    name: str
    price: str
    is_customs: bool = False
    is_cancelable: bool = True


OPTIONS = (
    Option(code="dpd:return/return", name="DPD Return", price="5.95"),
    Option(code="dhl:return/return", name="DHL Retoure", price="6.49"),
    Option(code="postnl:return/labelless", name="PostNL Return", price="7.25", is_cancelable=False),
    Option(code="ups:international/return", name="UPS Returns", price="24.90", is_customs=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(BaseRules):
    """The keys of the account; ``announce_s``: how long a carrier takes to confirm a label."""

    public_key: str = ""
    secret_key: str = ""
    announce_s: float = 0.0


class SandboxState(SupplierState[Rules]):
    """The labels of one account."""

    def __init__(self, *, folder: Path, rules: Rules) -> None:
        faults = Faults(KINDS)
        super().__init__(base_url="", rules=rules, ledger=Ledger(folder, SCHEMA), faults=faults)


def labels(state: SandboxState) -> list[dict[str, Any]]:
    """Return all ordered labels, the newest first, with their current status."""
    return [
        row | {"status": status_of(state, row)}
        for row in state.ledger.rows("SELECT * FROM labels ORDER BY id DESC")
    ]


def status_of(state: SandboxState, row: dict[str, Any]) -> str:
    is_confirmed = row["ordered_s"] + state.rules.announce_s <= state.now()
    return ANNOUNCED if row["status"] == ANNOUNCING and is_confirmed else str(row["status"])


def add_label(state: SandboxState, body: dict[str, Any], option: Option) -> int:
    """Order a label; the reference is not unique."""
    is_refused = body["from_address"]["name"] == REFUSED_NAME
    with state.ledger.writing():
        state.ledger.insert(
            "labels",
            reference=str(body.get("order_number", "")),
            option=option.code,
            price=option.price,
            tracking_number="",
            body=json.dumps(body),
            ordered_s=state.now(),
            status=FAILED if is_refused else ANNOUNCING,
            problem="The carrier refused the address." if is_refused else "",
        )
        (row,) = state.ledger.rows("SELECT max(id) AS id FROM labels")
        state.ledger.run(
            "UPDATE labels SET tracking_number = ? WHERE id = ?",
            f"{option.code[:3].upper()}R{row['id']:09}",
            row["id"],
        )
    return int(row["id"])


def set_status(state: SandboxState, label_id: int, status: str) -> None:
    state.ledger.run("UPDATE labels SET status = ? WHERE id = ?", status, label_id)


def option_of(code: str) -> Option | None:
    return next((option for option in OPTIONS if option.code == code), None)


def shown(state: SandboxState, row: dict[str, Any]) -> dict[str, Any]:
    """Return a label as the API shows it."""
    status, option = status_of(state, row), option_of(row["option"])
    body, is_ready = json.loads(row["body"]), status not in {ANNOUNCING, FAILED}
    url = f"{state.base_url}/api/v3/parcels/{row['id']}/documents/label"
    created_at = stamp(row["ordered_s"])
    return {
        "id": row["id"],
        "order_number": row["reference"],
        "from_address": body["from_address"],
        "to_address": body["to_address"],
        "shipping_option": {"code": row["option"]},
        "weight": body["weight"],
        "tracking_number": row["tracking_number"] if is_ready else None,
        "label": {"label_printer": url, "normal_printer": [f"{url}?paper_size=a4"]}
        if is_ready
        else None,
        "label_cost": {"value": float(row["price"]), "currency": CURRENCY} if is_ready else None,
        "is_cancellable": bool(option and option.is_cancelable and status == ANNOUNCED),
        "status_history": [
            {
                "carrier_update_timestamp": created_at,
                "parent_status": status,
                "carrier_code": row["option"].partition(":")[0],
            }
        ],
        "created_at": created_at,
        "errors": [{"detail": row["problem"]}] if row["problem"] else [],
    }


def stamp(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).isoformat()
