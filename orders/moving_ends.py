"""Forget that another was to send a purchase order: he who has it sends it after all."""

from __future__ import annotations

from orders.models import PurchaseOrder
from storefront.lib.transactions import needs_transaction


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
