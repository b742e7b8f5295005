"""Note that a supplier wants more money for an order than he said."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from orders.models import PurchaseMessage, PurchaseOrder
from storefront.lib.money import Money


@transaction.atomic(durable=True)
def hear(
    *, purchase_order: PurchaseOrder, reason: str, now: datetime, amount: Money | None = None
) -> None:
    """Keep what he says, and have staff see it with the order; nothing is paid by itself.

    Without a reason he is paid, or wants it no more. The newest word counts.
    """
    told = {} if amount is None else {"amount": str(amount.amount), "currency": amount.currency}
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction=PurchaseMessage.Direction.IN,
        kind="charge",
        body={"reason": reason, **told},
        at=now,
    )
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(problem=reason[:300])
