"""Outbox: record an event in the transaction of its change, start its messages on commit."""

import json
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction

from notifications.models import Event
from notifications.tasks import fan_out
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.failpoints import failpoint

INSERT_EVENT = """
INSERT INTO notifications_event (key, name, subject, sequence, payload, occurred_at)
VALUES (%(key)s, %(name)s, %(subject)s, next_event_sequence(%(subject)s), %(payload)s, %(at)s)
ON CONFLICT (key) DO NOTHING
RETURNING id, sequence
"""


@requires_transaction
def record_event(
    *, name: str, key: str, subject: str, payload: dict[str, Any], at: datetime
) -> Event:
    """Record an event in the transaction of its change. Idempotent by ``key``.

    Shape:  ``payload`` holds all data that the messages need, as JSON primitives
    Locks:  the subject (advisory), so that its events stay in order
    Raises: TransactionRequiredError  no transaction is open
    """
    fields = {"key": key, "name": name, "subject": subject}
    with planned_cursor(connection) as cursor:
        cursor.execute(INSERT_EVENT, {**fields, "payload": json.dumps(payload), "at": at})
        row = cursor.fetchone()
    if row is None:
        return Event.objects.get(key=key)
    event = Event(**fields, id=row[0], sequence=row[1], payload=payload, occurred_at=at)
    transaction.on_commit(partial(_enqueue, event.pk), robust=True)
    return event


def _enqueue(event_id: int) -> None:
    failpoint("outbox.after_commit")
    fan_out.delay(event_id=event_id)
