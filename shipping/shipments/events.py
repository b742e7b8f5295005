"""Parcel events: record them in the outbox, with payloads that suffice for every message."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from notifications.models import Event
from notifications.outbox import record_event
from orders.events import line_payload, shipped_payload
from orders.links import order_url
from orders.models import PurchaseOrder
from shipping.models import Parcel, ParcelCorrection
from shipping.shipments.identities import tracking_link

CarrierStatus = Parcel.CarrierStatus
# The event of a carrier status that the customer is told of, once for each parcel.
STATUS_EVENTS: Mapping[str, str] = MappingProxyType(
    {
        CarrierStatus.OUT_FOR_DELIVERY: "out_for_delivery",
        CarrierStatus.AVAILABLE_FOR_PICKUP: "ready_for_pickup",
        CarrierStatus.ATTEMPT_FAILED: "exception",
        CarrierStatus.EXCEPTION: "exception",
    }
)
MAX_STATUS_AGE = timedelta(days=1)  # an older status is no longer true


def record_shipped(parcel: Parcel, *, purchase_order: PurchaseOrder, at: datetime) -> None:
    promised = purchase_order.entry
    _record(
        "shipped",
        parcel,
        purchase_order,
        at,
        lines=_lines(parcel, purchase_order),
        arrives_from=promised["arrives_from"],
        arrives_to=promised["arrives_to"],
    )


def record_delivered(parcel: Parcel, *, purchase_order: PurchaseOrder, at: datetime) -> None:
    _record("delivered", parcel, purchase_order, at, lines=_lines(parcel, purchase_order))


def record_status(parcel: Parcel, *, purchase_order: PurchaseOrder, at: datetime) -> None:
    """Record that a parcel is out for delivery, ready for pickup or has a problem, if that is new."""
    name = STATUS_EVENTS.get(parcel.carrier_status)
    since = parcel.carrier_status_at or at
    if name is None or parcel.status != Parcel.Status.SHIPPED or since < at - MAX_STATUS_AGE:
        return
    is_attempt = parcel.carrier_status == CarrierStatus.ATTEMPT_FAILED
    _record(name, parcel, purchase_order, at, is_attempt=is_attempt)


def record_silent(
    parcel: Parcel, *, purchase_order: PurchaseOrder, key: str, at: datetime, **more: Any
) -> None:
    """Record that the customer is told what is known of a silent parcel, once for each ``key``."""
    _record("silent", parcel, purchase_order, at, key=key, **more)


def record_silence_answered(
    parcel: Parcel, *, purchase_order: PurchaseOrder, key: str, at: datetime, **more: Any
) -> None:
    """Record the reply to a customer's choice about a silent parcel, once for each ``key``."""
    _record("silence_answered", parcel, purchase_order, at, key=key, **more)


def record_tracking_changed(
    parcel: Parcel, *, correction: ParcelCorrection, purchase_order: PurchaseOrder, at: datetime
) -> None:
    """Record a new tracking number of a parcel whose former number the customer knows."""
    if parcel.number and Event.objects.filter(key=f"parcel.shipped:{parcel.pk}").exists():
        _record(
            "tracking_changed",
            parcel,
            purchase_order,
            at,
            key=str(correction.pk),
            former_number=correction.former_number,
        )


def record_failed(
    parcel: Parcel, *, is_lost: bool, purchase_order: PurchaseOrder, at: datetime
) -> None:
    """Record that a parcel is lost or is being returned."""
    _record("lost" if is_lost else "returned", parcel, purchase_order, at, is_lost=is_lost)


def _record(
    name: str,
    parcel: Parcel,
    purchase_order: PurchaseOrder,
    at: datetime,
    *,
    key: str = "",
    **more: Any,
) -> None:
    """Record an event, once for each name and ``key``, which is the parcel's id by default."""
    record_event(
        name=f"parcel.{name}",
        key=f"parcel.{name}:{key or parcel.pk}",
        subject=f"order:{purchase_order.order.number}",
        payload={**_base_payload(parcel, purchase_order), **more},
        at=at,
    )


def _base_payload(parcel: Parcel, purchase_order: PurchaseOrder) -> dict[str, Any]:
    order = purchase_order.order
    return {
        "order": order.number,
        "parcel": parcel.pk,
        "email": order.email if order.notifies_customer else [],
        "sms_number": order.sms_number,
        "locale": order.locale,
        "url": order_url(order),
        "carrier": parcel.carrier,
        "number": parcel.number,
        "tracking_url": tracking_link(parcel, ship_to=order.ship_to, language=order.locale),
        "currency": order.currency,
        "goes_to": order.ship_to["country"],
    }


def _lines(parcel: Parcel, purchase_order: PurchaseOrder) -> list[dict[str, Any]]:
    """Return the contents of a parcel; an item of the purchase order as it was bought."""
    locale = purchase_order.order.locale
    lines = parcel.lines.select_related("order_line__variant__product__spec").order_by("pk")
    purchase_lines = {
        row.order_line_id: row
        for row in purchase_order.lines.select_related(
            "offer__variant__product__spec", "order_line__variant__product__spec"
        )
    }
    return [
        shipped_payload(purchase_lines[line.order_line_id], locale, line.quantity)
        if line.order_line_id in purchase_lines
        else line_payload(line.order_line, locale, line.quantity)
        for line in lines
    ]
