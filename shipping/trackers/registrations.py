"""Registrations: find parcels without supplier events, claim them, register each once.

A row is stored before the provider is called, and the provider accepts a number again that it
knows. So a crash or a lost answer neither loses a parcel nor registers it twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from shipping.models import Parcel, ProblemReport, TrackingEvent, TrackingRegistration
from shipping.shipments.statuses import WITH_CARRIER
from shipping.trackers.base import RegistrationResult, TrackedNumber

# Longer than a call: a worker that claimed a row and has not finished is dead.
LEASE = timedelta(minutes=5)
FIRST_POLL_AFTER = timedelta(hours=1)
QUOTA_RETRY_AFTER = timedelta(hours=6)
# A supplier whose last event is older than this does not report the parcel any more.
SUPPLIER_SILENT_AFTER = timedelta(days=3)
MAX_NEW_PER_RUN = 500


def parcels_to_follow(*, now: datetime) -> QuerySet[Parcel]:
    """Return the numbered parcels to follow whose suppliers send no events, or stopped sending them."""
    reported = TrackingEvent.objects.filter(
        parcel=OuterRef("pk"),
        source=TrackingEvent.Source.SUPPLIER,
        received_at__gt=now - SUPPLIER_SILENT_AFTER,
        carrier_status__in=WITH_CARRIER,
    )
    grace = timedelta(minutes=settings.TRACKING_GRACE_MIN)
    return Parcel.objects.filter(
        _is_expected(), ~Exists(reported), label_created_at__lte=now - grace
    ).exclude(number="")


def _is_expected(prefix: str = "") -> Q:
    """Return the condition of parcels underway, or reported as never arrived though delivered."""
    disputed = ProblemReport.objects.filter(
        parcel=OuterRef(f"{prefix}pk"),
        kind=ProblemReport.Kind.NEVER_ARRIVED,
        status__in=ProblemReport.UNDECIDED,
    )
    is_disputed = Q(Exists(disputed), **{f"{prefix}status": Parcel.Status.DELIVERED})
    return is_disputed | Q(**{f"{prefix}status__in": Parcel.UNDERWAY})


@transaction.atomic(durable=True)
def refresh(*, now: datetime) -> None:
    """Add missing registrations, stop those of ended parcels, replace those of old numbers."""
    rows = TrackingRegistration.objects.all()
    underway = rows.filter(_is_expected("parcel__")).exclude(parcel__number="")
    underway.exclude(number=F("parcel__number")).delete()
    ended = rows.filter(~_is_expected("parcel__"), due_at__isnull=False)
    ended.filter(registered_at__isnull=True).delete()
    ended.update(due_at=None)
    known = rows.filter(parcel=OuterRef("pk"))
    missing = parcels_to_follow(now=now).filter(~Exists(known)).order_by("pk")
    rows.bulk_create(
        [
            TrackingRegistration(parcel_id=parcel_id, number=number, due_at=now)
            for parcel_id, number in missing.values_list("pk", "number")[:MAX_NEW_PER_RUN]
        ],
        ignore_conflicts=True,
    )


@transaction.atomic(durable=True)
def claim(*, limit: int, is_registered: bool, now: datetime) -> list[TrackingRegistration]:
    """Return due registrations, the longest due first, and move them ahead of other workers.

    Locks: the registrations
    """
    due = TrackingRegistration.objects.filter(
        due_at__lte=now, registered_at__isnull=not is_registered
    )
    rows = list(
        due.select_for_update(of=["self"], skip_locked=True).order_by("due_at", "pk")[:limit]
    )
    TrackingRegistration.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=now + LEASE)
    return rows


def release(rows: Sequence[TrackingRegistration], *, until: datetime) -> None:
    """Give back claimed rows that were not called, or not answered."""
    claimed = TrackingRegistration.objects.filter(pk__in=[row.pk for row in rows])
    claimed.filter(due_at__isnull=False).update(due_at=until)


def still_claimed(
    rows: Sequence[TrackingRegistration], *, claimed_at: datetime
) -> QuerySet[TrackingRegistration]:
    """Return the claimed rows whose next call was not set since."""
    return TrackingRegistration.objects.filter(
        pk__in=[row.pk for row in rows], due_at=claimed_at + LEASE
    )


def numbers_of(rows: Sequence[TrackingRegistration]) -> list[TrackedNumber]:
    """Return what the provider is told: each number once, with the id of its first parcel."""
    by_number = {row.number: row for row in reversed(rows)}
    return [
        TrackedNumber(
            number=row.number, reference=str(row.parcel_id), carrier_code=row.carrier_code
        )
        for row in by_number.values()
    ]


@transaction.atomic(durable=True)
def save_results(
    rows: Sequence[TrackingRegistration], results: Sequence[RegistrationResult], *, now: datetime
) -> str:
    """Store the provider's answer; return its problem with the whole account, if it has one.

    A number without an answer is registered again after the lease. A rejected one waits for staff
    to correct it.
    """
    by_number = {result.number: result for result in results}
    problem = ""
    for row in rows:
        result = by_number.get(row.number)
        if result is None:
            continue
        mine = TrackingRegistration.objects.filter(pk=row.pk, number=row.number)
        if result.is_quota_used_up:
            problem = result.problem
            mine.update(due_at=now + QUOTA_RETRY_AFTER, problem=result.problem)
        elif result.problem:
            mine.update(due_at=None, problem=result.problem)
        else:
            mine.update(
                registered_at=now,
                due_at=now + FIRST_POLL_AFTER,
                carrier_code=result.carrier_code,
                problem="",
            )
    return problem
