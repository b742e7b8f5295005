"""Inbox query: load the rows of all rules, sort them by due time, count and total them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse

from storefront.dashboard.inbox import sla, value_at_risk
from storefront.dashboard.inbox.rule import InboxRule
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.money import Money

ITEMS_PER_RULE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """One inbox row. ``count`` is the number of rows of the same rule.

    ``due`` is when staff should have looked; ``raw`` is the detail as stored; ``buttons`` are the
    quick actions.
    """

    cause: InboxRule
    count: int
    row: int
    name: str
    url: str
    since: datetime | None
    at_risk: Money | None
    detail: str
    due: datetime | None
    is_late: bool
    assignee: str
    assigned_at: datetime | None
    raw: str = ""
    buttons: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncatedRule:
    """A rule with more rows than are shown."""

    cause: InboxRule
    shown: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Shown rows, and totals of all rows; ``at_risk`` counts an order once if several rules match."""

    rows: list[InboxItem]
    count: int
    at_risk: list[Money]
    truncated: list[TruncatedRule] = field(default_factory=list)


def load(
    *, causes: tuple[InboxRule, ...] = RULES, now: datetime, most: int = 0, after: int = 0
) -> Inbox:
    """Return the totals and up to ``most`` rows per rule, from row ``after`` on; first due first."""
    if not causes:
        return Inbox(rows=[], count=0, at_risk=[])
    by_code = {cause.code: cause for cause in causes}
    shown = {"after": after, "last": after + (most or ITEMS_PER_RULE)}
    with planned_cursor(connection) as cursor:  # planning takes longer than the answer
        cursor.execute(_query(causes), {"now": now, **shown})
        rows = cursor.fetchall()
    items = [_item(by_code[code], now, *values) for _sums, code, *values in rows]
    items.sort(key=lambda row: (row.due is None, row.due, row.cause.code, row.row))
    sums = json.loads(rows[0][0]) if rows else {}
    return Inbox(
        rows=items,
        count=sum({row.cause.code: row.count for row in items}.values()),
        at_risk=[Money(Decimal(sums[currency]), currency) for currency in sorted(sums)],
        truncated=truncated_rules(items),
    )


def load_items(
    *, causes: tuple[InboxRule, ...] = RULES, now: datetime, most: int = 0
) -> list[InboxItem]:
    """Return rows as ``load`` does, without totals."""
    return load(causes=causes, now=now, most=most).rows


def truncated_rules(rows: Sequence[InboxItem]) -> list[TruncatedRule]:
    """Return the rules that have more rows than these."""
    shown: dict[str, list[InboxItem]] = {}
    for row in rows:
        shown.setdefault(row.cause.code, []).append(row)
    return [
        TruncatedRule(cause=some[0].cause, shown=len(some), count=some[0].count)
        for some in shown.values()
        if some[0].count > len(some)
    ]


def rules_for(user: Any) -> tuple[InboxRule, ...]:
    """Return the rules whose rows a user may see."""
    return tuple(cause for cause in RULES if _may_see(user, cause))


def rule_for(user: Any, code: str) -> InboxRule:
    """Return a rule whose rows the user may see. Raises PermissionDenied with the right."""
    cause = next((cause for cause in RULES if cause.code == code), None)
    if cause is None or not _may_see(user, cause):
        raise PermissionDenied(cause.right("view") if cause else "")
    return cause


def item_name(cause: InboxRule, row_id: int, *, now: datetime) -> str:
    """Return the name of a row as shown in the inbox; "" if it is not there."""
    sql = f"SELECT name FROM ({cause.sql}) AS waiting WHERE id = %(row)s LIMIT 1"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": now, "row": row_id})
        row = cursor.fetchone()
    return cause.format_name(row[0]) if row else ""


def _may_see(user: Any, cause: InboxRule) -> bool:
    return any(user.has_perm(cause.right(verb)) for verb in ("view", "change"))


def _query(causes: tuple[InboxRule, ...]) -> str:
    parts = (
        f"""
        (SELECT '{cause.code}' AS code, '{cause.page}' AS page, count(*) OVER () AS total,
                row_number() OVER (ORDER BY since, id, name) AS place, id, name, since, amount,
                currency, detail, {cause.has_stable_since} AS has_stable_since, order_id, purchase_order_id
         FROM ({cause.sql}) AS waiting
         LEFT JOIN LATERAL ({value_at_risk.owner_sql(cause.page)}) o ON true)
        """  # noqa: S608 - all parts are written in inbox/rules
        for cause in causes
    )
    return f"""
        WITH found AS MATERIALIZED ({" UNION ALL ".join(parts)})
        SELECT risk.sums::text, f.code, f.total, f.id, f.name, f.since, f.amount, f.currency,
               f.detail, t.by, t.at
        FROM found f CROSS JOIN ({value_at_risk.SUMS}) risk
        LEFT JOIN dashboard_inboxassignment t ON t.cause = f.code AND t.row = f.id
          AND CASE WHEN f.has_stable_since AND f.since IS NOT NULL THEN t.at >= f.since
              ELSE t.at > %(now)s - interval '1 day' END
        WHERE f.place > %(after)s AND f.place <= %(last)s
    """  # noqa: S608


def _item(  # noqa: PLR0913, PLR0917 - the columns of one row
    cause: InboxRule,
    now: datetime,
    total: int,
    row_id: int,
    name: str,
    since: datetime | None,
    amount: Decimal | None,
    currency: str,
    detail: str | None,
    assignee: str | None,
    assigned_at: datetime | None,
) -> InboxItem:
    if cause.filters:
        url = reverse(f"admin:{cause.page}_changelist")
        url = f"{url}?{cause.filters.format(name=quote(name))}"
    else:
        url = reverse(f"admin:{cause.page}_change", args=[row_id])
    until = since + sla.response_time(cause.code) if since else None
    return InboxItem(
        cause=cause,
        count=total,
        row=row_id,
        name=cause.format_name(name),
        url=url,
        since=since,
        at_risk=None if amount is None else Money(amount, currency),
        detail=cause.format_detail(detail or ""),
        due=until,
        is_late=until is not None and until < now,
        assignee=assignee or "",
        assigned_at=assigned_at,
        raw=detail or "",
    )
