"""Cancellation status: derive it from the pending and refused requests to suppliers."""

from collections.abc import Iterable
from enum import StrEnum

from orders.models import Order, PurchaseOrder

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission


class CancellationStatus(StrEnum):
    """Status of the cancellation request for what suppliers have."""

    NONE = "none"
    ASKED = "asked"  # requested from suppliers, or queued
    REFUSED = "refused"


def status_of(order: Order) -> CancellationStatus:
    """Return the status of an order's cancellation request; ``NONE`` if there is none."""
    return status_from(order.purchase_orders.all())


def status_from(purchases: Iterable[PurchaseOrder]) -> CancellationStatus:
    """Return the status of the cancellation request, from the order's purchase orders."""
    cancelable = [
        purchase_order
        for purchase_order in purchases
        if purchase_order.status in PurchaseOrder.CANCELABLE
        and not purchase_order.is_being_reassigned
    ]
    if any(purchase_order.cancel_requested_at is not None for purchase_order in cancelable):
        return CancellationStatus.ASKED
    if any(
        purchase_order.submission_status == Submission.CANCELLATION_REJECTED
        for purchase_order in cancelable
    ):
        return CancellationStatus.REFUSED
    return CancellationStatus.NONE
