"""17TRACK server: serve the API, the controls and a status page with numbers and faults."""

import html
from functools import partial
from typing import Any

from storefront.dev.sandboxes.core.control import perform
from storefront.dev.sandboxes.core.faults import MESSAGE_KINDS, WEBHOOKS
from storefront.dev.sandboxes.core.http_server import Listener, Reply, Request, as_html
from storefront.dev.sandboxes.core.status_page import button, fault_table
from storefront.dev.sandboxes.core.status_page import page as status_page

from . import api
from .control import ACTIONS, numbers
from .state import KINDS, SandboxState

PROBLEMS = (
    ("Lost", "Exception_Lost"),
    ("Return", "Exception_Returning"),
    ("Failed attempt", "DeliveryFailure_Other"),
)


def page(state: SandboxState) -> str:
    return status_page(
        "Sandbox tracking provider",
        intro="A local server in the dialect of 17TRACK, version 2.4. A parcel moves on every"
        f" {state.pace_s:g} s (0: manual only). The API is at <code>{api.PREFIX}</code>.",
        pictures=(),
        sections={
            "Numbers": _number_table(numbers(state, {})),
            "Faults": fault_table(
                state.faults.listed(),
                kinds=KINDS | MESSAGE_KINDS,
                example="gettrackinfo",
                note=f"<p><small>For webhooks the path is <code>{WEBHOOKS}</code>.</small></p>",
            ),
        },
    )


def _number_table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "<p>None yet.</p>"
    body = "".join(
        f"<tr><td>{html.escape(row['number'])}<td>{html.escape(row['tag'])}"
        f"<td>{html.escape(row['report']['track_info']['latest_status']['sub_status'])}<td>"
        + button("Next step", action="advance", number=row["number"])
        + "".join(
            button(label, action="event", number=row["number"], sub_status=sub_status)
            for label, sub_status in PROBLEMS
        )
        for row in reversed(rows)
    )
    return f"<table><tr><th>Number<th>Tag<th>Status<th>Action{body}</table>"


class Server(Listener):
    """The HTTP server of the sandbox."""

    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        limiter = api.Limiter()

        def answer(asked: Request) -> Reply:
            if asked.path == "/":
                return as_html(page(state))
            return api.answer_to(state, limiter, asked)

        super().__init__(address, answer=answer, control=partial(perform, ACTIONS, state))
