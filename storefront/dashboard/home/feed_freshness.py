"""Feed freshness: compare the last successful run of each supplier job with its schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery

from suppliers.models import Connection, SyncRun

# A job counts as late after this many intervals.
LATE_AFTER_INTERVALS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFreshness:
    """One sync job of one supplier: its last success, its last run, and whether it is late."""

    supplier: str
    supplier_id: int
    kind: SyncRun.Kind
    every: timedelta
    applied: SyncRun | None
    last: SyncRun | None
    is_late: bool


def job_freshness(*, now: datetime) -> list[JobFreshness]:
    """Return the freshness of each sync job of each active supplier."""
    connections = Connection.objects.filter(supplier__status="active").select_related("supplier")
    newest = {
        f"{name}_{kind}": Subquery(_newest_runs(kind, **only).values("pk")[:1])
        for kind in SyncRun.Kind.values
        for name, only in (("last", {}), ("applied", {"status": SyncRun.Status.APPLIED}))
    }
    found = list(connections.annotate(**newest).order_by("supplier__name"))
    runs = SyncRun.objects.in_bulk(
        {run_id for each in found for name in newest if (run_id := getattr(each, name))}
    )
    return [
        _job(
            connection,
            kind,
            runs.get(getattr(connection, f"last_{kind}")),
            runs.get(getattr(connection, f"applied_{kind}")),
            now,
        )
        for connection in found
        for kind in SyncRun.Kind.values
    ]


def _newest_runs(kind: str, **only: str) -> QuerySet[SyncRun]:
    """Return the runs of a job by an index, newest first: runs are many."""
    return SyncRun.objects.filter(supplier=OuterRef("supplier"), kind=kind, **only).order_by(
        "-started_at"
    )


def _job(
    connection: Connection, kind: str, last: SyncRun | None, applied: SyncRun | None, now: datetime
) -> JobFreshness:
    every = timedelta(minutes=getattr(connection, f"{kind}_every_min"))
    return JobFreshness(
        supplier=connection.supplier.name,
        supplier_id=connection.supplier_id,
        kind=SyncRun.Kind(kind),
        every=every,
        applied=applied,
        last=last,
        is_late=applied is None or applied.started_at < now - LATE_AFTER_INTERVALS * every,
    )
