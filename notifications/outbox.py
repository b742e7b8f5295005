"""Tell a fact in the transaction that makes it true."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from notifications.models import Event
from storefront.lib.inserting import insert
from storefront.lib.prepared import planned_cursor
from storefront.lib.transactions import needs_transaction

# A subject may have been told of a thousand times: only its last number is read.
TOLD = """
SELECT (SELECT id FROM notifications_event WHERE key = %s),
  COALESCE((SELECT max(sequence) FROM notifications_event WHERE subject = %s), 0)
"""


@needs_transaction
def tell(*, name: str, key: str, subject: str, payload: dict[str, Any], at: datetime) -> Event:
    """Record a fact together with the change that made it true; the same key is told once.

    Shape:  payload holds JSON primitives only: all that any message will ever need
    Locks:  the subject (advisory), so that its facts stay in order
    Raises: NoTransactionError  there is no change to belong to
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [subject])
    with planned_cursor(connection) as cursor:
        cursor.execute(TOLD, [key, subject])
        known, last = cursor.fetchone()
    if known is not None:
        return Event.objects.get(pk=known)
    event = Event(
        key=key,
        name=name,
        subject=subject,
        sequence=last + 1,
        payload=payload,
        occurred_at=at,
    )
    insert([event])
    transaction.on_commit(partial(_wake, event.pk), robust=True)
    return event


def _wake(event_id: int) -> None:
    # By name: the task module imports the dispatcher, which reads what is written here.
    from notifications.tasks import fan_out  # noqa: PLC0415

    fan_out.delay(event_id=event_id)
