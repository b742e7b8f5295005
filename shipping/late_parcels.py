"""Late parcels: find parcels that did not arrive as promised, tell each customer once."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat

from notifications.models import Event
from orders.models import Backorder, Order
from shipping.models import Parcel
from shipping.shipments import events, tracking

MAX_PER_RUN = 200
# The customer is told of each other status when it is reported.
UNREPORTED_STATUSES = (
    Parcel.CarrierStatus.UNKNOWN,
    Parcel.CarrierStatus.PRE_TRANSIT,
    Parcel.CarrierStatus.IN_TRANSIT,
    Parcel.CarrierStatus.EXPIRED,
)


def late_parcels(*, today: date) -> QuerySet[Parcel]:
    """Return parcels of orders that are overdue, and of whose delay the customer was not told.

    The limit is ``PARCEL_LATE_AFTER_DAYS`` after the last day of the promise. A later day that the
    customer accepted (``agreed_by``) may still be ahead.
    """
    accepted = Backorder.objects.filter(
        purchase_order=OuterRef("shipment__purchase_order"),
        kind=Backorder.Kind.LATER,
        chosen=Backorder.Choice.WAIT,
    )
    key = Concat(Value("parcel.delayed:"), Cast(OuterRef("pk"), CharField()))
    return (
        Parcel.objects.filter(
            ~Exists(Event.objects.filter(key=key)),
            status__in=Parcel.UNDERWAY,
            carrier_status__in=UNREPORTED_STATUSES,
            shipment__purchase_order__order__status=Order.Status.PROCESSING,
            shipment__purchase_order__order__arrives_to__lt=_limit(today),
        )
        .annotate(agreed_by=Subquery(accepted.order_by("-arrives_by").values("arrives_by")[:1]))
        .select_related("shipment__purchase_order__order")
        .order_by("shipment__purchase_order__order__arrives_to", "pk")
    )


def notify_of_late_parcels(*, now: datetime) -> int:
    """Record the delay of each late parcel; return how many."""
    today = now.date()
    rows = late_parcels(today=today).iterator(chunk_size=MAX_PER_RUN)
    late = [parcel for parcel in rows if _promised_by(parcel) < _limit(today)][:MAX_PER_RUN]
    return sum(_notify(parcel, now) for parcel in late)


def _limit(today: date) -> date:
    return today - timedelta(days=settings.PARCEL_LATE_AFTER_DAYS)


def _promised_by(parcel: Parcel) -> date:
    """Return the last day of the promise: of the purchase order, or the one that was agreed."""
    promised = date.fromisoformat(parcel.shipment.purchase_order.entry["arrives_to"])
    agreed_by: date | None = getattr(parcel, "agreed_by", None)
    return max(promised, agreed_by or promised)


@transaction.atomic(durable=True)
def _notify(parcel: Parcel, now: datetime) -> bool:
    """Record the delay, unless the status of the parcel changed meanwhile; return whether it did not.

    Locks:  as ``tracking.lock_purchase_order``
    """
    purchase_order = tracking.lock_purchase_order(parcel.shipment.purchase_order_id)
    parcel.refresh_from_db(fields=["status", "carrier_status"])
    if parcel.status not in Parcel.UNDERWAY or parcel.carrier_status not in UNREPORTED_STATUSES:
        return False
    events.record_delayed(
        parcel, purchase_order=purchase_order, promised_by=_promised_by(parcel), at=now
    )
    return True
