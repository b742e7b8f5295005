"""Overdue inbox items: find unassigned rows that wait longer than twice their response time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storefront.dashboard.inbox import query, sla
from storefront.dashboard.inbox.query import Waiting
from storefront.dashboard.inbox.rule import Cause

TIMES = 2  # its due time is over once more
MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """What waits too long for one cause, the oldest first; at most ``MOST`` of it."""

    cause: Cause
    rows: Sequence[Waiting]


def find(*, now: datetime) -> list[Overdue]:
    """Find what waits longer than twice its due and is in nobody's hands.

    It is no invariant: a shop whose staff sleep is sound, and a clock that jumps breaks nothing.
    """
    found: dict[str, list[Waiting]] = {}
    for row in query.find(now=now, most=MOST):
        if row.since is None or row.taken_by:
            continue
        if row.since + TIMES * sla.within(row.cause.code) < now:
            found.setdefault(row.cause.code, []).append(row)
    return [Overdue(cause=rows[0].cause, rows=rows) for rows in found.values()]
