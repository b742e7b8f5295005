"""Forget that another was to send a purchase order: he who has it sends it after all."""

from __future__ import annotations

from datetime import datetime

from orders.models import PurchaseOrder
from storefront.lib.db.transactions import needs_transaction

Request = PurchaseOrder.Request


@needs_transaction
def forget(purchase_order: PurchaseOrder) -> None:
    """Let it stay with its supplier; a shopper's wish to cancel is none of this.

    Locks:  the caller holds the purchase order
    """
    if not purchase_order.is_to_be_moved:
        return
    purchase_order.is_to_be_moved = False
    purchase_order.cancel_wanted_at = None
    purchase_order.cancel_reason = ""
    fields = ["is_to_be_moved", "cancel_wanted_at", "cancel_reason"]
    purchase_order.save(update_fields=fields)


@needs_transaction
def outrun(purchase_order: PurchaseOrder, *, now: datetime) -> None:
    """Forget it because he said yes before he answered whether he stops it: that is a no.

    Locks:  the caller holds the purchase order
    """
    if not purchase_order.is_to_be_moved:
        return
    forget(purchase_order)
    if purchase_order.request_status == Request.CANCELLATION_REQUESTED:
        words = "He accepted it before he answered."
        to = Request.CANCELLATION_REJECTED
        purchase_order.move(to, at=now, axis="request_status", reason=words)
