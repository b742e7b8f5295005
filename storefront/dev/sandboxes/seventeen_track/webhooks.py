"""17TRACK webhooks: send stored messages signed, retry until they are acknowledged."""

import hashlib
import threading
from typing import Any

from storefront.dev.sandboxes.core.http_server import repeat_in_thread
from storefront.dev.sandboxes.core.posting import post

from .state import SandboxState

MAX_ATTEMPTS = 4
TIMEOUT_S = 5
IDLE_S = 0.25
COPIES = {"duplicate": 3}
HTTP_OK = "200"


def signature(body: bytes, *, key: str) -> str:
    """Return the header ``sign``: SHA-256 of the body, a slash and the key."""
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()


def start(state: SandboxState) -> threading.Thread:
    """Send due messages in a thread until the sandbox stops."""
    return repeat_in_thread(
        lambda: post_due(state), every_s=IDLE_S, stopping=state.stopping, wake=state.webhook_queued
    )


def post_due(state: SandboxState) -> None:
    for message in state.due_messages():
        _post(state, message)


def _post(state: SandboxState, message: dict[str, Any]) -> None:
    url = state.rules.webhook_url
    body = message["body"].encode()
    key = "another key" if message["fault"] == "bad_signature" else state.rules.key
    said = "no webhook URL"
    for _ in range(COPIES.get(message["fault"], 1) if url else 0):
        said = post(url, body, {"sign": signature(body, key=key)}, timeout_s=TIMEOUT_S)
    is_last = message["tries"] + 1 >= MAX_ATTEMPTS
    outcome = "sent" if said == HTTP_OK else "failed" if is_last or not url else "waiting"
    retry_s = state.rules.webhook_retry_s
    state.record_attempt(message, outcome=outcome, said=said, retry_s=retry_s)
