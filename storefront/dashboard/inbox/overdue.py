"""Overdue inbox items: find unassigned rows older than twice their response time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storefront.dashboard.inbox import query, sla
from storefront.dashboard.inbox.query import InboxItem
from storefront.dashboard.inbox.rule import InboxRule

OVERDUE_FACTOR = 2  # multiple of the response time
MAX_ITEMS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """Overdue rows of one rule, oldest first; at most ``MAX_ITEMS``."""

    cause: InboxRule
    rows: Sequence[InboxItem]


def find(*, now: datetime) -> list[Overdue]:
    """Return unassigned rows older than twice their response time, by rule.

    It is no invariant: with no staff on duty the data is still consistent.
    """
    found: dict[str, list[InboxItem]] = {}
    for row in query.load_items(now=now, most=MAX_ITEMS):
        if row.since is None or row.taken_by:
            continue
        if row.since + OVERDUE_FACTOR * sla.response_time(row.cause.code) < now:
            found.setdefault(row.cause.code, []).append(row)
    return [Overdue(cause=rows[0].cause, rows=rows) for rows in found.values()]
