"""Cancellation status: pending or refused requests to suppliers."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from orders.models import Order, PurchaseOrder

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission


class CancellationStatus(StrEnum):
    """Status of the cancellation request for what suppliers have."""

    NONE = "none"
    ASKED = "asked"  # suppliers are asked, or will be
    REFUSED = "refused"


def status_of(order: Order) -> CancellationStatus:
    """Return the status of an order's cancellation request; ``NONE`` if there is none."""
    return status_from(
        PurchaseOrder.objects.filter(order=order, status__in=PurchaseOrder.CANCELABLE)
    )


def status_from(purchases: Iterable[PurchaseOrder]) -> CancellationStatus:
    """Return the status of the cancellation request, from the order's purchase orders."""
    going_on = [
        each
        for each in purchases
        if each.status in PurchaseOrder.CANCELABLE and not each.is_being_reassigned
    ]
    if any(each.cancel_requested_at is not None for each in going_on):
        return CancellationStatus.ASKED
    if any(each.submission_status == Submission.CANCELLATION_REJECTED for each in going_on):
        return CancellationStatus.REFUSED
    return CancellationStatus.NONE
