"""Work for orders: find rows, call one verb, start the next step."""

from __future__ import annotations

import logging
import random
from contextlib import suppress
from typing import Any

from celery import Task, shared_task
from django.db.models import QuerySet
from django.utils import timezone

from orders import (
    cancelling,
    capturing,
    checkout,
    holding,
    keeping,
    measuring,
    pausing,
    payments,
    purchasing,
    reconciling,
    resolving,
    silent,
    tallying_sales,
    unseeing,
    waiting,
)
from orders.models import Order, Payment, PaymentEvent, PurchaseOrder
from orders.purchasing import OrderStoppedError
from storefront.lib.failpoints import failpoint
from storefront.lib.failures import OutsideError
from storefront.lib.states import IllegalMoveError, LostRaceError
from suppliers.lanes import InHandError, LaneFullError, Work, in_hand, is_in_hand, lane, width
from suppliers.models import Supplier

log = logging.getLogger(__name__)

BATCH = 200
TRIED_TO_GO_ON = 5
GATEWAY = 0  # in the names of lanes: no supplier has this number
LANE_PATIENCE_S = 10


@shared_task
def divide(*, order_id: int, **_: Any) -> None:
    order = Order.objects.get(pk=order_id)
    made = purchasing.divide(order=order, now=timezone.now())
    failpoint("divide.after_commit")
    for purchase_order in made:
        send.delay(purchase_order_id=purchase_order.pk)


@shared_task
def divide_paid(**_: Any) -> None:
    """Find paid orders that nobody divided yet."""
    paid = Order.objects.filter(status=Order.Status.PLACED).order_by("pk")
    for order_id in paid.values_list("pk", flat=True)[:BATCH]:
        divide.delay(order_id=order_id)


@shared_task
def send(*, purchase_order_id: int, **_: Any) -> None:
    rows = PurchaseOrder.objects.filter(pk=purchase_order_id)
    supplier_id = rows.values_list("supplier_id", flat=True).get()
    with suppress(LaneFullError), lane(Work.ORDERS, supplier_id):
        if _is_answered(rows, purchase_order_id):
            due = waiting.to_be_sent(now=timezone.now())
            _go_on(send, due.filter(supplier=supplier_id))
        settle_payments.delay()


def _is_answered(rows: QuerySet[PurchaseOrder], purchase_order_id: int) -> bool:
    """Send one purchase order; tell whether its supplier may be asked for more."""
    # Another worker has it, or there is nothing left to send.
    with (
        suppress(InHandError, IllegalMoveError, LostRaceError, OrderStoppedError),
        resolving.alone(purchase_order_id),
    ):
        # Two sweeps may have asked for it: what he wants to rest now is not sent.
        if not waiting.to_be_sent(now=timezone.now()).filter(pk=purchase_order_id).exists():
            return True
        purchase_order = rows.select_related("order", "supplier", "location").get()
        try:
            purchasing.send(purchase_order=purchase_order, now=timezone.now())
        except OutsideError as error:
            log.warning("%s waits for its supplier: %s", purchase_order, error)
            return False
        return not pausing.is_resting(purchase_order, now=timezone.now())
    return True


def _go_on(task: Task[Any, None], due: QuerySet[PurchaseOrder]) -> None:
    """Fill the lane that becomes free now: those who found it full have gone.

    Any one of those that wait: two lanes that go on should not take the same.
    """
    for purchase_order_id in due.order_by("?").values_list("pk", flat=True)[:TRIED_TO_GO_ON]:
        if not is_in_hand(resolving.subject(purchase_order_id)):
            task.delay(purchase_order_id=purchase_order_id)
            return


@shared_task
def send_due(**_: Any) -> None:
    """Find purchase orders that wait to be sent, or to be sent again."""
    due = waiting.to_be_sent(now=timezone.now())
    for purchase_order_id in waiting.in_turn(due, most=BATCH):
        send.delay(purchase_order_id=purchase_order_id)


@shared_task
def lift_holds(**_: Any) -> None:
    """Find purchase orders whose reason to be held is gone; ``send_due`` finds them then."""
    holding.lift_answered(now=timezone.now())


@shared_task
def resolve(*, purchase_order_id: int, **_: Any) -> None:
    purchase_order = PurchaseOrder.objects.select_related("order", "supplier").get(
        pk=purchase_order_id
    )
    lost = waiting.to_be_resolved(now=timezone.now()).filter(pk=purchase_order_id)
    with suppress(LaneFullError), lane(Work.ORDERS, purchase_order.supplier_id):
        try:
            if not lost.exists():
                return  # another worker has resolved it, or he wants it to rest
            resolving.resolve(purchase_order=purchase_order, now=timezone.now())
        except OutsideError as error:
            log.warning("%s is still unknown: %s", purchase_order, error)
        except (InHandError, IllegalMoveError, LostRaceError):
            log.info("%s was resolved by another worker", purchase_order)
        else:
            due = waiting.to_be_resolved(now=timezone.now())
            _go_on(resolve, due.filter(supplier=purchase_order.supplier_id))
        settle_payments.delay()


@shared_task
def look_up(*, purchase_order_id: int, **_: Any) -> None:
    """Ask about one that staff want to know of; if no lane is free, a little later."""
    found = PurchaseOrder.objects.select_related("order", "supplier").get(pk=purchase_order_id)
    try:
        with lane(Work.ORDERS, found.supplier_id):
            resolving.resolve_for_staff(purchase_order=found, now=timezone.now())
    except LaneFullError:
        known = {"purchase_order_id": purchase_order_id}
        look_up.apply_async(kwargs=known, countdown=LANE_PATIENCE_S)
    except (InHandError, LostRaceError):
        log.info("%s is in another worker's hands, or resolved by him", found)
    settle_payments.delay()


@shared_task
def resolve_unknown(**_: Any) -> None:
    """Find calls to suppliers whose answer was lost, or whose worker died."""
    lost = waiting.to_be_resolved(now=timezone.now())
    for purchase_order_id in waiting.in_turn(lost, most=BATCH):
        resolve.delay(purchase_order_id=purchase_order_id)


@shared_task
def follow_cancellation(*, order_id: int, **_: Any) -> None:
    """Ask at once what the wish to cancel an order needs: suppliers, and the gateway."""
    given_up = Payment.objects.filter(order=order_id, status="voided", authorized_amount=0)
    for payment in given_up.exclude(reference=""):
        with suppress(OutsideError, payments.TooEarlyError):  # paid there all the same: given back
            payments.abandon(payment=payment, now=timezone.now())
    settle_payments.delay()
    wanted = waiting.to_be_stopped(now=timezone.now()).filter(order=order_id)
    for purchase_order_id in wanted.values_list("pk", flat=True):
        pursue_cancellation.delay(purchase_order_id=purchase_order_id)


@shared_task
def settle_cancellations(**_: Any) -> None:
    """Follow wishes to cancel that nobody followed yet, or that wait for an answer."""
    wanted = waiting.to_be_stopped(now=timezone.now())
    for purchase_order_id in waiting.in_turn(wanted, most=BATCH):
        pursue_cancellation.delay(purchase_order_id=purchase_order_id)


@shared_task
def pursue_cancellation(*, purchase_order_id: int, **_: Any) -> None:
    purchase_order = PurchaseOrder.objects.select_related("order", "supplier").get(
        pk=purchase_order_id
    )
    wanted = waiting.to_be_stopped(now=timezone.now()).filter(pk=purchase_order_id)
    with suppress(LaneFullError), lane(Work.ORDERS, purchase_order.supplier_id):
        if wanted.exists():  # else another worker followed it, or he wants it to rest
            cancelling.pursue(purchase_order=purchase_order, now=timezone.now())
            settle_payments.delay()


@shared_task
def settle_payments(**_: Any) -> None:
    """Carry out what was asked of the gateways: captures, releases, refunds."""
    due = capturing.due(now=timezone.now())
    # As many as there are lanes: each of them goes on to the next by itself.
    for request_id in random.sample(due, min(len(due), width(Work.ORDERS))):
        settle.delay(request_id=request_id)


@shared_task
def settle(*, request_id: int, **_: Any) -> None:
    """Carry out one request; a gateway that hangs holds its own lanes, and no other worker."""
    with suppress(LaneFullError), lane(Work.ORDERS, GATEWAY):
        if _is_settled(request_id):
            others = [each for each in capturing.due(now=timezone.now()) if each != request_id]
            if others:  # those who found the lanes full have gone
                settle.delay(request_id=random.choice(others))  # noqa: S311 - any of them


def _is_settled(request_id: int) -> bool:
    """Carry out what a request needs; tell whether the gateway may be asked for more."""
    request = PaymentEvent.objects.select_related("payment").get(pk=request_id)
    if PaymentEvent.objects.filter(answers=request).exists():
        return False  # whoever did it went on
    try:
        capturing.carry_out(payment=request.payment, now=timezone.now())
    except (OutsideError, payments.TooEarlyError) as error:
        log.warning("%s waits for its gateway: %s", request, error)
        return False
    return PaymentEvent.objects.filter(answers=request).exists()


@shared_task
def secure_ending(**_: Any) -> None:
    """Take the money of what suppliers may have before its authorization ends."""
    for payment in capturing.ending(now=timezone.now()).order_by("capture_before"):
        capturing.secure(payment=payment, now=timezone.now())
    settle_payments.delay()


@shared_task
def ask_gateways(**_: Any) -> None:
    """Ask about payments of which we heard nothing: a lost webhook is no lost order.

    One at a time, as ``expire_unpaid``: a gateway that is slow holds one worker with each.
    """
    with suppress(InHandError), in_hand("ask_gateways"):
        silent.ask(now=timezone.now())


@shared_task
def expire_unpaid(**_: Any) -> None:
    """Let unpaid orders go, after closing the gateway's page and asking a last time.

    A page that cannot be closed may still be paid at: that money is given back when we hear of it.
    A gateway that is away keeps no goods from others.
    """
    with suppress(InHandError), in_hand("expire_unpaid"):
        now, patience = timezone.now(), silent.Patience()
        late = Order.objects.filter(status=Order.Status.PENDING_PAYMENT, pay_before__lte=now)
        for order in late.order_by("pk")[:BATCH]:
            for payment in order.payments.filter(status=Payment.Status.REQUIRES_ACTION):
                patience.ask(payment, payments.abandon, now=now)
            checkout.expire(order=order, now=now)


@shared_task
def reconcile_stock(**_: Any) -> None:
    """Stop subtracting sales that the suppliers' figures contain by now."""
    for supplier in Supplier.objects.exclude(status=Supplier.Status.CANDIDATE):
        unseeing.unsee(supplier=supplier, now=timezone.now())
        reconciling.reconcile(supplier=supplier, now=timezone.now())


@shared_task
def measure_countdowns(**_: Any) -> None:
    """Learn anew when each supplier counts our orders down."""
    for supplier in Supplier.objects.exclude(status=Supplier.Status.CANDIDATE):
        measuring.measure(supplier=supplier, now=timezone.now())


@shared_task
def tally_sales(**_: Any) -> int:
    """Count what was sold lately: the demand that prices follow."""
    return tallying_sales.tally(now=timezone.now())


@shared_task
def forget_old_carts(**_: Any) -> int:
    """Forget what nobody wants any more, and who did not want it."""
    return keeping.forget_old(now=timezone.now())
