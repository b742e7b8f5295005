"""Sendcloud server: serve the API, the controls and a status page with labels and faults."""

import html
from functools import partial
from typing import Any

from storefront.dev.sandboxes.core.control import FAULT_ACTIONS, Actions, perform
from storefront.dev.sandboxes.core.http_server import Listener, Reply, Request, as_html
from storefront.dev.sandboxes.core.status_page import button, fault_table
from storefront.dev.sandboxes.core.status_page import page as status_page
from storefront.dev.sandboxes.supplier import advance_clock

from . import api
from .state import KINDS, SCANNED, SandboxState, labels, set_status

type Arguments = dict[str, Any]


def _labels(state: SandboxState, _: Arguments) -> list[dict[str, Any]]:
    return labels(state)


def _scan(state: SandboxState, arguments: Arguments) -> list[dict[str, Any]]:
    """Let the carrier scan a parcel: its label is used."""
    set_status(state, int(arguments["id"]), SCANNED)
    return labels(state)


def _reset(state: SandboxState, _: Arguments) -> dict[str, Any]:
    """Forget labels and faults, and set the clock to the real time."""
    state.ledger.wipe()
    state.faults.clear()
    state.ahead_s = 0.0
    return {"reset": True}


ACTIONS: Actions[SandboxState] = {
    **FAULT_ACTIONS,
    ("GET", "labels"): _labels,
    ("POST", "scan"): _scan,
    ("POST", "advance_clock"): advance_clock,
    ("POST", "reset"): _reset,
}


def page(state: SandboxState) -> str:
    return status_page(
        "Sandbox label provider",
        intro="A local server in the dialect of Sendcloud, version 3. The API is at"
        f" <code>{api.PREFIX}</code>.",
        pictures=(),
        sections={
            "Labels": _label_table(labels(state)),
            "Faults": fault_table(state.faults.listed(), kinds=KINDS, example="returns", note=""),
        },
    )


def _label_table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "<p>None yet.</p>"
    body = "".join(
        f"<tr><td>{html.escape(row['reference'])}<td>{html.escape(row['option'])}"
        f"<td>{row['price']}<td>{html.escape(row['tracking_number'])}<td>{row['status']}<td>"
        + button("Scan", action="scan", id=str(row["id"]))
        for row in rows
    )
    return f"<table><tr><th>Reference<th>Option<th>EUR<th>Number<th>Status<th>Action{body}</table>"


class Server(Listener):
    """The HTTP server of the sandbox."""

    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        def answer(asked: Request) -> Reply:
            return as_html(page(state)) if asked.path == "/" else api.answer_to(state, asked)

        super().__init__(address, answer=answer, control=partial(perform, ACTIONS, state))
