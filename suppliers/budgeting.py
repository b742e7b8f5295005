"""Count what a supplier still lets us ask, over all workers and restarts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from suppliers.adapters.base import BudgetSpentError
from suppliers.adapters.line import Quota
from suppliers.models import CallBudget, Connection

# One statement, so that two workers never take the same points. A window begins with the
# first call after the last one ended. What is kept for orders is no one else's.
SPEND = """
INSERT INTO suppliers_callbudget AS b (connection_id, name, total, used, until)
VALUES (%(connection)s, %(name)s, %(total)s, %(points)s, now() + %(window)s)
ON CONFLICT (connection_id, name) DO UPDATE SET
  total = CASE WHEN b.until <= now() THEN %(total)s ELSE b.total END,
  used = CASE WHEN b.until <= now() THEN %(points)s ELSE b.used + %(points)s END,
  until = CASE WHEN b.until <= now() THEN now() + %(window)s ELSE b.until END
WHERE b.until <= now() OR b.used + %(points)s <= b.total - %(kept)s
RETURNING used
"""


class KeptBudget:
    """The budgets of one connection; the clock is the database's."""

    def __init__(self, connection_id: int) -> None:
        self._connection_id = connection_id

    def spend(self, quota: Quota, *, points: int = 1, is_for_order: bool = False) -> None:
        """Take points, or refuse before anything is sent, and let the syncs rest so long.

        Raises: BudgetSpentError
        """
        params: dict[str, Any] = {
            "connection": self._connection_id,
            "name": quota.name,
            "total": quota.points,
            "points": points,
            "window": timedelta(seconds=quota.window_s),
            "kept": 0 if is_for_order else quota.kept_for_orders,
        }
        with connection.cursor() as cursor:
            cursor.execute(SPEND, params)
            if cursor.fetchone() is not None:
                return
        row = CallBudget.objects.get(connection=self._connection_id, name=quota.name)
        message = f"{quota.name}: {row.used} of {row.total} used, the next at {row.until:%H:%M:%S}"
        raise BudgetSpentError(message, until=row.until)

    def told(self, quota: Quota, *, left: int, total: int | None, until: datetime | None) -> None:
        """Believe what the supplier says is left: others may use the same account."""
        row = CallBudget.objects.filter(connection=self._connection_id, name=quota.name)
        known = total or row.values_list("total", flat=True).first() or quota.points
        changes = {"total": known, "used": max(0, known - left)}
        row.update(**changes, **({"until": until} if until else {}))

    def left(self, quota: Quota) -> int:
        row = CallBudget.objects.filter(connection=self._connection_id, name=quota.name)
        return row.current().first() or quota.points


def rest(*, connection_id: int, until: datetime) -> None:
    """Let no sync start before this moment."""
    Connection.objects.filter(pk=connection_id).update(rest_until=until)
