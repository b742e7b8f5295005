"""Cancellation tasks: process new and pending cancellation requests."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.cancellation import cancellation
from orders.models import PurchaseOrder
from orders.payments.tasks import close_voided_sessions, execute_requests
from orders.purchasing import work_queue
from suppliers.resilience.bulkheads import BulkheadFullError, BulkheadKind, bulkhead

BATCH = 200


@shared_task
def process_cancellation(*, order_id: int, **_: Any) -> None:
    """Process the cancellation of one order now: suppliers and payments."""
    close_voided_sessions(order_id=order_id)
    execute_requests.delay()
    wanted = work_queue.to_cancel(now=timezone.now()).filter(order=order_id)
    for purchase_order_id in wanted.values_list("pk", flat=True):
        process_request.delay(purchase_order_id=purchase_order_id)


@shared_task
def sweep_cancellations(**_: Any) -> None:
    """Process the pending cancellation requests of all orders."""
    wanted = work_queue.to_cancel(now=timezone.now())
    for purchase_order_id in work_queue.round_robin(wanted, limit=BATCH):
        process_request.delay(purchase_order_id=purchase_order_id)


@shared_task
def process_request(*, purchase_order_id: int, **_: Any) -> None:
    purchase_order = PurchaseOrder.objects.select_related("order", "supplier").get(
        pk=purchase_order_id
    )
    wanted = work_queue.to_cancel(now=timezone.now()).filter(pk=purchase_order_id)
    with suppress(BulkheadFullError), bulkhead(BulkheadKind.ORDERS, purchase_order.supplier_id):
        if wanted.exists():  # else another worker processed it, or it is not due yet
            cancellation.process_request(purchase_order=purchase_order, now=timezone.now())
            execute_requests.delay()
