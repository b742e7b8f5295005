"""Parcel events: record them in the outbox, with payloads that suffice for every message."""

from datetime import datetime
from typing import Any

from notifications.outbox import record_event
from orders.events import line_payload, shipped_payload
from orders.links import order_url
from orders.models import PurchaseOrder
from shipping.models import Parcel


def record_shipped(parcel: Parcel, *, purchase_order: PurchaseOrder, at: datetime) -> None:
    order = purchase_order.order
    promised = purchase_order.entry
    lines = parcel.lines.select_related("order_line__variant__product__spec").order_by("pk")
    purchase_lines = {
        row.order_line_id: row
        for row in purchase_order.lines.select_related(
            "offer__variant__product__spec", "order_line__variant__product__spec"
        )
    }
    record_event(
        name="parcel.shipped",
        key=f"parcel.shipped:{parcel.carrier}:{parcel.number}",
        subject=f"order:{order.number}",
        payload={
            **_base_payload(parcel, purchase_order),
            "tracking_url": parcel.tracking_url,
            "lines": [
                shipped_payload(purchase_lines[line.order_line_id], order.locale, line.quantity)
                if line.order_line_id in purchase_lines
                else line_payload(line.order_line, order.locale, line.quantity)
                for line in lines
            ],
            "currency": order.currency,
            "arrives_from": promised["arrives_from"],
            "arrives_to": promised["arrives_to"],
        },
        at=at,
    )


def record_delivered(parcel: Parcel, *, purchase_order: PurchaseOrder, at: datetime) -> None:
    record_event(
        name="parcel.delivered",
        key=f"parcel.delivered:{parcel.carrier}:{parcel.number or parcel.pk}",
        subject=f"order:{purchase_order.order.number}",
        payload=_base_payload(parcel, purchase_order),
        at=at,
    )


def record_failed(parcel: Parcel, *, purchase_order: PurchaseOrder, at: datetime) -> None:
    """Record an event, once, if the carrier lost a parcel or is returning it."""
    is_lost = parcel.carrier_status == Parcel.CarrierStatus.LOST
    outcome = "lost" if is_lost else "returned"
    record_event(
        name=f"parcel.{outcome}",
        key=f"parcel.{outcome}:{parcel.carrier}:{parcel.number or parcel.pk}",
        subject=f"order:{purchase_order.order.number}",
        payload={**_base_payload(parcel, purchase_order), "is_lost": is_lost},
        at=at,
    )


def _base_payload(parcel: Parcel, purchase_order: PurchaseOrder) -> dict[str, Any]:
    order = purchase_order.order
    return {
        "order": order.number,
        "email": order.email,
        "locale": order.locale,
        "url": order_url(order),
        "carrier": parcel.carrier,
        "number": parcel.number,
    }
