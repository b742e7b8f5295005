"""Cancellation status: tell whether suppliers were asked to cancel an order, or refused."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.db.models import QuerySet

from orders.models import Order, PurchaseOrder
from storefront.lib.db.prepared_queries import Prepared

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request


class Wish(StrEnum):
    """What became of the wish to stop what suppliers have of an order."""

    NONE = "none"
    ASKED = "asked"  # they are asked, or will be
    REFUSED = "refused"


def wish_of(order: Order) -> Wish:
    """Tell how the wish to cancel an order stands, where it does not stand in its status."""
    return wish_among(_GOING_ON(order_id=order.pk))


def wish_among(purchases: Iterable[PurchaseOrder]) -> Wish:
    """Tell it of the purchase orders of an order."""
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
