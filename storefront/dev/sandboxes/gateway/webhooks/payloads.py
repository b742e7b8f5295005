"""Test gateway webhooks: write events as payloads signed by Standard Webhooks."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from storefront.dev.sandboxes.gateway.serializers import event_shown
from storefront.dev.sandboxes.gateway.state.ledger import Event, Ledger
from storefront.dev.sandboxes.gateway.webhooks.sender import Letter, Writer

WRONG_SECRET = "whsec_bm90LXRoZS1zZWNyZXQtdGhhdC10aGUtc2hvcC1rbm93cw=="  # noqa: S105 - to be refused


def writer(ledger: Ledger, *, secret: str) -> Writer:
    def write(event_id: str, is_bad_day: bool) -> Letter | None:  # noqa: FBT001 - the courier's call
        event = ledger.event(event_id)
        if event is None:
            return None
        body = json.dumps(_envelope(event))
        return Letter(
            title=f"{event.id} {event.kind}",
            body=body,
            headers=_signed(event.id, body, WRONG_SECRET if is_bad_day else secret),
        )

    return write


def _envelope(event: Event) -> dict[str, object]:
    shown = event_shown(event)
    return {
        "type": f"payment.{event.kind}",
        "timestamp": shown["occurred_at"],
        "data": shown,
    }


def _signed(event_id: str, body: str, secret: str) -> dict[str, str]:
    """Sign: the id stays over retries, the moment is new each time."""
    at = datetime.now(UTC)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event_id, at, body),
    }
