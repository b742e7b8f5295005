"""17TRACK sandbox state: hold registered numbers, their events and webhooks; move parcels on.

A parcel takes the next step of its journey every ``pace_s`` seconds, or when the control asks.
"""

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.core.faults import MESSAGE_KINDS, Faults
from storefront.dev.sandboxes.core.http_server import repeat_in_thread
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.supplier import BaseRules, SupplierState

KINDS = frozenset(
    {"500", "429", "slow", "trickle", "drop_before", "drop_after", "garbage", "truncated", "empty",
     "huge", "wrong_number", "no_registration"}
)  # fmt: skip
SCHEMA = """
CREATE TABLE IF NOT EXISTS numbers (
    number TEXT PRIMARY KEY, tag TEXT NOT NULL, carrier INTEGER NOT NULL, lang TEXT NOT NULL,
    registered_s REAL NOT NULL, times INTEGER NOT NULL DEFAULT 1, step INTEGER NOT NULL DEFAULT 0,
    moved_s REAL NOT NULL, is_stopped INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY, number TEXT NOT NULL, at_s REAL NOT NULL, sub_status TEXT NOT NULL,
    stage TEXT, description TEXT NOT NULL, location TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, body TEXT NOT NULL, state TEXT NOT NULL, due_s REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, last_status TEXT NOT NULL DEFAULT '',
    fault TEXT NOT NULL DEFAULT '');
"""
# Sub-status, stage, description, place.
JOURNEY = (
    ("InfoReceived", "InfoReceived", "Shipment information received", "Shenzhen"),
    ("InTransit_PickedUp", "PickedUp", "Parcel accepted by the carrier", "Shenzhen"),
    ("InTransit_Departure", "Departure", "Departed from the airport", "Hong Kong"),
    ("InTransit_CustomsProcessing", None, "Handed to customs", "Frankfurt"),
    ("InTransit_CustomsReleased", None, "Released from customs", "Frankfurt"),
    ("OutForDelivery_Other", "OutForDelivery", "Out for delivery", "Berlin"),
    ("Delivered_Other", "Delivered", "Delivered to the recipient", "Berlin"),
)
CARRIERS = {
    "CJ": (190094, "CJPacket"),
    "YT": (190008, "YunExpress"),
    "1Z": (100002, "UPS"),
    "JJ": (100001, "DHL"),
}
OTHER_CARRIER = (7041, "DHL Paket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(BaseRules):
    """Limits of the account: calls a second, registrations (0: no limit)."""

    key: str = ""
    webhook_url: str = ""
    webhook_retry_s: float = 5.0
    qps: int = 3
    quota: int = 0


class SandboxState(SupplierState[Rules]):
    """The numbers of one account."""

    def __init__(self, *, folder: Path, rules: Rules) -> None:
        faults = Faults(KINDS)
        super().__init__(base_url="", rules=rules, ledger=Ledger(folder, SCHEMA), faults=faults)
        self.webhook_queued = threading.Event()


def carrier_of(number: str) -> tuple[int, str]:
    """Return code and name of the carrier that is detected from a number."""
    return CARRIERS.get(number[:2], OTHER_CARRIER)


def stamp(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def add_event(  # noqa: PLR0913 - the parts of an event
    state: SandboxState,
    number: str,
    *,
    sub_status: str,
    stage: str | None,
    description: str,
    location: str,
    at_s: float | None = None,
) -> None:
    """Store an event and its webhook together."""
    with state.ledger.writing():
        state.ledger.insert(
            "events",
            number=number,
            at_s=state.now() if at_s is None else at_s,
            sub_status=sub_status,
            stage=stage,
            description=description,
            location=location,
        )
        queue_webhook(state, number, event="TRACKING_UPDATED")


def advance(state: SandboxState, row: dict[str, Any]) -> None:
    """Take the next step of a parcel's journey, if there is one."""
    if row["step"] >= len(JOURNEY) or row["is_stopped"]:
        return
    sub_status, stage, description, location = JOURNEY[row["step"]]
    with state.ledger.writing():
        state.ledger.run(
            "UPDATE numbers SET step = step + 1, moved_s = ? WHERE number = ?",
            state.now(),
            row["number"],
        )
        add_event(
            state,
            row["number"],
            sub_status=sub_status,
            stage=stage,
            description=description,
            location=location,
        )


def advance_due(state: SandboxState) -> None:
    if state.pace_s:
        due = state.ledger.rows(
            "SELECT * FROM numbers WHERE NOT is_stopped AND step < ? AND moved_s <= ?",
            len(JOURNEY),
            state.now() - state.pace_s,
        )
        for row in due:
            advance(state, row)


def start(state: SandboxState) -> threading.Thread:
    return repeat_in_thread(lambda: advance_due(state), every_s=0.25, stopping=state.stopping)


def report(state: SandboxState, row: dict[str, Any]) -> dict[str, Any]:
    """Return what the API and webhooks say about a number, newest event first."""
    events = [
        {
            "time_iso": stamp(event["at_s"]),
            "time_utc": stamp(event["at_s"]),
            "description": event["description"],
            "description_translation": None,
            "location": event["location"],
            "stage": event["stage"],
            "sub_status": event["sub_status"],
        }
        for event in state.ledger.rows(
            "SELECT * FROM events WHERE number = ? ORDER BY at_s DESC, id DESC", row["number"]
        )
    ]
    latest = events[0] if events else None
    sub_status = latest["sub_status"] if latest else "NotFound_Other"
    code, name = row["carrier"], carrier_of(row["number"])[1]
    return {
        "number": row["number"],
        "carrier": code,
        "tag": row["tag"],
        "track_info": {
            "latest_status": {"status": sub_status.partition("_")[0], "sub_status": sub_status},
            "latest_event": latest,
            "tracking": {
                "providers": [{"provider": {"key": code, "name": name}, "events": events}]
            },
        },
    }


def queue_webhook(state: SandboxState, number: str, *, event: str) -> None:
    """Store a webhook with the whole report, as the provider sends it."""
    row = state.ledger.row("SELECT * FROM numbers WHERE number = ?", number)
    if row is None:
        raise KeyError(number)
    fault = state.faults.next_for_message()
    name = fault.kind if fault else ""
    data = report(state, row)
    state.ledger.insert(
        "messages",
        body=json.dumps({"event": event, "data": data}, ensure_ascii=False),
        state="lost" if name == "lost" else "waiting",
        due_s=state.now() + (fault.delay_s if fault and name == "out_of_order" else 0),
        fault=name if name in MESSAGE_KINDS else "",
    )
    state.webhook_queued.set()
