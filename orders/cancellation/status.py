"""Cancellation status: pending or refused requests to suppliers."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.db.models import QuerySet

from orders.models import Order, PurchaseOrder
from storefront.lib.db.prepared_queries import Prepared

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request


class Wish(StrEnum):
    """Status of the cancellation request for what suppliers have."""

    NONE = "none"
    ASKED = "asked"  # suppliers are asked, or will be
    REFUSED = "refused"


def wish_of(order: Order) -> Wish:
    """Return the status of an order's cancellation request; ``NONE`` if there is none."""
    return wish_among(_GOING_ON(order_id=order.pk))


def wish_among(purchases: Iterable[PurchaseOrder]) -> Wish:
    """Return the status of the cancellation request, from the order's purchase orders."""
    going_on = [
        each
        for each in purchases
        if each.status in PurchaseOrder.STOPPABLE and not each.is_to_be_moved
    ]
    if any(each.cancel_wanted_at is not None for each in going_on):
        return Wish.ASKED
    if any(each.request_status == Request.CANCELLATION_REJECTED for each in going_on):
        return Wish.REFUSED
    return Wish.NONE


def _going_on(*, order_id: int) -> QuerySet[PurchaseOrder]:
    return PurchaseOrder.objects.filter(order=order_id, status__in=PurchaseOrder.STOPPABLE)


_GOING_ON = Prepared(_going_on)
