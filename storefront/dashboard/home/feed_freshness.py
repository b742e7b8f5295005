"""Feed freshness: compare the last successful run of each supplier job with its schedule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from suppliers.models import Connection, FeedRun

# A job counts as late after this many intervals.
PATIENCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """One sync job of one supplier: its last success, its last run, and whether it is late."""

    supplier: str
    supplier_id: int
    kind: FeedRun.Kind
    every: timedelta
    applied: FeedRun | None
    last: FeedRun | None
    is_late: bool


def look(*, now: datetime) -> list[Freshness]:
    """Return the freshness of each sync job of each active supplier."""
    connections = Connection.objects.filter(supplier__status="active").select_related("supplier")
    runs = FeedRun.objects.order_by("supplier", "kind", "-id").distinct("supplier", "kind")
    last = {(run.supplier_id, run.kind): run for run in runs}
    applied = {
        (run.supplier_id, run.kind): run for run in runs.filter(status=FeedRun.Status.APPLIED)
    }
    return [
        _job(
            wire,
            kind,
            last.get((wire.supplier_id, kind)),
            applied.get((wire.supplier_id, kind)),
            now,
        )
        for wire in connections.order_by("supplier__name")
        for kind in FeedRun.Kind.values
    ]


def _job(
    wire: Connection, kind: str, last: FeedRun | None, applied: FeedRun | None, now: datetime
) -> Freshness:
    every = timedelta(minutes=getattr(wire, f"{kind}_every_min"))
    return Freshness(
        supplier=wire.supplier.name,
        supplier_id=wire.supplier_id,
        kind=FeedRun.Kind(kind),
        every=every,
        applied=applied,
        last=last,
        is_late=applied is None or applied.started_at < now - PATIENCE * every,
    )
