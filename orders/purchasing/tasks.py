"""Purchasing tasks: create, submit and look up purchase orders, release resolved holds."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from celery import Task, shared_task
from django.db.models import QuerySet
from django.utils import timezone

from orders.models import Order, PurchaseOrder
from orders.payments.tasks import settle_payments
from orders.purchasing import retries, submission, submission_lookup, work_queue
from orders.purchasing.holds import holds
from orders.purchasing.submission import OrderStoppedError
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import OutsideError
from storefront.lib.state_machine import IllegalMoveError, LostRaceError
from suppliers.resilience.bulkheads import InHandError, LaneFullError, Work, is_in_hand, lane

log = logging.getLogger(__name__)
BATCH = 200
TRIED_TO_GO_ON = 5

LANE_PATIENCE_S = 10


@shared_task
def divide(*, order_id: int, **_: Any) -> None:
    order = Order.objects.get(pk=order_id)
    made = submission.divide(order=order, now=timezone.now())
    failpoint("divide.after_commit")
    for purchase_order in made:
        send.delay(purchase_order_id=purchase_order.pk)


@shared_task
def divide_paid(**_: Any) -> None:
    """Enqueue paid orders that have no purchase orders yet."""
    paid = Order.objects.filter(status=Order.Status.PLACED).order_by("pk")
    for order_id in paid.values_list("pk", flat=True)[:BATCH]:
        divide.delay(order_id=order_id)


@shared_task
def send(*, purchase_order_id: int, **_: Any) -> None:
    rows = PurchaseOrder.objects.filter(pk=purchase_order_id)
    supplier_id = rows.values_list("supplier_id", flat=True).get()
    with suppress(LaneFullError), lane(Work.ORDERS, supplier_id):
        if _is_answered(rows, purchase_order_id):
            due = work_queue.to_be_sent(now=timezone.now())
            _go_on(send, due.filter(supplier=supplier_id))
        settle_payments.delay()


def _is_answered(rows: QuerySet[PurchaseOrder], purchase_order_id: int) -> bool:
    """Submit one purchase order; return True if its supplier can take more calls now."""
    # Suppressed: another worker has it, or there is nothing to submit.
    with (
        suppress(InHandError, IllegalMoveError, LostRaceError, OrderStoppedError),
        submission_lookup.alone(purchase_order_id),
    ):
        # Two sweeps may have enqueued it: ``try_after`` may have changed since.
        if not work_queue.to_be_sent(now=timezone.now()).filter(pk=purchase_order_id).exists():
            return True
        purchase_order = rows.select_related("order", "supplier", "location").get()
        try:
            submission.send(purchase_order=purchase_order, now=timezone.now())
        except OutsideError as error:
            log.warning("%s could not be submitted to its supplier: %s", purchase_order, error)
            return False
        return not retries.is_resting(purchase_order, now=timezone.now())
    return True


def _go_on(task: Task[Any, None], due: QuerySet[PurchaseOrder]) -> None:
    """Enqueue one due purchase order for the freed lane: tasks that found it full were dropped.

    The order is random, so that two lanes rarely pick the same one.
    """
    for purchase_order_id in due.order_by("?").values_list("pk", flat=True)[:TRIED_TO_GO_ON]:
        if not is_in_hand(submission_lookup.subject(purchase_order_id)):
            task.delay(purchase_order_id=purchase_order_id)
            return


@shared_task
def send_due(**_: Any) -> None:
    """Enqueue purchase orders to submit or to retry."""
    due = work_queue.to_be_sent(now=timezone.now())
    for purchase_order_id in work_queue.in_turn(due, most=BATCH):
        send.delay(purchase_order_id=purchase_order_id)


@shared_task
def lift_holds(**_: Any) -> None:
    """Remove hold reasons whose cause is gone; ``send_due`` then submits what is free."""
    holds.lift_answered(now=timezone.now())


@shared_task
def resolve(*, purchase_order_id: int, **_: Any) -> None:
    purchase_order = PurchaseOrder.objects.select_related("order", "supplier").get(
        pk=purchase_order_id
    )
    lost = work_queue.to_be_resolved(now=timezone.now()).filter(pk=purchase_order_id)
    with suppress(LaneFullError), lane(Work.ORDERS, purchase_order.supplier_id):
        try:
            if not lost.exists():
                return  # resolved by another worker, or ``try_after`` is ahead
            submission_lookup.resolve(purchase_order=purchase_order, now=timezone.now())
        except OutsideError as error:
            log.warning("%s is still unknown: %s", purchase_order, error)
        except (InHandError, IllegalMoveError, LostRaceError):
            log.info("%s was resolved by another worker", purchase_order)
        else:
            due = work_queue.to_be_resolved(now=timezone.now())
            _go_on(resolve, due.filter(supplier=purchase_order.supplier_id))
        settle_payments.delay()


@shared_task
def look_up(*, purchase_order_id: int, **_: Any) -> None:
    """Look up one purchase order for staff; retry after ``LANE_PATIENCE_S`` if no lane is free."""
    found = PurchaseOrder.objects.select_related("order", "supplier").get(pk=purchase_order_id)
    try:
        with lane(Work.ORDERS, found.supplier_id):
            submission_lookup.resolve_for_staff(purchase_order=found, now=timezone.now())
    except LaneFullError:
        known = {"purchase_order_id": purchase_order_id}
        look_up.apply_async(kwargs=known, countdown=LANE_PATIENCE_S)
    except (InHandError, LostRaceError):
        log.info("%s is being handled, or was resolved, by another worker", found)
    settle_payments.delay()


@shared_task
def resolve_unknown(**_: Any) -> None:
    """Enqueue submissions whose answer was lost or whose worker died."""
    lost = work_queue.to_be_resolved(now=timezone.now())
    for purchase_order_id in work_queue.in_turn(lost, most=BATCH):
        resolve.delay(purchase_order_id=purchase_order_id)
