"""Cancellation tasks: process new and pending cancellation requests."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.cancellation import cancellation
from orders.models import PurchaseOrder
from orders.payments.tasks import abandon_voided, settle_payments
from orders.purchasing import work_queue
from suppliers.resilience.bulkheads import LaneFullError, Work, lane

BATCH = 200


@shared_task
def follow_cancellation(*, order_id: int, **_: Any) -> None:
    """Process the cancellation of one order now: suppliers and payments."""
    abandon_voided(order_id=order_id)
    settle_payments.delay()
    wanted = work_queue.to_be_stopped(now=timezone.now()).filter(order=order_id)
    for purchase_order_id in wanted.values_list("pk", flat=True):
        pursue_cancellation.delay(purchase_order_id=purchase_order_id)


@shared_task
def settle_cancellations(**_: Any) -> None:
    """Process the pending cancellation requests of all orders."""
    wanted = work_queue.to_be_stopped(now=timezone.now())
    for purchase_order_id in work_queue.in_turn(wanted, most=BATCH):
        pursue_cancellation.delay(purchase_order_id=purchase_order_id)


@shared_task
def pursue_cancellation(*, purchase_order_id: int, **_: Any) -> None:
    purchase_order = PurchaseOrder.objects.select_related("order", "supplier").get(
        pk=purchase_order_id
    )
    wanted = work_queue.to_be_stopped(now=timezone.now()).filter(pk=purchase_order_id)
    with suppress(LaneFullError), lane(Work.ORDERS, purchase_order.supplier_id):
        if wanted.exists():  # else it is processed, or its retry time has not come
            cancellation.pursue(purchase_order=purchase_order, now=timezone.now())
            settle_payments.delay()
