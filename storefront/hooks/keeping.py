"""Keep what a machine told us, word for word, before anybody tries to understand it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from storefront.hooks.models import InboundCall


def keep(*, source: str, external_id: str, body: bytes, now: datetime) -> tuple[InboundCall, bool]:
    """Store a call; the second telling finds the row of the first, and tells that it is no news."""
    return InboundCall.objects.get_or_create(
        source=source,
        external_id=external_id,
        defaults={
            "body": body,
            "received_at": now,
            "status": InboundCall.Status.RECEIVED,
            "status_since": now,
            "due_at": now,
        },
    )


def database_time() -> datetime:
    """Ask the one clock that all our machines share: a signature is fresh by it, or is not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    assert isinstance(now, datetime)  # noqa: S101 - what timestamptz is read as
    return now
