"""Decrement measurement: measure when suppliers decrement their stock for our orders."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Subquery

from orders.inventory import decrement_stats
from orders.inventory.decrement_stats import History, Measurement, ObservedSale
from orders.models import Allocation, OrderLine, PurchaseOrder
from suppliers.models import StockDecrement, StockLevel, StockMovement, Supplier, SyncRun

LOOKBACK = timedelta(days=60)
MAX_SALES = 2_000  # the newest sales of a supplier, enough for the statistics


@transaction.atomic(durable=True)
def measure(*, supplier: Supplier, now: datetime) -> StockDecrement:
    """Measure and store how a supplier decrements stock. Locks the supplier.

    Without a conclusion, the earlier one is kept.
    """
    Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=supplier.pk)
    measurement = decrement_stats.infer(_histories(supplier, now))
    values = _as_fields(measurement) | {"measured_at": now}
    if measurement.at is None:
        values = {
            name: values[name] for name in values if name not in {"at", "median_lag_s", "max_lag_s"}
        }
    row, _is_new = StockDecrement.objects.update_or_create(supplier=supplier, defaults=values)
    return row


def _as_fields(measurement: Measurement) -> dict[str, object]:
    return {
        "at": measurement.at or "",
        "median_lag_s": None
        if measurement.median_lag is None
        else round(measurement.median_lag.total_seconds()),
        "max_lag_s": None
        if measurement.max_lag is None
        else round(measurement.max_lag.total_seconds()),
        "decrements_observed_after_order": len(measurement.order.lags),
        "decrements_not_observed_after_order": measurement.order.missed,
        "decrements_observed_after_shipment": len(measurement.shipment.lags),
        "decrements_not_observed_after_shipment": measurement.shipment.missed,
    }


def _histories(supplier: Supplier, now: datetime) -> list[History]:
    since = now - LOOKBACK
    orders = PurchaseOrder.objects.filter(
        lines__order_line=OuterRef("line"), lines__level=OuterRef("level")
    ).order_by("-pk")
    sold = (
        Allocation.objects.filter(level__offer__supplier=supplier, level__is_unconfirmed=False)
        .annotate(accepted_at=Subquery(orders.values("accepted_at")[:1]))
        .filter(accepted_at__gte=since)
        .order_by("-pk")[:MAX_SALES]
    )
    sales: dict[int, list[ObservedSale]] = defaultdict(list)
    lines = OrderLine.objects.filter(pk__in=[sale.line_id for sale in sold])
    ordered_at = dict(lines.values_list("pk", "order__placed_at"))
    for sale in sold:
        is_released = sale.status == Allocation.Status.RELEASED
        sales[sale.level_id].append(
            ObservedSale(
                quantity=sale.quantity,
                ordered_at=ordered_at[sale.line_id],
                accepted_at=sale.accepted_at,
                shipped_at=sale.shipped_at,
                released_at=sale.status_since if is_released else None,
            )
        )
    moves: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    reported = (
        StockMovement.objects.effective()
        .filter(kind=StockMovement.Kind.REPORTED, level__in=sales, at__gte=since)
        .exclude(reported_delta=0)
    )
    for level_id, at, delta in reported.order_by("at", "pk").values_list(
        "level", "at", "reported_delta"
    ):
        moves[level_id].append((at, delta))
    known = StockLevel.objects.with_confirmed_at().filter(pk__in=sales)
    observed_at = _observation_times(supplier, since)
    return [
        History(
            sales=sales[level.pk],
            moves=moves[level.pk],
            known_at=level.known_at,  # type: ignore[attr-defined]  # annotated
            observed_at=observed_at,
        )
        for level in known
    ]


def _observation_times(supplier: Supplier, since: datetime) -> list[datetime]:
    """Return the times of the supplier's applied stock feeds, each of which reads all stock."""
    runs = SyncRun.objects.filter(
        supplier=supplier,
        kind=SyncRun.Kind.STOCK,
        status=SyncRun.Status.APPLIED,
        started_at__gte=since,
    )
    return sorted(run.as_of for run in runs.only("started_at", "profile"))
