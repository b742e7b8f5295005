"""Reconciliation: compare a day with every gateway and supplier, and store the discrepancies.

Each counterparty is stored when it is done, so an interrupted run can be repeated. A day stays
open and is retried until all counterparties have answered.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import Min, Q
from django.utils import timezone

from orders.accounting import three_way_match
from orders.accounting.reconciliation import (
    discrepancies,
    gateway_comparison,
    order_comparison,
    purchase_comparison,
)
from orders.accounting.reconciliation.discrepancies import ComparisonResult
from orders.models import Discrepancy, Payment, PurchaseOrder, ReconciliationRun, SupplierInvoice
from storefront.lib.clock import Clock, midnight
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import ExternalServiceError
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import BulkheadFullError, exclusive_lock

# A day is compared 3 h after it ends, with the events of 3 h before and after it.
MARGIN = timedelta(hours=3)
LOOKBACK = timedelta(days=14)
SUBJECT = "daily reconciliation"
# After so many attempts a day is retried less often.
MAX_FREQUENT_ATTEMPTS, RARE_RETRY_AFTER = 8, timedelta(hours=12)
Status = ReconciliationRun.Status


class DayNotOverError(Exception):
    """The day has not ended, or ended less than ``MARGIN`` ago."""


def run_of(day: date, *, now: datetime) -> ReconciliationRun:
    """Return the run of a day, created if needed; days are in the shop's time zone."""
    starts, ends = (midnight(day + timedelta(days=offset)) for offset in (0, 1))
    run, _ = ReconciliationRun.objects.get_or_create(
        day=day,
        defaults={"starts_at": starts, "ends_at": ends, "status": Status.OPEN, "status_since": now},
    )
    return run


def due_runs(*, now: datetime) -> list[ReconciliationRun]:
    """Create the runs of past days since the first payment; return those not reconciled."""
    first_payment_at = Payment.objects.aggregate(first=Min("created_at"))["first"]
    if first_payment_at is None:
        return []
    last = timezone.localdate(now - MARGIN) - timedelta(days=1)
    first = max(timezone.localdate(first_payment_at), timezone.localdate(now - LOOKBACK))
    for offset in range((last - first).days + 1):
        run_of(first + timedelta(days=offset), now=now)
    waiting = ReconciliationRun.objects.filter(
        status__in=[Status.OPEN, Status.RUNNING], day__lte=last
    )
    newest_first = waiting.order_by("-day")
    return [
        day
        for day in newest_first
        if day.attempts < MAX_FREQUENT_ATTEMPTS or day.status_since <= now - RARE_RETRY_AFTER
    ]


def reconcile(*, day: ReconciliationRun, clock: Clock) -> ReconciliationRun:
    """Reconcile a day, also one that was reconciled before; one worker at a time.

    Raises: DayNotOverError       see there
            LockedElsewhereError  another worker reconciles a day
    """
    if day.ends_at + MARGIN > clock():
        raise DayNotOverError(str(day))
    with exclusive_lock(SUBJECT):
        day.refresh_from_db()
        if day.status == Status.RUNNING:  # the lock is free, so the last worker died
            note = "the previous reconciliation was interrupted"
            day.move(Status.OPEN, at=clock(), actor=discrepancies.ACTOR, reason=note)
        day.move(
            Status.RUNNING,
            at=clock(),
            actor=discrepancies.ACTOR,
            expected=("attempts",),
            attempts=day.attempts + 1,
        )
        _compare_all(day, clock)
    day.refresh_from_db()
    return day


def _compare_all(day: ReconciliationRun, clock: Clock) -> None:
    problems: list[str] = []
    counts: dict[str, int] = {}
    for name, compare in _counterparties(day, clock):
        examined = discrepancies.open_ids(name)
        try:
            compared = compare()
        except (ExternalServiceError, BulkheadFullError) as error:
            problems.append(f"{name}: {error or type(error).__name__}")
            continue
        discrepancies.record(
            part=name,
            findings=compared.findings,
            examined=examined - discrepancies.undecided_ids(name, compared.undecided),
            day=day,
            now=clock(),
        )
        three_way_match.store_match_status(part=name, purchase_orders=compared.purchase_orders)
        counts[name] = compared.count
        failpoint("auditing.part_recorded")
    now = clock()
    if problems:
        summary = "; ".join(problems)[:500]
        day.move(Status.OPEN, at=now, actor=discrepancies.ACTOR, problem=summary, counts=counts)
    else:
        day.move(
            Status.RECONCILED,
            at=now,
            actor=discrepancies.ACTOR,
            problem="",
            counts=counts,
            reconciled_at=now,
        )


def _counterparties(
    day: ReconciliationRun, clock: Clock
) -> Iterator[tuple[str, Callable[[], ComparisonResult]]]:
    """Yield the name and the comparison of each gateway, of our orders and of each supplier."""
    span = {"since": day.starts_at - MARGIN, "until": day.ends_at + MARGIN}
    for gateway in _gateways(day):
        name = gateway_comparison.counterparty_of(gateway)
        yield name, partial(gateway_comparison.compare, gateway=gateway, clock=clock, **span)
    yield order_comparison.COUNTERPARTY, partial(order_comparison.compare, now=clock(), **span)
    for supplier in _suppliers():
        name = purchase_comparison.counterparty_of(supplier)
        yield name, partial(purchase_comparison.compare, supplier=supplier, now=clock(), **span)


def _gateways(day: ReconciliationRun) -> list[str]:
    """Return the active gateway, those with payments that day, those with open discrepancies."""
    moved = Q(events__received_at__gte=day.starts_at, events__received_at__lt=day.ends_at)
    moved |= Q(created_at__gte=day.starts_at, created_at__lt=day.ends_at)
    codes = set(Payment.objects.filter(moved).values_list("gateway", flat=True))
    opened = Discrepancy.objects.filter(
        part__startswith=gateway_comparison.counterparty_of(""), status=Discrepancy.Status.OPEN
    )
    codes |= {part.partition(":")[2] for part in opened.values_list("part", flat=True)}
    return sorted(codes | {settings.PAYMENT_GATEWAY})


def _suppliers() -> list[Supplier]:
    """Return the suppliers that may have charged us."""
    ordered = PurchaseOrder.objects.values("supplier")
    invoiced = SupplierInvoice.objects.values("supplier")
    rows = Supplier.objects.filter(Q(pk__in=ordered) | Q(pk__in=invoiced))
    return list(rows.select_related("connection").order_by("pk"))
