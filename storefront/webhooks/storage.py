"""Webhook storage: store a payload before it is processed, drop duplicates, set its priority."""

import logging
from datetime import datetime

from django.db import connection

from storefront.lib.http.errors import PermanentError
from storefront.webhooks.models import InboundWebhook
from storefront.webhooks.sources import Source
from storefront.webhooks.supplier_system import payloads
from suppliers.connectors.records import EventType

log = logging.getLogger(__name__)

CATALOG_EVENTS = frozenset({EventType.STOCK, EventType.PRODUCT})


def store(
    *, source: Source, external_id: str, body: bytes, now: datetime
) -> tuple[InboundWebhook, bool]:
    """Store a webhook once; return the row and whether it is new."""
    return InboundWebhook.objects.get_or_create(
        source=source.name,
        external_id=external_id,
        defaults={
            "body": source.kept_body(external_id=external_id, body=body),
            "received_at": now,
            "status": InboundWebhook.Status.RECEIVED,
            "status_since": now,
            "priority": priority_of(source, body, now),
            "due_at": now,
        },
    )


def replace_failed(
    call: InboundWebhook, *, body: bytes, priority: InboundWebhook.Priority, now: datetime
) -> bool:
    """Replace the body of a failed webhook by a corrected one under the same id.

    Return whether the webhook had failed and the body differs.
    """
    if call.status != InboundWebhook.Status.FAILED or bytes(call.body) == body:
        return False
    call.move(
        InboundWebhook.Status.RECEIVED,
        at=now,
        reason="sent again with another payload",
        body=body,
        received_at=now,
        attempts=0,
        priority=priority,
        due_at=now,
    )
    return True


def store_refused(
    *, source: Source, external_id: str, body: bytes, problem: str, now: datetime
) -> None:
    """Store a signed payload that breaks its schema, for staff. The sender was told."""
    call, is_new = InboundWebhook.objects.get_or_create(
        source=source.name,
        external_id=external_id,
        defaults={
            "body": body,
            "received_at": now,
            "status": InboundWebhook.Status.FAILED,
            "status_since": now,
            "due_at": now,
            "problem": problem[:500],
        },
    )
    if not is_new and call.status == InboundWebhook.Status.FAILED:
        InboundWebhook.objects.filter(pk=call.pk, status=call.status).update(
            body=body, received_at=now, problem=problem[:500]
        )


def priority_of(source: Source, body: bytes, now: datetime) -> InboundWebhook.Priority:
    """Return the priority of a webhook; high if it cannot be parsed."""
    if source.is_supplier_system:
        return InboundWebhook.Priority(
            InboundWebhook.Priority.CATALOG
            if payloads.is_about_catalog(body)
            else InboundWebhook.Priority.ORDERS
        )
    if source.connector is None:
        return InboundWebhook.Priority.ORDERS
    try:
        events = source.connector.parse_event(body, received_at=now)
    except PermanentError:
        return InboundWebhook.Priority.ORDERS
    except Exception:
        log.exception("cannot parse a webhook of %s", source.name)
        return InboundWebhook.Priority.ORDERS
    is_catalog = all(event.kind in CATALOG_EVENTS for event in events)
    return InboundWebhook.Priority.CATALOG if is_catalog else InboundWebhook.Priority.ORDERS


def database_time() -> datetime:
    """Return the database time, which all machines share: signatures are checked against it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    assert isinstance(now, datetime)  # noqa: S101 - psycopg returns timestamptz as datetime
    return now
