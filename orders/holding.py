"""Let an order go on that a person had to look at."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from orders.models import Order
from storefront.lib.states import IllegalMoveError


@transaction.atomic(durable=True)
def go_on(*, order: Order, reason: str, actor: str, now: datetime) -> Order:
    """Release a held order to where it was: divided already, or about to be.

    Locks:  the order
    Raises: IllegalMoveError  it is not on hold
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if order.status != Order.Status.ON_HOLD:
        raise IllegalMoveError(f"{order}: {order.status} is not on hold")
    is_divided = order.purchase_orders.exclude(status="canceled").exists()
    to = Order.Status.PROCESSING if is_divided else Order.Status.PLACED
    order.move(to, at=now, actor=actor, reason=reason, hold_reason="")
    return order
