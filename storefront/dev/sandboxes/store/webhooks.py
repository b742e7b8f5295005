"""Store webhooks: sign and queue messages, send them in order, retry as the platform does.

A store may lose a message or send it twice; ``faults`` with the path ``webhooks`` choose which.
"""

import json
import secrets
import threading
from typing import Any

from storefront.dev.sandboxes.core.http_server import repeat_in_thread
from storefront.dev.sandboxes.core.posting import post
from storefront.dev.sandboxes.store.state import StoreState

TIMEOUT_S = 5
IDLE_S = 0.1
COPIES = {"duplicate": 2, "lost": 0}
SUCCESS = "2"


def queue(  # noqa: PLR0913 - the parts of a message
    state: StoreState[Any],
    hook_id: int,
    *,
    topic: str,
    url: str,
    secret: str,
    body: bytes,
) -> None:
    """Queue a message of a webhook in the transaction of the change that it reports."""
    fault = state.faults.next_for_message()
    delivery = secrets.token_hex(16)
    kind = fault.kind if fault else ""
    key = "another key" if kind == "bad_signature" else secret
    for _ in range(COPIES.get(kind, 1)):
        state.ledger.insert(
            "messages",
            hook=hook_id,
            delivery=delivery,
            topic=topic,
            url=url,
            secret=key,
            headers=json.dumps(state.signed(delivery, topic, body, key)),
            body=body.decode(),
            state="waiting",
            due_s=state.now() + (fault.delay_s if fault and kind == "out_of_order" else 0),
        )


def start(state: StoreState[Any]) -> threading.Thread:
    """Send due messages in a thread until the sandbox stops."""
    return repeat_in_thread(lambda: post_due(state), every_s=IDLE_S, stopping=state.stopping)


def post_due(state: StoreState[Any]) -> None:
    for message in state.due_messages():
        body = message["body"].encode()
        headers = state.signed(message["delivery"], message["topic"], body, message["secret"])
        said = post(message["url"], body, headers, timeout_s=TIMEOUT_S)
        is_last = message["tries"] + 1 >= state.MAX_ATTEMPTS
        outcome = "sent" if said.startswith(SUCCESS) else "failed" if is_last else "waiting"
        _store_outcome(state, message, outcome, said)


def _store_outcome(
    state: StoreState[Any], message: dict[str, Any], outcome: str, said: str
) -> None:
    with state.ledger.writing():
        retry_s = state.rules.webhook_retry_s * 2 ** message["tries"]
        state.record_attempt(message, outcome=outcome, said=said, retry_s=retry_s)
        if outcome == "sent":
            state.webhook_delivered(message["hook"])
        elif outcome == "failed":
            state.webhook_failed(message["hook"])


def messages(state: StoreState[Any], _: Any) -> list[dict[str, Any]]:
    """Return all messages as they are signed and sent, oldest first."""
    rows = state.ledger.rows("SELECT * FROM messages ORDER BY id")
    return [row | {"headers": json.loads(row["headers"])} for row in rows]


def redeliver(state: StoreState[Any], _: Any) -> dict[str, Any]:
    """Send the last message again, with the same id."""
    last = state.ledger.row("SELECT * FROM messages ORDER BY id DESC LIMIT 1")
    if last is None:
        raise ValueError("there is no message yet")
    del last["id"]
    state.ledger.insert("messages", **last | {"state": "waiting", "due_s": state.now(), "tries": 0})
    return {"delivery": last["delivery"]}
