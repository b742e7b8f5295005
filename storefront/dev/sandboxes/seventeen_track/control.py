"""17TRACK control: list numbers and webhooks, move a parcel on, add an event, stop tracking."""

from typing import Any

from storefront.dev.sandboxes.core.control import FAULT_ACTIONS, Actions
from storefront.dev.sandboxes.supplier import advance_clock

from .state import SandboxState, add_event, advance, queue_webhook, report

type Arguments = dict[str, Any]


def numbers(state: SandboxState, _: Arguments) -> list[dict[str, Any]]:
    rows = state.ledger.rows("SELECT * FROM numbers ORDER BY registered_s, number")
    return [row | {"report": report(state, row)} for row in rows]


def messages(state: SandboxState, _: Arguments) -> list[dict[str, Any]]:
    return state.ledger.rows("SELECT * FROM messages ORDER BY id")


def _advance(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    row = _row(state, arguments)
    for _ in range(int(arguments.get("steps", 1))):
        advance(state, row)
        row = _row(state, arguments)
    return numbers(state, {})


def _event(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    """Add one event; ``ago_s`` is its age in seconds."""
    add_event(
        state,
        _row(state, arguments)["number"],
        sub_status=str(arguments["sub_status"]),
        stage=arguments.get("stage"),
        description=str(arguments.get("description", arguments["sub_status"])),
        location=str(arguments.get("location", "")),
        at_s=state.now() - float(arguments.get("ago_s", 0)),
    )
    return numbers(state, {})


def _stop(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    number = _row(state, arguments)["number"]
    state.ledger.run("UPDATE numbers SET is_stopped = 1 WHERE number = ?", number)
    queue_webhook(state, number, event="TRACKING_STOPPED")
    return numbers(state, {})


def _pace(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    state.ledger.set_fact("pace_s", max(float(arguments["seconds"]), 0))
    return {"seconds": state.pace_s}


def _row(state: SandboxState, arguments: Arguments) -> dict[str, Any]:
    row = state.ledger.row("SELECT * FROM numbers WHERE number = ?", str(arguments["number"]))
    if row is None:
        raise ValueError(f"{arguments['number']} is not registered")
    return row


ACTIONS: Actions[SandboxState] = {
    **FAULT_ACTIONS,
    ("GET", "numbers"): numbers,
    ("GET", "messages"): messages,
    ("POST", "advance"): _advance,
    ("POST", "event"): _event,
    ("POST", "stop"): _stop,
    ("POST", "pace"): _pace,
    ("POST", "advance_clock"): advance_clock,
}
