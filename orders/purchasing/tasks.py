"""Purchasing tasks: create, submit and look up purchase orders, release resolved holds."""

import logging
from contextlib import suppress
from typing import Any

from celery import Task, shared_task
from django.db.models import QuerySet
from django.utils import timezone

from orders.models import Order, PurchaseOrder
from orders.payments.tasks import execute_requests
from orders.purchasing import retries, submission, submission_lookup, work_queue
from orders.purchasing.holds import holds
from orders.purchasing.submission import NotSubmittableError
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.resilience.bulkheads import (
    BulkheadFullError,
    BulkheadKind,
    LockedElsewhereError,
    bulkhead,
    is_locked_elsewhere,
)

log = logging.getLogger(__name__)
BATCH = 200
MAX_SLOT_CANDIDATES = 5

BUSY_RETRY_S = 10


@shared_task
def create_purchase_orders(*, order_id: int, **_: Any) -> None:
    order = Order.objects.get(pk=order_id)
    purchase_orders = submission.create_purchase_orders(order=order, now=timezone.now())
    failpoint("divide.after_commit")
    for purchase_order in purchase_orders:
        submit.delay(purchase_order_id=purchase_order.pk)


@shared_task
def sweep_paid_orders(**_: Any) -> None:
    """Enqueue paid orders that have no purchase orders yet."""
    paid = Order.objects.filter(status=Order.Status.PLACED).order_by("pk")
    for order_id in paid.values_list("pk", flat=True)[:BATCH]:
        create_purchase_orders.delay(order_id=order_id)


@shared_task
def submit(*, purchase_order_id: int, **_: Any) -> None:
    rows = PurchaseOrder.objects.filter(pk=purchase_order_id)
    supplier_id = rows.values_list("supplier_id", flat=True).get()
    with suppress(BulkheadFullError), bulkhead(BulkheadKind.ORDERS, supplier_id):
        if _process(rows, purchase_order_id):
            due = work_queue.to_submit(now=timezone.now())
            _fill_slot(submit, due.filter(supplier=supplier_id))
        execute_requests.delay()


def _process(rows: QuerySet[PurchaseOrder], purchase_order_id: int) -> bool:
    """Submit one purchase order; return True if its supplier can take more calls now."""
    # Suppressed: another worker has it, or there is nothing to submit.
    with (
        suppress(
            LockedElsewhereError, InvalidTransitionError, ConcurrentUpdateError, NotSubmittableError
        ),
        submission_lookup.work_lock(purchase_order_id),
    ):
        # Two sweeps may have enqueued it, or ``retry_at`` has changed since.
        if not work_queue.to_submit(now=timezone.now()).filter(pk=purchase_order_id).exists():
            return True
        purchase_order = rows.select_related("order", "supplier", "location").get()
        try:
            submission.submit(purchase_order=purchase_order, now=timezone.now())
        except ExternalServiceError as error:
            log.warning("%s could not be submitted to its supplier: %s", purchase_order, error)
            return False
        return not retries.is_deferred(purchase_order, now=timezone.now())
    return True


def _fill_slot(task: Task[Any, None], due: QuerySet[PurchaseOrder]) -> None:
    """Enqueue one due purchase order for the freed slot.

    A task that finds no free slot is dropped, so its purchase order must be enqueued again. It is
    picked at random, so that two slots rarely pick the same one.
    """
    for purchase_order_id in due.order_by("?").values_list("pk", flat=True)[:MAX_SLOT_CANDIDATES]:
        if not is_locked_elsewhere(submission_lookup.lock_name(purchase_order_id)):
            task.delay(purchase_order_id=purchase_order_id)
            return


@shared_task
def sweep_due_submissions(**_: Any) -> None:
    """Enqueue purchase orders to submit or to retry."""
    due = work_queue.to_submit(now=timezone.now())
    for purchase_order_id in work_queue.round_robin(due, limit=BATCH):
        submit.delay(purchase_order_id=purchase_order_id)


@shared_task
def release_resolved_holds(**_: Any) -> None:
    """Remove resolved hold reasons; ``sweep_due_submissions`` then submits released orders."""
    holds.release_resolved(now=timezone.now())


@shared_task
def resolve_submission(*, purchase_order_id: int, **_: Any) -> None:
    purchase_order = PurchaseOrder.objects.select_related("order", "supplier").get(
        pk=purchase_order_id
    )
    lost = work_queue.to_look_up(now=timezone.now()).filter(pk=purchase_order_id)
    with suppress(BulkheadFullError), bulkhead(BulkheadKind.ORDERS, purchase_order.supplier_id):
        try:
            if not lost.exists():
                return  # resolved by another worker, or ``retry_at`` is ahead
            submission_lookup.resolve(purchase_order=purchase_order, now=timezone.now())
        except ExternalServiceError as error:
            log.warning("%s is still unknown: %s", purchase_order, error)
        except (LockedElsewhereError, InvalidTransitionError, ConcurrentUpdateError):
            log.info("%s was resolved by another worker", purchase_order)
        else:
            due = work_queue.to_look_up(now=timezone.now())
            _fill_slot(resolve_submission, due.filter(supplier=purchase_order.supplier_id))
        execute_requests.delay()


@shared_task
def look_up_for_staff(*, purchase_order_id: int, **_: Any) -> None:
    """Look up one purchase order for staff; retry after ``BUSY_RETRY_S`` if no slot is free."""
    purchase_order = PurchaseOrder.objects.select_related("order", "supplier").get(
        pk=purchase_order_id
    )
    try:
        with bulkhead(BulkheadKind.ORDERS, purchase_order.supplier_id):
            submission_lookup.resolve_for_staff(purchase_order=purchase_order, now=timezone.now())
    except BulkheadFullError:
        arguments = {"purchase_order_id": purchase_order_id}
        look_up_for_staff.apply_async(kwargs=arguments, countdown=BUSY_RETRY_S)
    except (LockedElsewhereError, ConcurrentUpdateError):
        log.info("%s is being handled, or was resolved, by another worker", purchase_order)
    execute_requests.delay()


@shared_task
def sweep_unknown_submissions(**_: Any) -> None:
    """Enqueue submissions whose answer was lost or whose worker died."""
    lost = work_queue.to_look_up(now=timezone.now())
    for purchase_order_id in work_queue.round_robin(lost, limit=BATCH):
        resolve_submission.delay(purchase_order_id=purchase_order_id)
