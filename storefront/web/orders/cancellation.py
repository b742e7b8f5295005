"""Cancellation status: tell a customer, parcel by parcel, what became of their request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import OrderLine, PurchaseOrder

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission


class CancellationState(StrEnum):
    """State of a cancellation request for one parcel."""

    NONE = ""
    ASKING = "asking"
    ASKED = "asked"
    REFUSED = "refused"
    LEFT = "left"
    ARRIVED = "arrived"


STATE_TEXTS: Mapping[CancellationState, Promise] = {
    CancellationState.ASKING: _(
        "We are asking the supplier to stop it. We send you the answer by e-mail."
    ),
    CancellationState.ASKED: _(
        "We have asked the supplier to stop it. We send you the answer by e-mail."
    ),
    CancellationState.REFUSED: _(
        "It could not be canceled and will be delivered. You can return it after delivery."
    ),
    CancellationState.LEFT: _(
        "It could not be canceled: it is already on its way. You can return it after delivery."
    ),
    CancellationState.ARRIVED: _("You asked to cancel it, but it was too late. You can return it."),
}


def state_of(
    purchase: PurchaseOrder, *, has_left: bool, has_arrived: bool = False
) -> CancellationState:
    """Return the state of the cancellation request for one parcel of a purchase order."""
    if purchase.is_being_reassigned or not purchase.cancel_reason:  # no cancellation was requested
        return CancellationState.NONE
    if has_arrived:
        return CancellationState.ARRIVED
    if has_left:
        return CancellationState.LEFT
    if purchase.status in PurchaseOrder.CANCELABLE and purchase.cancel_requested_at is not None:
        is_told = purchase.submission_status == Submission.CANCELLATION_REQUESTED
        by_person = purchase.cancellation_channel == PurchaseOrder.RequestChannel.STAFF
        return CancellationState.ASKED if is_told and not by_person else CancellationState.ASKING
    is_refused = purchase.submission_status == Submission.CANCELLATION_REJECTED
    return (
        CancellationState.REFUSED
        if is_refused and purchase.status != Status.CANCELED
        else CancellationState.NONE
    )


def canceled_lines(
    purchases: Iterable[PurchaseOrder], lines: Sequence[OrderLine]
) -> list[tuple[OrderLine, int]]:
    """Return the lines that were canceled on request, with quantities.

    ``purchases`` and ``lines`` are all of the order, with the lines of each.
    """
    by_id = {line.pk: line for line in lines}
    return [
        (by_id[row.order_line_id], row.quantity)
        for purchase in purchases
        if purchase.status == Status.CANCELED
        and purchase.cancel_reason
        and not purchase.is_being_reassigned
        for row in purchase.lines.all()
        if row.order_line_id in by_id and row.acknowledgment in {"", "accepted"}
    ]
