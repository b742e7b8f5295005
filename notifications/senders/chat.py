"""Chat sender: post one message to the incoming webhook of a chat channel of staff.

A webhook has no idempotency key: a message whose outcome is unknown is not repeated.
"""

import html
from typing import Any
from urllib.parse import urlsplit

from notifications.senders import OutgoingMessage
from storefront.lib.http.client import ApiClient
from storefront.lib.http.responses import raise_for_status

TEAMS = "teams"
READ_S, TOTAL_S = 5.0, 8.0
MAX_ANSWER_BYTES = 20_000


class Chat:
    """Posts one message to the webhook of a channel. A private network is refused."""

    def send(self, message: OutgoingMessage) -> None:
        url = urlsplit(message.chat_url)
        path = f"{url.path or '/'}{f'?{url.query}' if url.query else ''}"
        client = ApiClient(
            f"{url.scheme}://{url.netloc}",
            read_s=READ_S,
            total_s=TOTAL_S,
            max_answer_bytes=MAX_ANSWER_BYTES,
            secrets=[part for part in url.path.split("/") if part],
        )
        with client:
            answer = client.send("POST", path, body=body_of(message.chat_dialect, message.text))
        raise_for_status(answer, what="chat webhook")


def body_of(dialect: str, text: str) -> dict[str, Any]:
    """Return the payload of a text, as the chat program documents it."""
    if dialect == TEAMS:
        block = {"type": "TextBlock", "text": text.replace("\n", "\n\n"), "wrap": True}
        card = {"type": "AdaptiveCard", "version": "1.4", "body": [block]}
        kind = "application/vnd.microsoft.card.adaptive"
        return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}
    return {"text": html.escape(text, quote=False)}
