"""Parcel events: record them in the outbox, with payloads that suffice for every message."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
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
# What the customer is told while a parcel is on its way, once for each parcel.
NEWS: Mapping[str, str] = MappingProxyType(
    {
        CarrierStatus.OUT_FOR_DELIVERY: "out_for_delivery",
        CarrierStatus.ATTEMPT_FAILED: "exception",
        CarrierStatus.EXCEPTION: "exception",
    }
)
MAX_NEWS_AGE = timedelta(days=1)  # an older status is no longer true


def record_shipped(parcel: Parcel, *, purchase_order: PurchaseOrder, at: datetime) -> None:
    promised = purchase_order.entry
    record_event(
        name="parcel.shipped",
        key=_shipped_key(parcel),
        subject=f"order:{purchase_order.order.number}",
        payload={
            **_base_payload(parcel, purchase_order),
            "lines": _lines(parcel, purchase_order),
            "arrives_from": promised["arrives_from"],
            "arrives_to": promised["arrives_to"],
        },
        at=at,
    )


def record_delivered(parcel: Parcel, *, purchase_order: PurchaseOrder, at: datetime) -> None:
    record_event(
        name="parcel.delivered",
        key=f"parcel.delivered:{parcel.pk}",
        subject=f"order:{purchase_order.order.number}",
        payload={
            **_base_payload(parcel, purchase_order),
            "lines": _lines(parcel, purchase_order),
        },
        at=at,
    )


def record_news(parcel: Parcel, *, purchase_order: PurchaseOrder, at: datetime) -> None:
    """Record, once each, that a parcel is out for delivery or has a delivery exception.

    A status that is not current is not recorded.
    """
    what = NEWS.get(parcel.carrier_status)
    since = parcel.carrier_status_at or at
    if what is None or parcel.status != Parcel.Status.SHIPPED or since < at - MAX_NEWS_AGE:
        return
    record_event(
        name=f"parcel.{what}",
        key=f"parcel.{what}:{parcel.pk}",
        subject=f"order:{purchase_order.order.number}",
        payload={
            **_base_payload(parcel, purchase_order),
            "is_attempt": parcel.carrier_status == CarrierStatus.ATTEMPT_FAILED,
        },
        at=at,
    )


def record_delayed(
    parcel: Parcel, *, purchase_order: PurchaseOrder, promised_by: date, at: datetime
) -> None:
    """Record, once, that a parcel did not arrive by the promised, or the last agreed, day."""
    record_event(
        name="parcel.delayed",
        key=f"parcel.delayed:{parcel.pk}",
        subject=f"order:{purchase_order.order.number}",
        payload={
            **_base_payload(parcel, purchase_order),
            "promised_by": promised_by.isoformat(),
        },
        at=at,
    )


def record_tracking_changed(
    parcel: Parcel, *, correction: ParcelCorrection, purchase_order: PurchaseOrder, at: datetime
) -> None:
    """Record a new tracking number of a parcel whose former number the customer knows."""
    if not parcel.number or not Event.objects.filter(key=_shipped_key(parcel)).exists():
        return
    record_event(
        name="parcel.tracking_changed",
        key=f"parcel.tracking_changed:{correction.pk}",
        subject=f"order:{purchase_order.order.number}",
        payload={
            **_base_payload(parcel, purchase_order),
            "former_number": correction.former_number,
        },
        at=at,
    )


def record_failed(
    parcel: Parcel, *, is_lost: bool, purchase_order: PurchaseOrder, at: datetime
) -> None:
    """Record an event, once, if a parcel is lost or is being returned."""
    outcome = "lost" if is_lost else "returned"
    record_event(
        name=f"parcel.{outcome}",
        key=f"parcel.{outcome}:{parcel.pk}",
        subject=f"order:{purchase_order.order.number}",
        payload={**_base_payload(parcel, purchase_order), "is_lost": is_lost},
        at=at,
    )


def _shipped_key(parcel: Parcel) -> str:
    return f"parcel.shipped:{parcel.pk}"


def _base_payload(parcel: Parcel, purchase_order: PurchaseOrder) -> dict[str, Any]:
    order = purchase_order.order
    return {
        "order": order.number,
        "email": order.email,
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
