"""Sync schedule: list the jobs that are due, order the jobs of a supplier."""

from datetime import datetime, timedelta

from suppliers.connectors import CONNECTORS, connector_class
from suppliers.connectors.bulk import BulkOffers
from suppliers.models import CircuitBreaker, Connection, Supplier, SyncRun
from suppliers.runs.runs import OPEN_STATUSES, RETRY_AFTER

Status = SyncRun.Status

INTERVAL_FIELDS = {
    SyncRun.Kind.PRODUCTS: "products_every_min",
    SyncRun.Kind.PRICES: "prices_every_min",
    SyncRun.Kind.STOCK: "stock_every_min",
}
# Jobs that are due together, or continue a run, share a list that is not older than this.
LIST_REUSE = timedelta(minutes=30)


def due_jobs(*, now: datetime) -> list[tuple[int, str]]:
    """Return the jobs to start now, as (supplier id, kind). A job with an open run is not due."""
    connections = (
        Connection.objects.filter(supplier__status=Supplier.Status.ACTIVE)
        .exclude(paused_until__gt=now)
        .exclude(breaker__in=CircuitBreaker.objects.open_for_syncs())
        .order_by("pk")
    )
    return [
        (connection.supplier_id, str(kind))
        for connection in connections
        for kind, column in INTERVAL_FIELDS.items()
        if _is_due(
            connection.supplier_id, kind, timedelta(minutes=getattr(connection, column)), now
        )
    ]


def job_order(supplier: Supplier) -> list[str]:
    """Return the jobs in the order for a first import.

    A price list creates offers in bulk, so prices and stock come first and products adopt the
    offers. Without one, products come first.
    """
    products, prices, stock = SyncRun.Kind.PRODUCTS, SyncRun.Kind.PRICES, SyncRun.Kind.STOCK
    offers_first = _has_price_list(supplier.adapter)
    kinds = (prices, stock, products) if offers_first else (products, prices, stock)
    return [str(kind) for kind in kinds]


def _has_price_list(adapter: str) -> bool:
    return adapter in CONNECTORS and issubclass(connector_class(adapter), BulkOffers)


def list_since(supplier: Supplier, kind: str, *, now: datetime) -> datetime:
    """Return how old a reusable list may be: half the job's interval, at most ``LIST_REUSE``."""
    every = timedelta(minutes=getattr(supplier.connection, INTERVAL_FIELDS[SyncRun.Kind(kind)]))
    return now - min(every / 2, LIST_REUSE)


def _is_due(supplier_id: int, kind: SyncRun.Kind, every: timedelta, now: datetime) -> bool:
    runs = SyncRun.objects.filter(supplier=supplier_id, kind=kind)
    if kind not in _startable_jobs(supplier_id):
        return False
    last = runs.order_by("-started_at", "-pk").first()
    if last is None:
        return True
    if last.status in OPEN_STATUSES:
        return False
    if last.status == Status.FAILED:
        # Not in every sweep: the supplier may be down for hours.
        return now >= (last.ended_at or last.started_at) + min(every, RETRY_AFTER)
    return bool(last.deferred_rows) or now >= last.started_at + every


def _startable_jobs(supplier_id: int) -> frozenset[str]:
    """Return the jobs that have data to work on.

    Prices and stock need products first, unless the supplier has a price list, which creates
    offers.
    """
    applied = SyncRun.objects.filter(supplier=supplier_id, status=Status.APPLIED)
    adapter = Supplier.objects.values_list("adapter", flat=True).get(pk=supplier_id)
    first = {SyncRun.Kind.PRODUCTS}
    if _has_price_list(adapter):
        first |= {SyncRun.Kind.PRICES}
    allowed = first | (set(SyncRun.Kind) if applied.filter(kind__in=first).exists() else set())
    return frozenset(str(kind) for kind in allowed)
