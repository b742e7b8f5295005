"""Inbox statistics: count cases by week and cause, and the orders that no staff member touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from storefront.lib.clock import midnight

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCounts:
    """Cases that were opened and settled; ``median_s`` is the median time to settle, in seconds."""

    opened: int = 0
    by_staff: int = 0
    by_rule: int = 0
    by_itself: int = 0
    median_s: int | None = None

    @property
    def settled(self) -> int:
        return self.by_staff + self.by_rule + self.by_itself


NONE = CaseCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week from Monday; ``orders`` were placed in it and paid, staff acted on ``handled``."""

    monday: date
    cases: CaseCounts
    orders: int
    handled: int

    @property
    def untouched_rate(self) -> Decimal | None:
        return 1 - Decimal(self.handled) / self.orders if self.orders else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """``by_week`` and ``by_cause`` are sums of ``cells``, which are by week and cause."""

    weeks: Sequence[Week]
    by_cause: Mapping[str, CaseCounts]
    cells: Mapping[tuple[date, str], CaseCounts]


# Time is counted from when the inbox first showed the row.
_CASES = """
    WITH moved AS (
        SELECT date_trunc('week', opened_at AT TIME ZONE %(zone)s)::date AS week, cause,
               1 AS opened, NULL AS settled_by, NULL::interval AS lasted
        FROM dashboard_inboxcase WHERE opened_at >= %(since)s AND cause = ANY(%(causes)s)
        UNION ALL
        SELECT date_trunc('week', settled_at AT TIME ZONE %(zone)s)::date, cause,
               0, settled_by, settled_at - opened_at
        FROM dashboard_inboxcase WHERE settled_at >= %(since)s AND cause = ANY(%(causes)s))
    SELECT week, cause, sum(opened), count(*) FILTER (WHERE settled_by = 'staff'),
           count(*) FILTER (WHERE settled_by = 'rule'),
           count(*) FILTER (WHERE settled_by = 'itself'),
           extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY lasted))::bigint
    FROM moved GROUP BY GROUPING SETS ((week, cause), (week), (cause))
"""
# An order counts in the week in which it was placed, however late staff touch it.
_ORDERS = """
    SELECT date_trunc('week', day)::date AS week, sum(orders), 0
    FROM dashboard_dailyfigures WHERE day >= %(since)s AND supplier_id IS NULL GROUP BY 1
    UNION ALL
    SELECT date_trunc('week', f.day)::date, 0, count(*)
    FROM dashboard_handledorder h
    JOIN dashboard_orderfigures f ON f.order_id = h.order_id AND f.supplier_id IS NULL
    WHERE f.day >= %(since)s GROUP BY 1
"""


def load(*, causes: Sequence[str], weeks: int, now: datetime) -> Statistics:
    """Return the cases of these causes in this week and the weeks before, in two statements."""
    today = timezone.localdate(now)
    mondays = [today - timedelta(days=today.weekday()) - number * WEEK for number in range(weeks)][
        ::-1
    ]
    values: dict[str, Any] = {"zone": timezone.get_current_timezone_name(), "causes": list(causes)}
    with connection.cursor() as cursor:
        cursor.execute(_CASES, values | {"since": midnight(mondays[0])})
        found = {(week, cause): _counts(*row) for week, cause, *row in cursor.fetchall()}
        cursor.execute(_ORDERS, {"since": mondays[0]})
        orders, handled = dict.fromkeys(mondays, 0), dict.fromkeys(mondays, 0)
        for week, placed, touched in cursor.fetchall():
            orders[week] = orders.get(week, 0) + placed
            handled[week] = handled.get(week, 0) + touched
    return Statistics(
        weeks=[
            Week(
                monday=monday,
                cases=found.get((monday, None), NONE),
                orders=orders[monday],
                handled=handled[monday],
            )
            for monday in mondays
        ],
        by_cause={cause: counts for (week, cause), counts in found.items() if week is None},
        cells={(week, cause): counts for (week, cause), counts in found.items() if week and cause},
    )


def _counts(
    opened: int, by_staff: int, by_rule: int, by_itself: int, median_s: int | None
) -> CaseCounts:
    return CaseCounts(
        opened=opened, by_staff=by_staff, by_rule=by_rule, by_itself=by_itself, median_s=median_s
    )
