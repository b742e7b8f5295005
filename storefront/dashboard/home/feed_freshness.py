"""Feed freshness: compare the last successful run of each supplier job with its schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

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
    runs = SyncRun.objects.order_by("supplier", "kind", "-id").distinct("supplier", "kind")
    last: dict[tuple[int, str], SyncRun] = {}
    applied: dict[tuple[int, str], SyncRun] = {}
    # One statement: the newest run of each job, and its newest applied run.
    both = runs.union(runs.filter(status=SyncRun.Status.APPLIED), all=True)
    for run in sorted(both, key=attrgetter("pk")):
        key = (run.supplier_id, run.kind)
        last[key] = run
        if run.status == SyncRun.Status.APPLIED:
            applied[key] = run
    return [
        _job(
            connection,
            kind,
            last.get((connection.supplier_id, kind)),
            applied.get((connection.supplier_id, kind)),
            now,
        )
        for connection in connections.order_by("supplier__name")
        for kind in SyncRun.Kind.values
    ]


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
