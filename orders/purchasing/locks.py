"""Locks: lock and reread an order and its purchase order."""

from orders.models import Order, PurchaseOrder
from storefront.lib.db.transactions import requires_transaction


@requires_transaction
def lock(purchase_order: PurchaseOrder) -> Order:
    """Lock and reread the order, then the purchase order; return the order."""
    order = Order.objects.select_for_update(of=["self"]).get(pk=purchase_order.order_id)
    PurchaseOrder.objects.select_for_update(of=["self"]).get(pk=purchase_order.pk)
    purchase_order.refresh_from_db()
    purchase_order.order = order
    return order
