"""Inbox query: load the rows of all rules, sort them by due time, count and total them.

A snoozed row is left out, except where the filters or the caller ask for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.urls import reverse
from redis.exceptions import RedisError

from storefront.dashboard.inbox import sla, value_at_risk
from storefront.dashboard.inbox.losses import LOSSES, Loss
from storefront.dashboard.inbox.rule import InboxRule
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS

ITEMS_PER_RULE = 20
RECORDED_FOR = timedelta(minutes=5)  # recorded each minute; without workers, rules read the history
RECORDED_KEY = "inbox:recorded_at"
OWNERS = ("me", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which rows to load. ``owner`` is "me" (``user``), "none" or "" for all.

    ``is_snoozed``: only snoozed rows if True, only others if False, all if None.
    """

    user: str = ""
    owner: str = ""
    is_late: bool = False
    is_snoozed: bool | None = False

    @property
    def condition(self) -> str:
        """Return the SQL condition on a row ``f``, its assignment ``t`` and its snooze ``z``."""
        conditions = ["true"]
        if self.owner:
            conditions.append("t.by IS NULL" if self.owner == "none" else "t.by = %(user)s")
        if self.is_late:
            conditions.append("f.since + f.respond_within < %(now)s")
        if self.is_snoozed is not None:
            conditions.append(f"z.until IS {'NOT ' if self.is_snoozed else ''}NULL")
        return " AND ".join(conditions)

    @property
    def query_string(self) -> str:
        """Return the filters as the inbox pages take them."""
        return urlencode(
            ({"owner": self.owner} if self.owner else {})
            | ({"late": "1"} if self.is_late else {})
            | ({"snoozed": "1"} if self.is_snoozed else {})
        )


NOT_SNOOZED = Filters()
ALL_ROWS = Filters(is_snoozed=None)
UNNAMED = "***"  # a supplier, for staff without the permission to see costs


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxItem:
    """One inbox row. ``count`` is the number of rows of the same rule.

    ``due`` is when staff should have looked; ``raw`` is the detail as stored; ``buttons`` are the
    quick actions, ``notes`` the notes of staff.
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
    snoozed_until: datetime | None
    raw: str = ""
    buttons: tuple[Any, ...] = ()
    notes: tuple[Any, ...] = ()

    @property
    def loss(self) -> Loss:
        return LOSSES[self.cause.code]


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


def load(  # noqa: PLR0913 - which rules, which rows of them, which page
    *,
    causes: tuple[InboxRule, ...] = RULES,
    now: datetime,
    most: int = 0,
    after: int = 0,
    row_ids: Sequence[int] | None = None,
    filters: Filters = NOT_SNOOZED,
) -> Inbox:
    """Return the totals and up to ``most`` rows per rule, from row ``after`` on; first due first.

    ``row_ids`` limits the rows to these, of one rule.
    """
    if not causes:
        return Inbox(rows=[], count=0, at_risk=[])
    by_code = {cause.code: cause for cause in causes}
    values: dict[str, Any] = {"now": now, "user": filters.user}
    values |= {"after": after, "last": after + (most or ITEMS_PER_RULE)}
    condition = filters.condition
    if row_ids is not None:
        condition += " AND f.id = ANY(%(row_ids)s)"
        values["row_ids"] = list(row_ids)
    with planned_cursor(connection) as cursor:  # planning takes longer than the answer
        cursor.execute(
            f"""
            WITH found AS MATERIALIZED (
                {found_sql(causes, condition, of_cases=has_fresh_cases(now=now))})
            SELECT risk.sums::text, f.code, f.total, f.id, f.name, f.since, f.amount, f.currency,
                   f.detail, f.by, f.at, f.until
            FROM found f CROSS JOIN ({value_at_risk.SUMS}) risk
            WHERE f.place > %(after)s AND f.place <= %(last)s
            """,  # noqa: S608 - made of constants
            values,
        )
        rows = cursor.fetchall()
    items = [_item(by_code[code], now, *columns) for _sums, code, *columns in rows]
    items.sort(key=lambda row: (row.due is None, row.due, row.cause.code, row.row))
    return Inbox(
        rows=items,
        count=sum({row.cause.code: row.count for row in items}.values()),
        at_risk=value_at_risk.as_money(rows[0][0] if rows else "{}"),
    )


def load_items(
    *,
    causes: tuple[InboxRule, ...] = RULES,
    now: datetime,
    most: int = 0,
    filters: Filters = NOT_SNOOZED,
) -> list[InboxItem]:
    """Return rows as ``load`` does, without totals."""
    return load(causes=causes, now=now, most=most, filters=filters).rows


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
    return tuple(_shown_to(user, cause) for cause in RULES if _may_see(user, cause))


def _shown_to(user: Any, cause: InboxRule) -> InboxRule:
    """Return a rule whose items name no supplier if the user may not see suppliers."""
    hides = cause.names_supplier and not user.has_perm(VIEW_COSTS)
    return replace(cause, hides_supplier=True) if hides else cause


def rule_for(user: Any, code: str) -> InboxRule:
    """Return a rule whose rows the user may see.

    Raises: Http404           there is no such rule
            PermissionDenied  with the right
    """
    cause = next((cause for cause in RULES if cause.code == code), None)
    if cause is None:
        raise Http404
    if not _may_see(user, cause):
        raise PermissionDenied(cause.right("view"))
    return _shown_to(user, cause)


def item_name(cause: InboxRule, row_id: int, *, now: datetime) -> str:
    """Return the name of a row as shown in the inbox; "" if it is not there."""
    sql = f"SELECT name FROM ({cause.sql}) AS waiting WHERE id = %(row)s LIMIT 1"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": now, "row": row_id})
        row = cursor.fetchone()
    return cause.format_name(row[0]) if row else ""


def _may_see(user: Any, cause: InboxRule) -> bool:
    if cause.is_about_suppliers and not user.has_perm(VIEW_COSTS):
        return False
    return any(user.has_perm(cause.right(verb)) for verb in ("view", "change"))


def mark_recorded(*, now: datetime) -> None:
    """Let pages rely on the recorded cases for ``RECORDED_FOR``."""
    cache.set(RECORDED_KEY, now, RECORDED_FOR.total_seconds())


def has_fresh_cases(*, now: datetime) -> bool:
    """Return whether the inbox was recorded a short time ago; False without Redis."""
    try:
        recorded_at = cache.get(RECORDED_KEY)
    except (RedisError, OSError):
        return False
    return recorded_at is not None and timedelta(0) <= now - recorded_at < RECORDED_FOR


def found_sql(causes: tuple[InboxRule, ...], condition: str, *, of_cases: bool = False) -> str:
    """Return the query of the rows of these rules, with assignment, snooze, place and total.

    With ``of_cases``, rules that read the history look only at recorded cases.
    """
    parts = (
        f"""
        (SELECT '{cause.code}' AS code, '{cause.page}' AS page, id, name, since, amount, currency,
                detail, {cause.has_stable_since} AS has_stable_since,
                {LOSSES[cause.code].is_money} AS is_money,
                interval '{sla.response_time(cause.code).total_seconds():.0f} seconds' AS respond_within,
                order_id, purchase_order_id
         FROM ({cause.sql_of_cases if of_cases and cause.reads_history else cause.sql}) AS waiting
         LEFT JOIN LATERAL ({value_at_risk.owner_sql(cause.page)}) o ON true)
        """  # noqa: S608 - all parts are written in inbox/rules
        for cause in causes
    )
    return f"""
        SELECT f.*, t.by, t.at, z.until, count(*) OVER (PARTITION BY f.code) AS total,
               row_number() OVER (PARTITION BY f.code ORDER BY f.since, f.id, f.name) AS place
        FROM ({" UNION ALL ".join(parts)}) f
        LEFT JOIN dashboard_inboxassignment t ON t.cause = f.code AND t.row = f.id
          AND CASE WHEN f.has_stable_since AND f.since IS NOT NULL THEN t.at >= f.since
              ELSE t.at > %(now)s - interval '1 day' END
        LEFT JOIN dashboard_inboxsnooze z ON z.cause = f.code AND z.row = f.id
          AND z.until > %(now)s
          AND (NOT f.has_stable_since OR f.since IS NULL OR z.at >= f.since)
        WHERE {condition}
    """  # noqa: S608 - made of constants


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
    snoozed_until: datetime | None,
) -> InboxItem:
    if cause.filters:
        url = reverse(f"admin:{cause.page}_changelist")
        if cause.hides_supplier:  # a row per supplier
            name = UNNAMED
        else:
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
        detail="" if cause.hides_supplier else cause.format_detail(detail or ""),
        due=until,
        is_late=until is not None and until < now,
        assignee=assignee or "",
        assigned_at=assigned_at,
        snoozed_until=snoozed_until,
        raw=detail or "",
    )
