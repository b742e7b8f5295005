"""Stripe sandbox webhooks: build signed payloads of events."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from storefront.dev.sandboxes.stripe.store import Store
from storefront.dev.sandboxes.stripe.webhooks.sender import Webhook, Writer

WRONG_SECRET = "whsec_not_the_secret_that_the_shop_knows"  # noqa: S105 - to be refused


def writer(store: Store, *, secret: str) -> Writer:
    def write(event_id: str, is_badly_signed: bool) -> Webhook | None:  # noqa: FBT001 - the sender's call
        event = store.event(event_id)
        if event is None:
            return None
        body = json.dumps(event)
        header = signed(body, WRONG_SECRET if is_badly_signed else secret, at=int(time.time()))
        return Webhook(
            title=f"{event_id} {event['type']}",
            body=body,
            headers={"stripe-signature": header},
        )

    return write


def signed(body: str, secret: str, *, at: int) -> str:
    digest = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
