"""SMS sandbox: imitate Twilio's Messages API, check each call, post signed status callbacks.

    python -m storefront.dev.sandboxes.twilio --port 8006 --data FOLDER

It removes no duplicate: a message that was sent twice is stored twice. The page ``/`` lists the
messages and replies STOP. Controls: ``messages``, ``reply``, ``fail_delivery``, ``faults``, ``reset``.
"""

import hashlib
import hmac
import html
import re
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from storefront.dev.sandboxes.core import command_line
from storefront.dev.sandboxes.core.control import FAULT_ACTIONS, Actions, perform
from storefront.dev.sandboxes.core.faults import Fault, Faults, reply_after, reply_before
from storefront.dev.sandboxes.core.http_server import (
    NOT_FOUND,
    BadControlError,
    Listener,
    Reply,
    Request,
    as_html,
    as_json,
    repeat_in_thread,
    serve,
)
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.core.posting import post
from storefront.dev.sandboxes.core.status_page import button, fault_table, page
from storefront.lib.env import env_str

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    sid TEXT PRIMARY KEY, recipient TEXT NOT NULL, sender TEXT NOT NULL, body TEXT NOT NULL,
    segments INTEGER NOT NULL, status TEXT NOT NULL, error_code INTEGER, callback TEXT NOT NULL,
    is_told INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS opt_outs (recipient TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS failing_numbers (
    recipient TEXT PRIMARY KEY, error_code INTEGER NOT NULL
);
"""
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
MAX_BODY = 1600
PRICE_PER_SEGMENT = 0.0075
TIMEOUT_S = 5.0
# Numbers of Twilio's test accounts, with their errors.
REFUSED_NUMBERS = {"+15005550001": 21211, "+15005550009": 21614, "+15005550004": 21610}
STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
KINDS = frozenset({"500", "429", "slow", "drop_before", "drop_after", "garbage"})
GSM = re.compile(r"[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ -~¡ÄÖÑÜ§¿äöñüà¤€\f]*")
GSM_DOUBLE = re.compile(r"[\f^{}\\\[~\]|€]")


class Sandbox:
    """The account, its messages and faults."""

    def __init__(self, *, folder: Path, account: str, token: str, hook_url: str) -> None:
        self.base_url = ""
        self.account, self.token, self.hook_url = account, token, hook_url
        self.ledger = Ledger(folder, SCHEMA)
        self.faults = Faults(KINDS)
        self.stopping = threading.Event()


def segments_of(text: str) -> int:
    """Count the segments independently of the shop."""
    if GSM.fullmatch(text) and "`" not in text:
        size, single, part = len(text) + len(GSM_DOUBLE.findall(text)), 160, 153
    else:
        size, single, part = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if size <= single else -(-size // part)


def _error(status: int, code: int, message: str) -> Reply:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return as_json(
        {"code": code, "message": message, "more_info": more, "status": status}, status=status
    )


def answer(sandbox: Sandbox, asked: Request) -> Reply:
    if asked.path == "/":
        return as_html(_page(sandbox))
    match = re.fullmatch(r"/2010-04-01/Accounts/(\w+)/Messages(?:/(\w+))?\.json", asked.path)
    if match is None:
        return NOT_FOUND
    fault = sandbox.faults.next_for(asked.path)
    before = reply_before(fault, BEFORE)
    if before is not None:
        return before
    return reply_after(fault, _api(sandbox, asked, account=match[1], sid=match[2]), {})


BEFORE: dict[str, Callable[[Fault], Reply]] = {
    "500": lambda _: _error(500, 20500, "An internal server error has occurred"),
    "429": lambda _: _error(429, 20429, "Too many requests"),
}


def _api(sandbox: Sandbox, asked: Request, *, account: str, sid: str | None) -> Reply:
    scheme, _, given = asked.headers.get("Authorization", "").partition(" ")
    expected = f"{sandbox.account}:{sandbox.token}".encode()
    try:
        is_known = scheme == "Basic" and hmac.compare_digest(b64decode(given), expected)
    except ValueError:
        is_known = False
    if not is_known:
        return _error(401, 20003, "Authenticate")
    if account != sandbox.account:
        return _error(404, 20404, "The requested resource was not found")
    if sid is not None:
        row = sandbox.ledger.row("SELECT * FROM messages WHERE sid = ?", sid)
        return as_json(_resource(row)) if row else _error(404, 20404, "not found")
    if asked.method != "POST":
        return _error(405, 20004, "Method not allowed")
    return _create(sandbox, asked)


def _create(sandbox: Sandbox, asked: Request) -> Reply:
    if "form-urlencoded" not in (asked.headers.get("Content-Type") or ""):
        return _error(400, 21602, "The body is no form")
    fields = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
    if code := _problem(sandbox, fields):
        return _error(400, code, f"Message to {fields.get('To', '')} cannot be created")
    sid = f"SM{uuid4().hex}"
    sandbox.ledger.insert(
        "messages",
        sid=sid,
        recipient=fields["To"],
        sender=fields.get("From") or fields["MessagingServiceSid"],
        body=fields["Body"],
        segments=segments_of(fields["Body"]),
        status="queued",
        callback=fields.get("StatusCallback", ""),
    )
    row = sandbox.ledger.row("SELECT * FROM messages WHERE sid = ?", sid)
    return as_json(_resource(row or {}), status=201)


def _problem(sandbox: Sandbox, fields: Mapping[str, str]) -> int:
    """Return Twilio's error code of the first mistake, 0 without one."""
    recipient, body = fields.get("To", ""), fields.get("Body", "")
    sender, callback = fields.get("From", ""), fields.get("StatusCallback", "")
    opted_out = sandbox.ledger.row("SELECT 1 FROM opt_outs WHERE recipient = ?", recipient)
    checks = {
        21604: not recipient,
        21211: not E164.fullmatch(recipient),
        21603: not sender and not fields.get("MessagingServiceSid", "").startswith("MG"),
        21212: sender
        and not (E164.fullmatch(sender) or re.fullmatch(r"[A-Za-z0-9 ]{1,11}", sender)),
        21602: not body,
        21617: len(body) > MAX_BODY,
        21609: not (urlsplit(callback).scheme in {"http", "https"} and urlsplit(callback).netloc),
        21610: opted_out is not None,
    }
    refused = REFUSED_NUMBERS.get(recipient, 0)
    return next((code for code, is_wrong in checks.items() if is_wrong), refused)


def _resource(row: Mapping[str, Any]) -> dict[str, Any]:
    is_billed = row["status"] in {"sent", "delivered"}
    return {
        "sid": row["sid"],
        "to": row["recipient"],
        "from": row["sender"],
        "body": row["body"],
        "status": row["status"],
        "num_segments": str(row["segments"]),
        "price": f"{-PRICE_PER_SEGMENT * row['segments']:.5f}" if is_billed else None,
        "price_unit": "USD",
        "error_code": row["error_code"],
        "error_message": None,
        "direction": "outbound-api",
        "api_version": "2010-04-01",
    }


# Callbacks


def _advance(sandbox: Sandbox) -> None:
    """Move each message one step, and post its status until the shop accepts it."""
    rows = sandbox.ledger.rows(
        "SELECT m.*, f.error_code AS failure"
        " FROM messages m LEFT JOIN failing_numbers f USING (recipient)"
        " WHERE NOT is_told ORDER BY m.rowid LIMIT 50"
    )
    for row in rows:
        status = "undelivered" if row["failure"] else "delivered"
        sandbox.ledger.run(
            "UPDATE messages SET status = ?, error_code = ? WHERE sid = ?",
            *(status, row["failure"], row["sid"]),
        )
        fields = {
            "MessageSid": row["sid"],
            "SmsSid": row["sid"],
            "MessageStatus": status,
            "AccountSid": sandbox.account,
            "To": row["recipient"],
            "From": row["sender"],
        }
        if row["failure"]:
            fields["ErrorCode"] = str(row["failure"])
        if _post(sandbox, row["callback"], fields).startswith("2"):
            sandbox.ledger.run("UPDATE messages SET is_told = 1 WHERE sid = ?", row["sid"])


def _post(sandbox: Sandbox, url: str, fields: Mapping[str, str]) -> str:
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(sandbox.token.encode(), signed.encode(), hashlib.sha1).digest()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": b64encode(digest).decode(),
    }
    return post(url, urlencode(fields).encode(), headers, timeout_s=TIMEOUT_S)


# Controls


def _messages(sandbox: Sandbox, _: dict[str, Any]) -> list[dict[str, Any]]:
    return sandbox.ledger.rows("SELECT * FROM messages ORDER BY rowid")


def _reply(sandbox: Sandbox, arguments: dict[str, Any]) -> dict[str, Any]:
    """Reply to the shop from a phone; a stop word ends the messages to it, START allows them."""
    phone, body = str(arguments["from"]), str(arguments["body"])
    word = body.strip().upper()
    fields = {"MessageSid": f"SM{uuid4().hex}", "From": phone, "To": "+15005550006", "Body": body}
    if word in STOP_WORDS:
        sandbox.ledger.run("INSERT OR IGNORE INTO opt_outs VALUES (?)", phone)
        fields["OptOutType"] = "STOP"
    elif word == "START":
        sandbox.ledger.run("DELETE FROM opt_outs WHERE recipient = ?", phone)
        fields["OptOutType"] = "START"
    if not sandbox.hook_url:
        raise BadControlError("no --hook-url")
    return {"answer": _post(sandbox, sandbox.hook_url, fields)}


def _fail_delivery(sandbox: Sandbox, arguments: dict[str, Any]) -> dict[str, Any]:
    """Let the network fail to deliver to a number, with an error code such as 30003."""
    number, code = str(arguments["number"]), int(arguments["code"])
    sandbox.ledger.run("INSERT OR REPLACE INTO failing_numbers VALUES (?, ?)", number, code)
    return {"number": number, "code": code}


def _reset(sandbox: Sandbox, _: dict[str, Any]) -> dict[str, Any]:
    sandbox.ledger.wipe()
    sandbox.faults.clear()
    return {}


ACTIONS: Actions[Sandbox] = {
    **FAULT_ACTIONS,
    ("GET", "messages"): _messages,
    ("POST", "reply"): _reply,
    ("POST", "fail_delivery"): _fail_delivery,
    ("POST", "reset"): _reset,
}


def _page(sandbox: Sandbox) -> str:
    rows = sandbox.ledger.rows("SELECT * FROM messages ORDER BY rowid DESC LIMIT 50")
    table = "".join(
        f"<tr><td>{html.escape(row['recipient'])}<td>{html.escape(row['body'])}"
        f"<td>{row['segments']}<td>{row['status']} {row['error_code'] or ''}<td>"
        + button("Reply STOP", action="reply", **{"from": row["recipient"], "body": "STOP"})
        for row in rows
    )
    head = "<table><tr><th>To<th>Text<th>Segments<th>Status<th>"
    return page(
        "SMS sandbox",
        intro="Text messages that the shop sent. The controls are under <code>/control/</code>.",
        pictures=(),
        sections={
            "Messages": f"{head}{table}</table>" if table else "<p>None yet.</p>",
            "Faults": fault_table(sandbox.faults.listed(), kinds=KINDS, example="Messages.json"),
        },
    )


def main(words: Sequence[str] | None = None) -> int:
    hook = command_line.hook_url("twilio")
    parser = command_line.parser("twilio", __doc__)
    parser.add_argument("--account", default=env_str("TWILIO_ACCOUNT_SID"))
    parser.add_argument("--token", default=env_str("TWILIO_AUTH_TOKEN"))
    parser.add_argument("--hook-url", default=hook, help="where replies are posted")
    parser.add_argument("--pace", type=float, default=1.0, help="seconds until a status callback")
    asked = parser.parse_args(words)
    if not asked.account.startswith("AC") or not asked.token:
        parser.error("give --account AC… and --token, or set TWILIO_ACCOUNT_SID and _AUTH_TOKEN")
    sandbox = Sandbox(
        folder=asked.data, account=asked.account, token=asked.token, hook_url=asked.hook_url
    )
    server = Listener(
        (asked.host, asked.port),
        answer=partial(answer, sandbox),
        control=partial(perform, ACTIONS, sandbox),
    )
    thread = repeat_in_thread(
        lambda: _advance(sandbox), every_s=asked.pace, stopping=sandbox.stopping
    )
    serve(server, sandbox, stopping=sandbox.stopping.set)
    thread.join(timeout=10)
    sandbox.ledger.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
