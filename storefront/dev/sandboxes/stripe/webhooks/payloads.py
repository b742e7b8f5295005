"""Stripe webhooks: write events as payloads signed as Stripe signs them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from storefront.dev.sandboxes.stripe.store import Shelf
from storefront.dev.sandboxes.stripe.webhooks.sender import Letter, Writer

WRONG_SECRET = "whsec_not_the_secret_that_the_shop_knows"  # noqa: S105 - to be refused


def writer(shelf: Shelf, *, secret: str) -> Writer:
    def write(event_id: str, is_bad_day: bool) -> Letter | None:  # noqa: FBT001 - the courier's call
        event = shelf.event(event_id)
        if event is None:
            return None
        body = json.dumps(event)
        header = signed(body, WRONG_SECRET if is_bad_day else secret, at=int(time.time()))
        return Letter(
            title=f"{event_id} {event['type']}",
            body=body,
            headers={"stripe-signature": header},
        )

    return write


def signed(body: str, secret: str, *, at: int) -> str:
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
