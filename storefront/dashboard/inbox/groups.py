"""Inbox groups: one entry per rule with its count, cost and oldest row; people who wait first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from storefront.dashboard.inbox import actions, query, value_at_risk
from storefront.dashboard.inbox.actions import QuickAction
from storefront.dashboard.inbox.losses import LOSSES, PEOPLE_WAIT, Loss
from storefront.dashboard.inbox.query import NOT_SNOOZED, Filters
from storefront.dashboard.inbox.rule import InboxRule
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.money import Money

# Costs in other currencies are compared at the exchange rate to this one.
COMPARED_IN = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxGroup:
    """The rows of one rule.

    ``amounts`` are sums per currency; of a loss per unit, the highest. ``cost`` is the money at
    risk in one currency, for the order of groups.
    """

    cause: InboxRule
    count: int
    since: datetime | None
    due: datetime | None
    is_late: bool
    assigned: int
    amounts: Sequence[Money]
    cost: Decimal
    actions: Sequence[QuickAction] = ()

    @property
    def loss(self) -> Loss:
        return LOSSES[self.cause.code]

    @property
    def has_people_waiting(self) -> bool:
        return self.cause.code in PEOPLE_WAIT


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedInbox:
    groups: Sequence[InboxGroup]
    at_risk: Sequence[Money]

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)

    def count_of(self, codes: Collection[str]) -> int:
        """Return the number of rows of these rules."""
        return sum(group.count for group in self.groups if group.cause.code in codes)


def load(*, user: Any, now: datetime, filters: Filters = NOT_SNOOZED) -> GroupedInbox:
    """Return the groups that a user may see: people who wait first, then by cost, then by age."""
    causes = query.rules_for(user)
    if not causes:
        return GroupedInbox(groups=(), at_risk=())
    by_code = {cause.code: cause for cause in causes}
    with planned_cursor(connection) as cursor:
        cursor.execute(
            f"""
            WITH found AS MATERIALIZED (
                {query.found_sql(causes, filters.condition, of_cases=query.has_fresh_cases(now=now))}),
            amounts AS (
                SELECT code, jsonb_object_agg(currency, total::text) AS totals,
                       jsonb_object_agg(currency, highest::text) AS highest
                FROM (SELECT code, currency, sum(amount) AS total, max(amount) AS highest
                      FROM found WHERE amount IS NOT NULL GROUP BY 1, 2) per_currency
                GROUP BY 1
            )
            SELECT risk.sums::text, f.code, count(*), min(f.since), min(f.since + f.respond_within),
                   count(f.by), min(a.totals::text), min(a.highest::text),
                   coalesce(sum(f.amount * coalesce(r.rate, 1)) FILTER (WHERE f.is_money), 0)
            FROM found f
            LEFT JOIN amounts a ON a.code = f.code
            LEFT JOIN catalog_exchangerate r ON r.base = f.currency AND r.quote = '{COMPARED_IN}'
            CROSS JOIN ({value_at_risk.SUMS}) risk
            GROUP BY 1, 2
            """,  # noqa: S608 - made of constants
            {"now": now, "user": filters.user},
        )
        rows = cursor.fetchall()
    groups = [
        InboxGroup(
            cause=by_code[code],
            count=count,
            since=since,
            due=due,
            is_late=due is not None and due < now,
            assigned=assigned,
            amounts=value_at_risk.as_money(
                (highest if LOSSES[code] == Loss.MARGIN else totals) or "{}"
            ),
            cost=cost,
            actions=actions.bulk_actions(code)
            if user.has_perm(by_code[code].right("change"))
            else (),
        )
        for _sums, code, count, since, due, assigned, totals, highest, cost in rows
    ]
    groups.sort(key=_order)
    return GroupedInbox(groups=groups, at_risk=value_at_risk.as_money(rows[0][0] if rows else "{}"))


def _order(group: InboxGroup) -> tuple[Any, ...]:
    return (
        not group.has_people_waiting,
        -group.cost,
        group.since is None,
        group.since,
        group.cause.code,
    )
