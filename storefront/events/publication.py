"""Publication: turn pending events into public events with their deliveries, each exactly once."""

import secrets
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from storefront.events import payloads, snapshots
from storefront.events.models import (
    PendingEvent,
    PublicEvent,
    WebhookDelivery,
    WebhookSubscription,
)
from storefront.lib.db.advisory_locks import try_lock_until_commit
from storefront.lib.db.transactions import requires_transaction

BATCH = 500
MAX_BATCHES = 40  # of one run; the next sweep goes on
ID_BYTES = 15


def publish_pending(*, now: datetime) -> int:
    """Publish all pending events; return how many. Does nothing if another worker publishes."""
    published = 0
    for _number in range(MAX_BATCHES):
        found, done = _publish_batch(now)
        published += done
        if found < BATCH:
            break
    return published


@transaction.atomic(durable=True)
def _publish_batch(now: datetime) -> tuple[int, int]:
    """Publish the oldest pending events; return how many were found, and published.

    Locks: an advisory lock, so that the ids of public events ascend in the order of their commits
    """
    if not try_lock_until_commit("events publication"):
        return 0, 0
    pending = list(PendingEvent.objects.order_by("pk")[:BATCH])
    if not pending:
        return 0, 0
    events = _build(pending, now)
    PublicEvent.objects.bulk_create(events)
    add_deliveries(events, now=now)
    PendingEvent.objects.filter(pk__in=[event.pk for event in pending]).delete()
    return len(pending), len(events)


def _build(pending: list[PendingEvent], now: datetime) -> list[PublicEvent]:
    found = snapshots.load(pending)
    built = ((event, found.build(event)) for event in pending)
    return [
        PublicEvent(
            public_id=f"evt_{secrets.token_hex(ID_BYTES)}",
            type=event.type,
            subject=result[0],
            version=payloads.VERSION,
            data=to_json(result[1]),
            occurred_at=event.occurred_at,
            published_at=now,
        )
        for event, result in built
        if result is not None
    ]


def to_json(data: payloads.EventData) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(data)
    return plain


@requires_transaction
def add_deliveries(events: list[PublicEvent], *, now: datetime) -> None:
    """Queue the events for the active subscriptions that want them; a test for its own only."""
    active = list(WebhookSubscription.objects.filter(status="active").order_by("pk"))
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(subscription=subscription, event=event, subject=event.subject, due_at=now)
        for event in events
        for subscription in active
        if _is_for(event, subscription)
    )


def _is_for(event: PublicEvent, subscription: WebhookSubscription) -> bool:
    kind, _, number = event.subject.partition(":")
    if kind == "subscription":
        return number == str(subscription.pk)
    return subscription.is_subscribed_to(event.type)
