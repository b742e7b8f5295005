"""Pending address changes: apply or reject those that need no supplier answer any more."""

from datetime import datetime

from orders import events
from orders.models import AddressChangeRequest, PurchaseOrder
from storefront.lib.address import Address
from storefront.lib.db.transactions import requires_transaction

Status = AddressChangeRequest.Status
SUPERSEDED = "replaced by a newer address change"


@requires_transaction
def apply(purchase_order: PurchaseOrder, *, now: datetime) -> bool:
    """Apply the pending address change; return whether there was one.

    Called if the supplier turns out not to have this purchase order.

    Locks:  the caller holds the order
    """
    requests = _open(purchase_order)
    for change_request in requests:
        previous = Address(**purchase_order.goes_to)
        purchase_order.ship_to = change_request.ship_to
        purchase_order.save(update_fields=["ship_to"])
        change_request.move(Status.ACCEPTED, at=now, reason="no supplier has the order")
        events.delivery_address_change_result(
            purchase_order, change_request=change_request, was=previous, at=now
        )
    return bool(requests)


@requires_transaction
def reject(
    purchase_order: PurchaseOrder, *, reason: str, notify_customer: bool, now: datetime
) -> None:
    """Reject a pending change that was unanswered at shipment or cancellation.

    ``notify_customer`` sends the result by e-mail.

    Locks:  the caller holds the order
    """
    for change_request in _open(purchase_order):
        previous = Address(**purchase_order.goes_to)
        change_request.move(Status.REFUSED, at=now, reason=reason)
        if notify_customer:
            events.delivery_address_change_result(
                purchase_order, change_request=change_request, was=previous, at=now
            )


def _open(purchase_order: PurchaseOrder) -> list[AddressChangeRequest]:
    requests = purchase_order.address_change_requests.filter(status=Status.REQUESTED)
    return list(requests.select_for_update(of=["self"]).order_by("pk"))
