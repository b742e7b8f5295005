"""Supplier overview: list each supplier's status, last runs and remaining quotas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.capabilities import capabilities_of
from suppliers.models import CallQuota, CircuitBreaker, Connection, StockLocation, Supplier, SyncRun

NOT_CONNECTED = "not connected"
HAS_PROBLEM = "failing"
PAUSED = "rate limited"
NEVER_SYNCED = "never synced"
HEALTHY = "healthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The last run of one job, and when a run was last applied."""

    status: str
    started_at: datetime
    applied_at: datetime | None
    read: int
    rejected: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaStatus:
    """The rest of one quota; the full quota if its window has ended."""

    name: str
    left: int
    total: int
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierStatus:
    """The status of one supplier for operators.

    ``stock_confirmed_at`` is when it last confirmed its stock; ``problem`` the last error of the
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
    paused_until: datetime | None
    checked_at: datetime | None
    runs: dict[str, LastRun]
    stock_confirmed_at: datetime | None
    quotas: tuple[QuotaStatus, ...]
    capabilities: tuple[str, ...]


def list_statuses(*, now: datetime) -> list[SupplierStatus]:
    """Return the status of each supplier, by code, in a fixed number of queries."""
    suppliers = list(
        Supplier.objects.select_related("connection", "connection__breaker").order_by("code")
    )
    runs = _last_runs()
    quotas = defaultdict(list)
    for row in CallQuota.objects.order_by("name"):
        quotas[row.connection_id].append(row)
    confirmed = dict(
        StockLocation.objects.values_list("supplier").annotate(newest=Max("stock_confirmed_at"))
    )
    return [
        _supplier_status(
            supplier,
            runs=runs.get(supplier.pk, {}),
            rows=quotas,
            stock_confirmed_at=confirmed.get(supplier.pk),
            now=now,
        )
        for supplier in suppliers
    ]


def quotas_of(supplier: Supplier, *, now: datetime) -> tuple[QuotaStatus, ...]:
    """Return the rest of each quota of one supplier."""
    kind: Any = connector_class(supplier.adapter) if supplier.adapter in CONNECTORS else None
    rows = CallQuota.objects.filter(connection__supplier=supplier).order_by("name")
    return tuple(_quota_statuses(kind, rows, now))


def _supplier_status(
    supplier: Supplier,
    *,
    runs: dict[str, LastRun],
    rows: dict[int, list[CallQuota]],
    stock_confirmed_at: datetime | None,
    now: datetime,
) -> SupplierStatus:
    wire: Connection | None = getattr(supplier, "connection", None)
    is_known = supplier.adapter in CONNECTORS
    kind: Any = connector_class(supplier.adapter) if is_known else None
    return SupplierStatus(
        code=supplier.code,
        name=supplier.name,
        connector=supplier.adapter,
        base_url=wire.base_url if wire else "",
        currency=supplier.currency,
        status=supplier.status,
        health=_connection_health(wire if is_known else None, runs, now),
        problem=_current_problem(wire) if wire else "",
        paused_until=wire.paused_until
        if wire and wire.paused_until and wire.paused_until > now
        else None,
        checked_at=wire.checked_at if wire else None,
        runs=runs,
        stock_confirmed_at=stock_confirmed_at,
        quotas=tuple(_quota_statuses(kind, rows.get(wire.pk, []) if wire else [], now)),
        capabilities=tuple(str(ability) for ability in capabilities_of(kind)) if kind else (),
    )


def _connection_health(wire: Connection | None, runs: dict[str, LastRun], now: datetime) -> str:
    if wire is None:
        return NOT_CONNECTED
    if wire.problem or _is_open(wire):
        return HAS_PROBLEM
    if wire.paused_until and wire.paused_until > now:
        return PAUSED
    return HEALTHY if runs else NEVER_SYNCED


def _is_open(wire: Connection) -> bool:
    breaker: CircuitBreaker | None = getattr(wire, "breaker", None)
    return breaker is not None and breaker.opened_at is not None


def _current_problem(wire: Connection) -> str:
    if wire.problem or not _is_open(wire):
        return wire.problem
    return f"no response: {wire.breaker.last_failure}"


def _quota_statuses(kind: Any, rows: Iterable[CallQuota], now: datetime) -> Iterable[QuotaStatus]:
    """Yield each quota of the connector; an unused one is full."""
    kept = {row.name: row for row in rows}
    for quota in kind.QUOTAS if kind else ():
        if quota.name not in kept:
            yield QuotaStatus(name=quota.name, left=quota.points, total=quota.points, until=None)
    for name, row in kept.items():
        is_over = row.until <= now
        left = row.total if is_over else max(0, row.total - row.used)
        yield QuotaStatus(
            name=name, left=left, total=row.total, until=None if is_over else row.until
        )


def _last_runs() -> dict[int, dict[str, LastRun]]:
    last = SyncRun.objects.order_by("supplier", "kind", "-started_at", "-pk")
    last = last.distinct("supplier", "kind")
    applied = SyncRun.objects.filter(status=SyncRun.Status.APPLIED).order_by()
    applied_at = {
        (supplier, kind): moment
        for supplier, kind, moment in applied.values_list("supplier", "kind").annotate(
            newest=Max("ended_at")
        )
    }
    found: dict[int, dict[str, LastRun]] = defaultdict(dict)
    for run in last:
        found[run.supplier_id][run.kind] = LastRun(
            status=run.status,
            started_at=run.started_at,
            applied_at=applied_at.get((run.supplier_id, run.kind)),
            read=run.read,
            rejected=run.rejected,
            problem=run.problem,
        )
    return found
