"""Outbox: record an event in the transaction of its change, start its messages on commit."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from notifications.models import Event
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.failpoints import failpoint

# A subject may have been told of a thousand times: only its last number is read.
TELL = """
INSERT INTO notifications_event (key, name, subject, sequence, payload, occurred_at)
SELECT told.key, %(name)s, told.subject,
  COALESCE((SELECT max(sequence) FROM notifications_event WHERE subject = told.subject), 0) + 1,
  %(payload)s, %(at)s
FROM (SELECT %(key)s::varchar AS key, %(subject)s::varchar AS subject) told
WHERE NOT EXISTS (SELECT 1 FROM notifications_event WHERE key = told.key)
RETURNING id, sequence
"""


@needs_transaction
def tell(*, name: str, key: str, subject: str, payload: dict[str, Any], at: datetime) -> Event:
    """Record a fact together with the change that made it true; the same key is told once.

    Shape:  payload holds JSON primitives only: all that any message will ever need
    Locks:  the subject (advisory), so that its facts stay in order
    Raises: NoTransactionError  there is no change to belong to
    """
    words = {"key": key, "name": name, "subject": subject}
    with planned_cursor(connection) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [subject])
    with planned_cursor(connection) as cursor:
        cursor.execute(TELL, {**words, "payload": Jsonb(payload), "at": at})
        told = cursor.fetchone()
    if told is None:
        return Event.objects.get(key=key)
    event = Event(**words, id=told[0], sequence=told[1], payload=payload, occurred_at=at)
    transaction.on_commit(partial(_wake, event.pk), robust=True)
    return event


def _wake(event_id: int) -> None:
    # By name: the task module imports the dispatcher, which reads what is written here.
    from notifications.tasks import fan_out  # noqa: PLC0415

    failpoint("outbox.after_commit")
    fan_out.delay(event_id=event_id)
