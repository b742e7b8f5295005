"""Report endings: end reports whose parcel arrived, was settled elsewhere, or got no reply."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from shipping.models import Parcel, ProblemReport, TrackingEvent
from shipping.problem_reports import decisions, reports, supplier_claims

Resolution = Parcel.Resolution
Status = ProblemReport.Status
REPLY_PERIOD = timedelta(days=30)
SETTLED_AS = {Resolution.REFUNDED: Status.REFUNDED, Resolution.REPLACED: Status.REPLACED}


def find_arrived() -> QuerySet[ProblemReport]:
    """Find undecided reports of parcels that a carrier delivered after the report.

    A delivery before the report is the one that the customer disputes.
    """
    parcel = OuterRef("parcel")
    current_number = (
        Q(number="") | Q(number=F("parcel__number")) | Q(number=F("parcel__last_mile_number"))
    )
    delivered = TrackingEvent.objects.filter(
        current_number, parcel=parcel, carrier_status=Parcel.CarrierStatus.DELIVERED
    ).annotate(moment=Coalesce("happened_at", "received_at"))
    return _never_arrived().filter(
        Exists(delivered.filter(moment__gt=OuterRef("opened_at"))),
        parcel__status=Parcel.Status.DELIVERED,
        parcel__resolution=Resolution.OPEN,
    )


def find_settled() -> QuerySet[ProblemReport]:
    """Find undecided reports of parcels that were refunded or replaced on another page."""
    return _never_arrived().filter(parcel__resolution__in=[*SETTLED_AS])


def find_unanswered(*, now: datetime) -> QuerySet[ProblemReport]:
    """Find reports whose customer did not answer our question in time."""
    return ProblemReport.objects.filter(
        status=Status.NEEDS_INFORMATION, status_since__lt=now - REPLY_PERIOD
    )


@transaction.atomic(durable=True)
def end_arrived(*, report: ProblemReport, now: datetime) -> None:
    """End a report because the carrier delivered the parcel later. Locks as ``reports.lock``."""
    reports.lock(report)
    if find_arrived().filter(pk=report.pk).exists():
        decisions.end(report, Status.ARRIVED, now=now, reason="the carrier delivered it later")
        supplier_claims.withdraw_draft(report, actor="", now=now)


@transaction.atomic(durable=True)
def end_settled(*, report: ProblemReport, now: datetime) -> None:
    """End a report as its parcel was settled. Locks as ``reports.lock``."""
    reports.lock(report)
    parcel = report.parcel
    if find_settled().filter(pk=report.pk).exists():
        decisions.end(
            report,
            SETTLED_AS[Resolution(parcel.resolution)],
            now=now,
            reason="the parcel was settled",
            settlement=parcel.settlement,
        )


@transaction.atomic(durable=True)
def end_unanswered(*, report: ProblemReport, now: datetime) -> None:
    """Reject a report without a reply to our question. Locks as ``reports.lock``."""
    reports.lock(report)
    if find_unanswered(now=now).filter(pk=report.pk).exists():
        decisions.end(report, Status.REJECTED, now=now, reason="no reply")
        supplier_claims.withdraw_draft(report, actor="", now=now)


def _never_arrived() -> QuerySet[ProblemReport]:
    return ProblemReport.objects.filter(
        kind=ProblemReport.Kind.NEVER_ARRIVED, status__in=ProblemReport.UNDECIDED
    )
