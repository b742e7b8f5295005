"""Supplier overview: list each supplier's status, last runs and remaining quotas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from suppliers.connectors import ADAPTERS, connector_class
from suppliers.connectors.capabilities import abilities_of
from suppliers.models import Breaker, CallBudget, Connection, FeedRun, StockLocation, Supplier

NOT_CONNECTED = "not connected"
IN_TROUBLE = "failing"
RESTING = "rate limited"
NEVER_ASKED = "never synced"
WELL = "healthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The last run of one job, and when a run was last applied."""

    status: str
    started_at: datetime
    applied_at: datetime | None
    read: int
    rejected: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The rest of one quota; the full quota if its window has ended."""

    name: str
    left: int
    total: int
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The status of one supplier for operators.

    ``stock_as_of`` is when it last confirmed its stock; ``problem`` the last error of the
    connection.
    """

    code: str
    name: str
    connector: str
    base_url: str
    currency: str
    status: str
    health: str
    problem: str
    rest_until: datetime | None
    checked_at: datetime | None
    runs: dict[str, Run]
    stock_as_of: datetime | None
    budgets: tuple[Budget, ...]
    abilities: tuple[str, ...]


def survey(*, now: datetime) -> list[Standing]:
    """Return the status of each supplier, by code, in a fixed number of queries."""
    suppliers = list(
        Supplier.objects.select_related("connection", "connection__breaker").order_by("code")
    )
    runs = _runs()
    budgets = defaultdict(list)
    for row in CallBudget.objects.order_by("name"):
        budgets[row.connection_id].append(row)
    confirmed = dict(
        StockLocation.objects.values_list("supplier").annotate(newest=Max("stock_as_of"))
    )
    return [
        _standing(
            supplier,
            runs=runs.get(supplier.pk, {}),
            rows=budgets,
            stock_as_of=confirmed.get(supplier.pk),
            now=now,
        )
        for supplier in suppliers
    ]


def budgets_of(supplier: Supplier, *, now: datetime) -> tuple[Budget, ...]:
    """Return the rest of each quota of one supplier."""
    kind: Any = connector_class(supplier.adapter) if supplier.adapter in ADAPTERS else None
    rows = CallBudget.objects.filter(connection__supplier=supplier).order_by("name")
    return tuple(_budgets(kind, rows, now))


def _standing(
    supplier: Supplier,
    *,
    runs: dict[str, Run],
    rows: dict[int, list[CallBudget]],
    stock_as_of: datetime | None,
    now: datetime,
) -> Standing:
    wire: Connection | None = getattr(supplier, "connection", None)
    is_known = supplier.adapter in ADAPTERS
    kind: Any = connector_class(supplier.adapter) if is_known else None
    return Standing(
        code=supplier.code,
        name=supplier.name,
        connector=supplier.adapter,
        base_url=wire.base_url if wire else "",
        currency=supplier.currency,
        status=supplier.status,
        health=_health(wire if is_known else None, runs, now),
        problem=_problem(wire) if wire else "",
        rest_until=wire.rest_until if wire and wire.rest_until and wire.rest_until > now else None,
        checked_at=wire.checked_at if wire else None,
        runs=runs,
        stock_as_of=stock_as_of,
        budgets=tuple(_budgets(kind, rows.get(wire.pk, []) if wire else [], now)),
        abilities=tuple(str(ability) for ability in abilities_of(kind)) if kind else (),
    )


def _health(wire: Connection | None, runs: dict[str, Run], now: datetime) -> str:
    if wire is None:
        return NOT_CONNECTED
    if wire.problem or _is_open(wire):
        return IN_TROUBLE
    if wire.rest_until and wire.rest_until > now:
        return RESTING
    return WELL if runs else NEVER_ASKED


def _is_open(wire: Connection) -> bool:
    breaker: Breaker | None = getattr(wire, "breaker", None)
    return breaker is not None and breaker.opened_at is not None


def _problem(wire: Connection) -> str:
    if wire.problem or not _is_open(wire):
        return wire.problem
    return f"no response: {wire.breaker.last_failure}"


def _budgets(kind: Any, rows: Iterable[CallBudget], now: datetime) -> Iterable[Budget]:
    """Yield each quota of the connector; an unused one is full."""
    kept = {row.name: row for row in rows}
    for quota in kind.QUOTAS if kind else ():
        if quota.name not in kept:
            yield Budget(name=quota.name, left=quota.points, total=quota.points, until=None)
    for name, row in kept.items():
        is_over = row.until <= now
        left = row.total if is_over else max(0, row.total - row.used)
        yield Budget(name=name, left=left, total=row.total, until=None if is_over else row.until)


def _runs() -> dict[int, dict[str, Run]]:
    last = FeedRun.objects.order_by("supplier", "kind", "-started_at", "-pk")
    last = last.distinct("supplier", "kind")
    applied = FeedRun.objects.filter(status=FeedRun.Status.APPLIED).order_by()
    applied_at = {
        (supplier, kind): moment
        for supplier, kind, moment in applied.values_list("supplier", "kind").annotate(
            newest=Max("ended_at")
        )
    }
    found: dict[int, dict[str, Run]] = defaultdict(dict)
    for run in last:
        found[run.supplier_id][run.kind] = Run(
            status=run.status,
            started_at=run.started_at,
            applied_at=applied_at.get((run.supplier_id, run.kind)),
            read=run.read,
            rejected=run.rejected,
            problem=run.problem,
        )
    return found
