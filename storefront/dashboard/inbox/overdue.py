"""Overdue inbox items: find unassigned rows older than twice their response time."""

from datetime import datetime

from storefront.dashboard.inbox import query, sla
from storefront.dashboard.inbox.query import InboxItem

OVERDUE_FACTOR = 2  # multiple of the response time
MAX_ITEMS = 1000


def find(*, now: datetime) -> list[list[InboxItem]]:
    """Return overdue rows by rule, oldest first; at most ``MAX_ITEMS`` a rule."""
    items_by_rule: dict[str, list[InboxItem]] = {}
    for row in query.load_items(now=now, most=MAX_ITEMS):
        if row.since is None or row.assignee:
            continue
        if row.since + OVERDUE_FACTOR * sla.response_time(row.cause.code) < now:
            items_by_rule.setdefault(row.cause.code, []).append(row)
    return list(items_by_rule.values())
