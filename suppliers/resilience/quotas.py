"""Call quotas: count the calls that a supplier still allows, over all workers and restarts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from suppliers.connectors.context import Quota
from suppliers.connectors.records import QuotaExceededError
from suppliers.models import CallQuota, Connection

# One statement, so that two workers never take the same points. A window starts with the first call
# after the last window, or at a full window of the clock. Points reserved for orders are left to
# orders.
SPEND = """
INSERT INTO suppliers_callquota AS b (connection_id, name, total, used, until)
VALUES (%(connection)s, %(name)s, %(total)s, %(points)s, CASE WHEN %(is_calendar_aligned)s
  THEN to_timestamp((floor(extract(epoch FROM now()) / %(window_s)s) + 1) * %(window_s)s)
  ELSE now() + make_interval(secs => %(window_s)s) END)
ON CONFLICT (connection_id, name) DO UPDATE SET
  total = CASE WHEN b.until <= now() THEN %(total)s ELSE b.total END,
  used = CASE WHEN b.until <= now() THEN %(points)s ELSE b.used + %(points)s END,
  until = CASE WHEN b.until <= now() THEN EXCLUDED.until ELSE b.until END
WHERE b.until <= now() OR b.used + %(points)s <= b.total - %(reserved)s
RETURNING used
"""

# Two window ends that differ by at most this are the same window, seen by different clocks.
SAME_WINDOW = timedelta(minutes=1)
SET_REMAINING = """
UPDATE suppliers_callquota b SET
  total = COALESCE(%(total)s, b.total),
  used = GREATEST(
    COALESCE(%(total)s, b.total) - %(remaining)s,
    CASE WHEN %(until)s::timestamptz BETWEEN b.until - %(same)s AND b.until + %(same)s
      THEN b.used ELSE 0 END
  ),
  until = COALESCE(%(until)s, b.until)
WHERE b.connection_id = %(connection)s AND b.name = %(name)s
"""


class DatabaseQuotaCounter:
    """The quotas of one connection, by the database's clock."""

    def __init__(self, connection_id: int) -> None:
        self._connection_id = connection_id

    def spend(self, quota: Quota, *, points: int = 1, is_for_order: bool = False) -> None:
        """Take points, or fail before anything is sent. Raises QuotaExceededError."""
        params: dict[str, Any] = {
            "connection": self._connection_id,
            "name": quota.name,
            "total": quota.points,
            "points": points,
            "window_s": quota.window_s,
            "is_calendar_aligned": quota.is_calendar_aligned,
            "reserved": 0 if is_for_order else quota.reserved_for_orders,
        }
        with connection.cursor() as cursor:
            cursor.execute(SPEND, params)
            if cursor.fetchone() is not None:
                return
        row = CallQuota.objects.get(connection=self._connection_id, name=quota.name)
        message = f"{quota.name}: {row.used} of {row.total} used, resets at {row.until:%H:%M:%S}"
        raise QuotaExceededError(message, until=row.until)

    def set_remaining(
        self, quota: Quota, *, remaining: int, total: int | None, until: datetime | None
    ) -> None:
        """Store the remaining points that the supplier reports: others may use the same account.

        Within a window, points taken by other workers stay taken: the report does not count
        calls still under way.
        """
        params: dict[str, Any] = {
            "connection": self._connection_id,
            "name": quota.name,
            "total": total,
            "remaining": remaining,
            "until": until,
            "same": SAME_WINDOW,
        }
        with connection.cursor() as cursor:
            cursor.execute(SET_REMAINING, params)

    def remaining(self, quota: Quota) -> int:
        row = CallQuota.objects.filter(connection=self._connection_id, name=quota.name)
        current = row.current().first()
        return quota.points if current is None else current


def pause_syncs(*, connection_id: int, until: datetime) -> None:
    Connection.objects.filter(pk=connection_id).update(paused_until=until)


def spread_over_window(
    *, connection_id: int, quotas: Sequence[Quota], now: datetime
) -> datetime | None:
    """Pause the syncs until the share of each window that has passed equals its used share."""
    until = None
    for quota in quotas:
        row = CallQuota.objects.filter(
            connection=connection_id, name=quota.name, until__gt=now
        ).first()
        if quota.is_spread and row is not None:
            share = min(1.0, row.used / max(1, row.total - quota.reserved_for_orders))
            window = timedelta(seconds=quota.window_s)
            until = max(until or now, row.until - window * (1 - share))
    if until is None or until <= now:
        return None
    pause_syncs(connection_id=connection_id, until=until)
    return until
