"""Reconcile one day: ask everybody who holds money of it, and write down what differs.

Part by part, each kept when it is done: who is killed in the middle begins anew and finds the
same. A day of which somebody did not tell stays open, and is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

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
from orders.accounting.reconciliation.discrepancies import Compared
from orders.models import MoneyDay, MoneyDifference, Payment, PurchaseOrder, SupplierBill
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import OutsideError
from suppliers.models import Supplier
from suppliers.resilience.bulkheads import LaneFullError, in_hand

# What happens late in a day is told by then, and what happened around midnight counts as its.
MARGIN = timedelta(hours=3)
LOOKS_BACK = timedelta(days=14)
SUBJECT = "money of a day"
# A day that nobody can finish is not asked about every half hour for ever.
OFTEN, RARELY = 8, timedelta(hours=12)
Status = MoneyDay.Status
type Clock = Callable[[], datetime]


class TooSoonError(Exception):
    """The day is not over yet, or only just."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One that is compared by himself: a gateway, our orders, a supplier."""

    name: str
    compare: Callable[[], Compared]


def day_of(day: date, *, now: datetime) -> MoneyDay:
    """Find or make the row of a day; days begin and end by the shop's clock."""
    starts, ends = (_midnight(day + timedelta(days=more)) for more in (0, 1))
    found, _ = MoneyDay.objects.get_or_create(
        day=day,
        defaults={
            "starts_at": starts,
            "ends_at": ends,
            "status": Status.OPEN,
            "status_since": now,
        },
    )
    return found


def due(*, now: datetime) -> list[MoneyDay]:
    """Make the days that are over since the first payment, and return those not reconciled."""
    begun = Payment.objects.aggregate(first=Min("created_at"))["first"]
    if begun is None:
        return []
    last = timezone.localdate(now - MARGIN) - timedelta(days=1)
    first = max(timezone.localdate(begun), timezone.localdate(now - LOOKS_BACK))
    for past in range((last - first).days + 1):
        day_of(first + timedelta(days=past), now=now)
    waiting = MoneyDay.objects.filter(status__in=[Status.OPEN, Status.RUNNING], day__lte=last)
    newest_first = waiting.order_by("-day")
    return [day for day in newest_first if day.tries < OFTEN or day.status_since <= now - RARELY]


def reconcile(*, day: MoneyDay, moment: Clock) -> MoneyDay:
    """Compare a day, once more if it was compared before; one worker at a time compares.

    Raises: TooSoonError  it is not over
            InHandError   another worker compares a day
    """
    if day.ends_at + MARGIN > moment():
        raise TooSoonError(str(day))
    with in_hand(SUBJECT):
        day.refresh_from_db()
        if day.status == Status.RUNNING:  # nobody else holds it: who did is dead
            why = "the comparison before ended in the middle"
            day.move(Status.OPEN, at=moment(), actor=discrepancies.ACTOR, reason=why)
        day.move(
            Status.RUNNING,
            at=moment(),
            actor=discrepancies.ACTOR,
            as_seen=("tries",),
            tries=day.tries + 1,
        )
        _compare_all(day, moment)
    day.refresh_from_db()
    return day


def _compare_all(day: MoneyDay, moment: Clock) -> None:
    problems: list[str] = []
    counts: dict[str, int] = {}
    for part in _parts(day, moment):
        examined = discrepancies.open_ids(part.name)
        try:
            compared = part.compare()
        except (OutsideError, LaneFullError) as error:
            problems.append(f"{part.name}: {error or type(error).__name__}")
            continue
        discrepancies.record(
            part=part.name,
            findings=compared.findings,
            examined=examined - discrepancies.left_ids(part.name, compared.left),
            day=day,
            now=moment(),
        )
        three_way_match.mark(part=part.name, purchase_orders=compared.purchase_orders)
        counts[part.name] = compared.count
        failpoint("auditing.part_recorded")
    now = moment()
    if problems:
        said = "; ".join(problems)[:500]
        day.move(Status.OPEN, at=now, actor=discrepancies.ACTOR, problem=said, counts=counts)
    else:
        day.move(
            Status.RECONCILED,
            at=now,
            actor=discrepancies.ACTOR,
            problem="",
            counts=counts,
            reconciled_at=now,
        )


def _parts(day: MoneyDay, moment: Clock) -> Iterator[Part]:
    span = {"since": day.starts_at - MARGIN, "until": day.ends_at + MARGIN}
    for gateway in _gateways(day):
        yield Part(
            name=gateway_comparison.part_of(gateway),
            compare=lambda code=gateway: gateway_comparison.compare(
                gateway=code, moment=moment, **span
            ),  # type: ignore[misc]
        )
    yield Part(
        name=order_comparison.PART, compare=lambda: order_comparison.compare(now=moment(), **span)
    )
    for supplier in _suppliers():
        yield Part(
            name=purchase_comparison.part_of(supplier),
            compare=lambda one=supplier: purchase_comparison.compare(
                supplier=one, now=moment(), **span
            ),  # type: ignore[misc]
        )


def _gateways(day: MoneyDay) -> list[str]:
    """Name the gateway that shoppers pay at now, and those that had to do with the day."""
    moved = Q(events__received_at__gte=day.starts_at, events__received_at__lt=day.ends_at)
    moved |= Q(created_at__gte=day.starts_at, created_at__lt=day.ends_at)
    codes = set(Payment.objects.filter(moved).values_list("gateway", flat=True))
    opened = MoneyDifference.objects.filter(
        part__startswith=gateway_comparison.part_of(""), status=MoneyDifference.Status.OPEN
    )
    codes |= {part.partition(":")[2] for part in opened.values_list("part", flat=True)}
    return sorted(codes | {settings.PAYMENT_GATEWAY})


def _suppliers() -> list[Supplier]:
    """Find those who can have charged us for anything."""
    ordered = PurchaseOrder.objects.values("supplier")
    billed = SupplierBill.objects.values("supplier")
    rows = Supplier.objects.filter(Q(pk__in=ordered) | Q(pk__in=billed))
    return list(rows.select_related("connection").order_by("pk"))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
