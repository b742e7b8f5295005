"""Cancellation status: tell a customer, parcel by parcel, what became of their request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import OrderLine, PurchaseOrder

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request


class Stop(StrEnum):
    """State of a cancellation request for one parcel."""

    NONE = ""
    ASKING = "asking"
    ASKED = "asked"
    REFUSED = "refused"
    LEFT = "left"
    ARRIVED = "arrived"


WORDS: Mapping[Stop, Promise] = {
    Stop.ASKING: _("We are asking the supplier to stop it. We send you the answer by e-mail."),
    Stop.ASKED: _("We have asked the supplier to stop it. We send you the answer by e-mail."),
    Stop.REFUSED: _(
        "It could not be canceled and will be delivered. You can return it after delivery."
    ),
    Stop.LEFT: _(
        "It could not be canceled: it is already on its way. You can return it after delivery."
    ),
    Stop.ARRIVED: _("You asked to cancel it, but it was too late. You can return it."),
}


def stop_of(purchase: PurchaseOrder, *, has_left: bool, has_arrived: bool = False) -> Stop:
    """Return the state of the cancellation request for one parcel of a purchase order."""
    if purchase.is_to_be_moved or not purchase.cancel_reason:  # no cancellation was requested
        return Stop.NONE
    if has_arrived:
        return Stop.ARRIVED
    if has_left:
        return Stop.LEFT
    if purchase.status in PurchaseOrder.STOPPABLE and purchase.cancel_wanted_at is not None:
        is_told = purchase.request_status == Request.CANCELLATION_REQUESTED
        by_person = purchase.stop_told_by == PurchaseOrder.Told.PERSON
        return Stop.ASKED if is_told and not by_person else Stop.ASKING
    is_refused = purchase.request_status == Request.CANCELLATION_REJECTED
    return Stop.REFUSED if is_refused and purchase.status != Status.CANCELED else Stop.NONE


def stopped(
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
        and not purchase.is_to_be_moved
        for row in purchase.lines.all()
        if row.order_line_id in by_id and row.acknowledgment in {"", "accepted"}
    ]
