"""Post what was written down, sign it, and try again when nobody thanks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import threading
import urllib.parse
from typing import Any

from .state import World
from .webhooks import TOPICS, callback_url

MOST_TRIES = 3
TIMEOUT_S = 3
IDLE_S = 0.25
COPIES = {"duplicate": 3}
THANKS = 200


def signature(body: bytes, *, open_id: int) -> str:
    """Sign as the dialect does: base64 of HMAC-SHA256 under the account's number."""
    digest = hmac.new(str(open_id).encode(), body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def start(world: World) -> threading.Thread:
    """Run the post until the world stops."""

    def run() -> None:
        while not world.stopping.is_set():
            world.mail_waits.wait(IDLE_S)
            world.mail_waits.clear()
            post_due(world)

    thread = threading.Thread(target=run, name="post", daemon=True)
    thread.start()
    return thread


def post_due(world: World) -> None:
    due = world.ledger.rows(
        "SELECT * FROM messages WHERE state = 'waiting' AND due_s <= ? ORDER BY due_s, id",
        world.now(),
    )
    for message in due:
        if world.stopping.is_set():
            return
        _post(world, message)


def _post(world: World, message: dict[str, Any]) -> None:
    url = callback_url(world, TOPICS[message["topic"]])
    if not url:
        _note(world, message, state="unwanted", said="no callback URL")
        return
    body = message["body"].encode()
    sign = signature(body, open_id=world.open_id)
    if message["fault"] == "bad_signature":
        sign = signature(b"not this" + body, open_id=world.open_id)
    said = ""
    for _ in range(COPIES.get(message["fault"], 1)):
        said = _send(url, body, sign=sign)
    if said == str(THANKS):
        _note(world, message, state="sent", said=said)
    elif message["tries"] + 1 >= MOST_TRIES:
        _note(world, message, state="failed", said=said)
    else:
        _note(world, message, state="waiting", said=said)


def _note(world: World, message: dict[str, Any], *, state: str, said: str) -> None:
    world.ledger.run(
        "UPDATE messages SET state = ?, tries = tries + 1, last_status = ?, due_s = ? WHERE id = ?",
        state,
        said,
        world.now() + world.rules.webhook_retry_s,
        message["id"],
    )


def _send(url: str, body: bytes, *, sign: str) -> str:
    parts = urllib.parse.urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request(
            "POST",
            parts.path + (f"?{parts.query}" if parts.query else ""),
            body=body,
            headers={"Content-Type": "application/json", "sign": sign},
        )
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
