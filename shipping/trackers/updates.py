"""Provider updates: apply the reports of polls and webhooks to the parcels they name."""

from datetime import datetime, timedelta

from django.db import transaction

from shipping.models import TrackingRegistration
from shipping.shipments import tracking
from shipping.shipments.carrier_confirmation import confirm_carrier
from shipping.trackers.base import TrackingReport
from shipping.trackers.schedule import MAX_DOUBLINGS, next_poll

# Carriers use a number again: events before the order concern another parcel.
BEFORE_ORDER_TOLERANCE = timedelta(days=1)
MAX_SAME_NUMBER = 10
ACTOR = "tracking provider"


@transaction.atomic(durable=True)
def apply_report(report: TrackingReport, *, is_poll: bool, now: datetime) -> bool:
    """Apply a report; return whether a registered parcel has this number.

    Idempotent. A late report adds only events that are missing.
    Locks:  the order, its purchase order, the allocations and the stock rows
    """
    row = _registration(report)
    if row is None:
        return False
    purchase_order = tracking.lock_purchase_order(row.parcel.shipment.purchase_order_id)
    row = _registration(report)  # the number may have been corrected meanwhile
    if row is None or row.parcel.shipment.purchase_order_id != purchase_order.pk:
        return False
    earliest = purchase_order.order.placed_at - BEFORE_ORDER_TOLERANCE
    stored = tracking.apply_locked(
        parcel=row.parcel,
        purchase_order=purchase_order,
        number=row.number,
        updates=[
            update
            for update in report.updates
            if update.happened_at is None or update.happened_at >= earliest
        ],
        now=now,
    )
    if stored:
        confirm_carrier(
            parcel=row.parcel,
            purchase_order=purchase_order,
            reported=report.carrier_name,
            actor=ACTOR,
            now=now,
        )
    row.quiet_polls = 0 if stored else min(row.quiet_polls + is_poll, MAX_DOUBLINGS)
    row.changed_at = now if stored else row.changed_at
    row.registered_at = row.registered_at or now
    TrackingRegistration.objects.filter(pk=row.pk).update(
        registered_at=row.registered_at,
        due_at=None if report.has_ended else next_poll(row, now=now),
        polled_at=now if is_poll else row.polled_at,
        changed_at=row.changed_at,
        quiet_polls=row.quiet_polls,
        carrier_code=report.carrier_code or row.carrier_code,
        carrier_name=report.carrier_name or row.carrier_name,
        problem="",
    )
    return True


def _registration(report: TrackingReport) -> TrackingRegistration | None:
    """Return the registration that a report is about.

    The number decides. The reference chooses among parcels of several carriers with one number.
    """
    rows = TrackingRegistration.objects.filter(number=report.number, parcel__number=report.number)
    found = list(rows.select_related("parcel__shipment").order_by("pk")[:MAX_SAME_NUMBER])
    named = [row for row in found if str(row.parcel_id) == report.reference]
    return (named or found)[0] if found else None


def record_quiet_poll(row: TrackingRegistration, *, now: datetime) -> None:
    """Poll a parcel later that the provider did not report, or whose report cannot be applied."""
    row.quiet_polls = min(row.quiet_polls + 1, MAX_DOUBLINGS)
    TrackingRegistration.objects.filter(pk=row.pk, due_at__isnull=False).update(
        due_at=next_poll(row, now=now), polled_at=now, quiet_polls=row.quiet_polls
    )


@transaction.atomic(durable=True)
def register_again(report: TrackingReport, *, now: datetime) -> None:
    """Register a number again that the provider has forgotten."""
    rows = TrackingRegistration.objects.filter(number=report.number, due_at__isnull=False)
    rows.update(registered_at=None, due_at=now)
