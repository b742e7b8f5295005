"""Test gateway serializers: write payments and events as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from storefront.dev.sandboxes.gateway.state.ledger import Event, Payment


def payment_shown(
    payment: Payment, *, base_url: str, moved_at: float | None = None
) -> dict[str, Any]:
    return {
        "id": payment.id,
        "status": payment.status,
        "amount": payment.amount,
        "currency": payment.currency,
        "description": payment.description,
        "return_url": payment.return_url,
        "locale": payment.locale,
        "pay_url": f"{base_url}/pay/{payment.id}",
        "card_last4": payment.last4,
        "authorized": payment.authorized,
        "captured": payment.captured,
        "released": payment.released,
        "refunded": payment.refunded,
        "created_at": moment(payment.created_at),
        "capture_before": moment(payment.capture_before),
        "moved_at": moment(moved_at or payment.created_at),
    }


def event_shown(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "payment": event.payment,
        "kind": event.kind,
        "amount": event.amount,
        "currency": event.currency,
        "request_key": event.request_key or "",
        "reason": event.reason,
        "occurred_at": moment(event.occurred_at),
        "capture_before": moment(event.capture_before),
    }


def moment(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
