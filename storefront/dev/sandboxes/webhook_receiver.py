"""Webhook receiver: take the shop's events as a customer's program would, and check each message.

    python -m storefront.dev.sandboxes.webhook_receiver --port 8008 --data FOLDER

Each receiver has an address of its own, ``/inbox/<name>/``, and a secret. It checks the signature,
the time, the order of the events of one subject, and that a repeated id has the same body. What is
wrong is in ``problems``. Controls: ``secret``, ``messages``, ``problems``, ``faults``, ``reset``.
"""

import base64
import hashlib
import hmac
import html
import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.core import command_line
from storefront.dev.sandboxes.core.control import FAULT_ACTIONS, Actions, perform
from storefront.dev.sandboxes.core.faults import Fault, Faults, reply_after, reply_before
from storefront.dev.sandboxes.core.faults import retry_after as retry_after_header
from storefront.dev.sandboxes.core.http_server import (
    NOT_FOUND,
    Listener,
    Reply,
    Request,
    as_html,
    as_json,
    serve,
)
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.core.status_page import fault_table, page

SCHEMA = """
CREATE TABLE IF NOT EXISTS secrets (receiver TEXT PRIMARY KEY, secret TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    receiver TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
    sequence INTEGER NOT NULL, body TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (receiver, id)
);
CREATE INDEX IF NOT EXISTS messages_by_subject ON messages (receiver, subject, sequence);
CREATE TABLE IF NOT EXISTS problems (
    receiver TEXT NOT NULL, id TEXT NOT NULL, problem TEXT NOT NULL
);
"""
ADDRESS = re.compile(r"/inbox/([a-z0-9-]{1,40})/")
TOLERANCE_S = 300
DEMO = "demo"  # the receiver that the demo subscribes
MAX_BYTES = 20_000
KINDS = frozenset({"500", "429", "410", "redirect", "slow", "drop_before", "drop_after"})


class Sandbox:
    """The receivers, their messages and faults."""

    def __init__(self, folder: Path, *, tolerance_s: int = TOLERANCE_S) -> None:
        self.base_url = ""
        self.tolerance_s = tolerance_s
        self.ledger = Ledger(folder, SCHEMA)
        self.faults = Faults(KINDS)


BEFORE: dict[str, Callable[[Fault], Reply]] = {
    "500": lambda _: as_json({"error": "internal"}, status=500),
    "429": lambda fault: as_json(
        {"error": "too many requests"}, status=429, headers=retry_after_header(fault)
    ),
    "410": lambda _: as_json({"error": "gone"}, status=410),
}


def answer(sandbox: Sandbox, asked: Request) -> Reply:
    if asked.path == "/":
        return as_html(_page(sandbox))
    match = ADDRESS.fullmatch(asked.path)
    if match is None:
        return NOT_FOUND
    fault = sandbox.faults.next_for(asked.path)
    before = reply_before(fault, BEFORE)
    if before is not None:
        return before
    return reply_after(fault, _receive(sandbox, match[1], asked), {})


def _receive(sandbox: Sandbox, receiver: str, asked: Request) -> Reply:
    message_id = asked.headers.get("webhook-id", "")
    with sandbox.ledger.writing():
        problem = _problem(sandbox, receiver, asked)
        if problem:
            _note(sandbox, receiver, message_id, problem)
            return as_json({"error": problem}, status=400)
        _store(sandbox, receiver, message_id, asked.body.decode())
    return as_json({"received": message_id})


def _problem(sandbox: Sandbox, receiver: str, asked: Request) -> str:
    """Return what is wrong with a message by itself, checked independently of the shop's code."""
    known = sandbox.ledger.row("SELECT secret FROM secrets WHERE receiver = ?", receiver)
    if known is None:
        return "this receiver has no secret"
    message_id, stamp = (asked.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp"))
    if asked.method != "POST" or not message_id or not stamp.isdecimal():
        return "no POST with webhook-id and webhook-timestamp"
    if abs(time.time() - int(stamp)) > sandbox.tolerance_s:
        return "the timestamp is not current"
    key = base64.b64decode(known["secret"].removeprefix("whsec_"))
    signed = f"{message_id}.{stamp}.".encode() + asked.body
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
    given = asked.headers.get("webhook-signature", "").split(" ")
    if not any(hmac.compare_digest(expected, each.encode()) for each in given):
        return "no signature matches"
    if len(asked.body) > MAX_BYTES:
        return f"{len(asked.body)} bytes"
    return ""


def _store(sandbox: Sandbox, receiver: str, message_id: str, body: str) -> None:
    ledger = sandbox.ledger
    known = ledger.row(
        "SELECT body FROM messages WHERE receiver = ? AND id = ?", receiver, message_id
    )
    if known is not None:
        if known["body"] != body:
            _note(sandbox, receiver, message_id, "the same id with another body")
        ledger.run(
            "UPDATE messages SET times = times + 1 WHERE receiver = ? AND id = ?",
            *(receiver, message_id),
        )
        return
    event = json.loads(body)
    later = ledger.row(
        "SELECT id FROM messages WHERE receiver = ? AND subject = ? AND sequence > ?",
        *(receiver, event["subject"], event["sequence"]),
    )
    if later is not None:
        _note(sandbox, receiver, message_id, f"after {later['id']} of the same subject")
    if event["id"] != message_id:
        _note(sandbox, receiver, message_id, "the body has another id")
    ledger.insert(
        "messages",
        receiver=receiver,
        id=message_id,
        type=event["type"],
        subject=event["subject"],
        sequence=event["sequence"],
        body=body,
    )


def _note(sandbox: Sandbox, receiver: str, message_id: str, problem: str) -> None:
    sandbox.ledger.insert("problems", receiver=receiver, id=message_id, problem=problem)


# Controls


def _set_secret(sandbox: Sandbox, arguments: dict[str, Any]) -> dict[str, Any]:
    receiver, secret = str(arguments["receiver"]), str(arguments["secret"])
    sandbox.ledger.run("INSERT OR REPLACE INTO secrets VALUES (?, ?)", receiver, secret)
    return {"url": f"{sandbox.base_url}/inbox/{receiver}/"}


def _messages(sandbox: Sandbox, _: dict[str, Any]) -> list[dict[str, Any]]:
    return sandbox.ledger.rows("SELECT * FROM messages ORDER BY rowid")


def _problems(sandbox: Sandbox, _: dict[str, Any]) -> list[dict[str, Any]]:
    return sandbox.ledger.rows("SELECT * FROM problems ORDER BY rowid")


def _reset(sandbox: Sandbox, _: dict[str, Any]) -> dict[str, Any]:
    """Forget the messages and faults; the secrets stay."""
    for table in ("messages", "problems"):
        sandbox.ledger.run(f"DELETE FROM {table}")  # noqa: S608 - our own names
    sandbox.faults.clear()
    return {}


ACTIONS: Actions[Sandbox] = {
    **FAULT_ACTIONS,
    ("POST", "secret"): _set_secret,
    ("GET", "messages"): _messages,
    ("GET", "problems"): _problems,
    ("POST", "reset"): _reset,
}


def _page(sandbox: Sandbox) -> str:
    rows = sandbox.ledger.rows("SELECT * FROM messages ORDER BY rowid DESC LIMIT 50")
    table = "".join(
        f"<tr><td>{html.escape(row['receiver'])}<td>{html.escape(row['type'])}"
        f"<td>{html.escape(row['subject'])}<td>{row['times']}"
        f"<td><details><summary>{row['id']}</summary><pre>"
        f"{html.escape(json.dumps(json.loads(row['body']), indent=2))}</pre></details>"
        for row in rows
    )
    problems = "".join(
        f"<li>{html.escape(row['receiver'])} {html.escape(row['id'])}: {html.escape(row['problem'])}"
        for row in _problems(sandbox, {})[-50:]
    )
    head = "<table><tr><th>Receiver<th>Type<th>Subject<th>Times<th>Message"
    return page(
        "Webhook receiver",
        intro="Events that the shop sent, checked. The controls are under <code>/control/</code>.",
        pictures=(),
        sections={
            "Messages": f"{head}{table}</table>" if table else "<p>None yet.</p>",
            "Problems": f"<ul>{problems}</ul>" if problems else "<p>None.</p>",
            "Faults": fault_table(
                sandbox.faults.listed(), kinds=KINDS, example="/inbox/warehouse/"
            ),
        },
    )


def main(words: Sequence[str] | None = None) -> int:
    parser = command_line.parser("webhook_receiver", __doc__)
    parser.add_argument("--tolerance", type=int, default=TOLERANCE_S, help="of timestamps, seconds")
    parser.add_argument("--demo-secret", default="", help="secret of the receiver 'demo'")
    asked = parser.parse_args(words)
    sandbox = Sandbox(asked.data, tolerance_s=asked.tolerance)
    if asked.demo_secret:
        _set_secret(sandbox, {"receiver": DEMO, "secret": asked.demo_secret})
    server = Listener(
        (asked.host, asked.port),
        answer=partial(answer, sandbox),
        control=partial(perform, ACTIONS, sandbox),
    )
    serve(server, sandbox, stopping=lambda: None)
    sandbox.ledger.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
