"""Mail events: play Postmark's webhooks, report to the shop what became of each message.

The address decides: ``bounce…`` does not exist, ``full…`` is full, ``spam…`` complains; others are
fine.
"""

import json
import queue
import threading
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from typing import Any
from uuid import uuid4

from storefront.dev.sandboxes.core.posting import post

TIMEOUT_S = 5.0
# The first word of an address, and the bounce that Postmark reports of it.
BOUNCES = {
    "bounce": ("HardBounce", "smtp;550 5.1.1 The mailbox does not exist"),
    "full": ("SoftBounce", "smtp;452 4.2.2 The mailbox is full"),
}


def events_of(content: bytes, recipient: str) -> list[dict[str, Any]]:
    """Return the events of one message as Postmark's webhooks write them."""
    headers = BytesHeaderParser().parsebytes(content)
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    event: dict[str, Any] = {
        "MessageID": str(uuid4()),
        "ServerID": 1,
        "MessageStream": "outbound",
        "Tag": "",
        "Metadata": {"message": headers.get("X-PM-Metadata-message", "")},
    }
    for word, (kind, details) in BOUNCES.items():
        if recipient.startswith(word):
            return [
                event
                | {"RecordType": "Bounce", "ID": 1, "Type": kind, "Email": recipient}
                | {"BouncedAt": at, "Details": details, "Inactive": word == "bounce"}
            ]
    delivered = event | {"RecordType": "Delivery", "Recipient": recipient, "DeliveredAt": at}
    delivered["Details"] = "smtp;250 OK"
    if not recipient.startswith("spam"):
        return [delivered]
    complaint = event | {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 2}
    return [delivered, complaint | {"Email": recipient, "BouncedAt": at, "Details": ""}]


class Reporter:
    """Posts the events of messages to the shop, one after the other."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}
        self._waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def report(self, content: bytes, recipients: Sequence[str]) -> None:
        for recipient in recipients:
            for event in events_of(content, recipient):
                self._waiting.put(event)

    def _run(self) -> None:
        while True:
            body = json.dumps(self._waiting.get()).encode()
            post(self._url, body, self._headers, timeout_s=TIMEOUT_S)
