"""Silence messages: tell the customer what is known of a silent parcel, and offer a choice."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import override

from orders.links import order_url
from orders.models import Order, PurchaseOrder
from shipping.models import Parcel, SilenceCase, SilenceKind
from shipping.shipments import events
from shipping.shipments.event_sources import drop_superseded
from shipping.silence import answers
from shipping.silence.expected_days import ExpectedDays, expected_days
from shipping.silence.route_transit import transits_of
from storefront.lib.db.transactions import requires_transaction

MAX_PER_RUN = 200
# A customer gets one message a day about a parcel that is silent in several ways.
MIN_PAUSE = timedelta(days=1)


def due_cases(*, now: datetime) -> list[int]:
    """Return the cases whose customer gets a message now, the longest overdue first."""
    return list(
        SilenceCase.objects.filter(
            ended_at=None,
            tell_at__lte=now,
            parcel__shipment__purchase_order__order__status=Order.Status.PROCESSING,
        )
        .order_by("tell_at", "pk")
        .values_list("pk", flat=True)[:MAX_PER_RUN]
    )


@transaction.atomic(durable=True)
def tell(*, case_id: int, now: datetime) -> bool:
    """Send the due message of a case, unless the parcel has news; return whether it was sent.

    Locks:  as ``answers.lock``
    """
    case = SilenceCase.objects.select_related("parcel__shipment").get(pk=case_id)
    purchase_order = answers.lock(case, now=now)
    is_due = case.tell_at is not None and case.tell_at <= now
    if case.ended_at or not is_due or purchase_order.order.status != Order.Status.PROCESSING:
        return False
    others = SilenceCase.objects.filter(parcel=case.parcel_id, ended_at=None).exclude(pk=case.pk)
    last = others.aggregate(last=Max("told_at"))["last"]
    if last and last > now - MIN_PAUSE:
        _save(case, tell_at=last + MIN_PAUSE)
        return False
    expected = _expected(case.parcel, purchase_order, now)
    is_offer = case.offer_at is not None and case.offer_at <= now
    offered = answers.possible_choices(case, now=now) if is_offer else []
    _save(
        case,
        told_at=now,
        messages=case.messages + 1,
        offered=offered,
        expected_by=expected.last if expected else None,
        tell_at=_next_message(case, now),
    )
    _record(case, purchase_order, expected, now)
    return True


def _save(case: SilenceCase, **values: Any) -> None:
    for name, value in values.items():
        setattr(case, name, value)
    case.save(update_fields=list(values))


def _next_message(case: SilenceCase, now: datetime) -> datetime | None:
    """Return when the customer gets the next message; None: after the last day for pickup."""
    at = now + timedelta(days=case.repeat_after_days)
    if case.offer_at and now < case.offer_at < at:
        at = case.offer_at
    return None if case.keeps_until and at.date() > case.keeps_until else at


def _expected(parcel: Parcel, purchase_order: PurchaseOrder, now: datetime) -> ExpectedDays | None:
    return expected_days(
        parcel,
        purchase_order,
        list(parcel.tracking_events.filter(number__in=parcel.current_numbers)),
        country=purchase_order.goes_to["country"],
        transit=transits_of([(parcel, purchase_order)]).get(parcel.pk),
        now=now,
    )


@requires_transaction
def _record(
    case: SilenceCase, purchase_order: PurchaseOrder, expected: ExpectedDays | None, now: datetime
) -> None:
    parcel, order = case.parcel, purchase_order.order
    usual = expected.usual if expected else None
    events.record_silent(
        parcel,
        purchase_order=purchase_order,
        key=f"{case.pk}:{case.messages}",
        at=now,
        kind=case.kind,
        days_silent=(now - case.since).days,
        promised_by=_promised_by(case),
        last_event=_last_event(parcel),
        expected_from=_iso(expected.first if expected else None),
        expected_to=_iso(expected.last if expected else None),
        usual_days=list(usual) if usual else [],
        basis=expected.basis.value if expected else "",
        keeps_until=_iso(case.keeps_until),
        writes_again=_iso(case.tell_at.date() if case.tell_at else None),
        answers={
            choice: f"{order_url(order)}parcels/{case.pk}/?answer={choice}"
            for choice in case.offered
        },
    )


def _promised_by(case: SilenceCase) -> str:
    """Return the promised day of a late parcel, "" for other kinds."""
    is_late = case.kind == SilenceKind.LATE
    return (case.since.date() - timedelta(days=1)).isoformat() if is_late else ""


def _last_event(parcel: Parcel) -> dict[str, str]:
    """Return the last tracking event that counts; empty: none. Templates translate its status."""
    known = drop_superseded(
        parcel.tracking_events.filter(
            number__in=parcel.current_numbers, happened_at__isnull=False
        ).order_by("happened_at", "pk")
    )
    if not known:
        return {}
    event = known[-1]
    with override("en"):
        status = event.get_carrier_status_display()
    return {
        "status": status,
        "place": event.place,
        "at": event.happened_at.isoformat() if event.happened_at else "",
    }


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
