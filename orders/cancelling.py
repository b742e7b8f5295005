"""Stop an order before it ships: at once what is still ours, by asking what is the supplier's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from orders import acknowledging, allocations, facts, ledger, reservations
from orders.models import Order, Payment, PurchaseMessage, PurchaseOrder, Reservation
from storefront.lib.failures import PermanentError, TemporaryError
from suppliers.adapters.base import Answer
from suppliers.connecting import adapter_for

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request

NEVER_SENT = frozenset({Request.UNSUBMITTED, Request.SUBMIT_FAILED})
CAN_BE_ASKED = frozenset({Request.SUBMITTED, Request.ACCEPTED, Request.BACKORDERED})


class TooLateError(Exception):
    """The order is finished, or all of it is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """What could be stopped, by purchase order number.

    ``open`` waits for an answer that we do not have yet: ask again in a minute.
    """

    stopped: tuple[str, ...]
    refused: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        return not self.refused and not self.open


def cancel(*, order: Order, reason: str, actor: str, now: datetime) -> Cancellation:
    """Stop all that can still be stopped; the money of it goes back.

    Raises: TooLateError  nothing of it can be stopped any more
    """
    ours = _stop_ours(order, reason=reason, actor=actor, now=now)
    refused, waiting, stopped = [], [], list(ours)
    open_ones = order.purchase_orders.exclude(status=Status.CANCELED).select_related("supplier")
    for purchase_order in open_ones.order_by("pk"):
        if purchase_order.status not in {Status.READY, Status.IN_PROGRESS}:
            refused.append(purchase_order.number)
        elif purchase_order.request_status not in CAN_BE_ASKED:
            waiting.append(purchase_order.number)
        else:
            _ask(purchase_order, reason=reason, actor=actor, now=now)
            is_stopped = settle(purchase_order=purchase_order, now=now)
            sides = {True: stopped, False: refused, None: waiting}
            sides[is_stopped].append(purchase_order.number)
    order.refresh_from_db()
    if order.status == Order.Status.CANCELED:
        return Cancellation(stopped=tuple(stopped), refused=(), open=())
    if not stopped and not waiting:
        raise TooLateError(order.number)
    return Cancellation(stopped=tuple(stopped), refused=tuple(refused), open=tuple(waiting))


@transaction.atomic(durable=True)
def _stop_ours(order: Order, *, reason: str, actor: str, now: datetime) -> list[str]:
    """Stop what no supplier knows of.

    Locks:  the order, then its purchase orders, payments, and the stock rows in id order
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if order.status in {Order.Status.CANCELED, Order.Status.EXPIRED, Order.Status.COMPLETED}:
        raise TooLateError(order.number)
    purchase_orders = list(
        order.purchase_orders.exclude(status=Status.CANCELED)
        .select_for_update(of=["self"])
        .order_by("pk")
    )
    if not purchase_orders:
        _end(order, reason=reason, actor=actor, now=now)
        return []
    stopped = []
    for purchase_order in purchase_orders:
        if purchase_order.request_status in NEVER_SENT and purchase_order.status in {
            Status.DRAFT,
            Status.READY,
            Status.ON_HOLD,
        }:
            purchase_order.order = order
            acknowledging.close(purchase_order, cause="canceled", reason=reason, now=now)
            stopped.append(purchase_order.number)
    if order.status == Order.Status.CANCELED:
        facts.order_canceled(order, reason=reason, is_charged=False, at=now)
    return stopped


def _end(order: Order, *, reason: str, actor: str, now: datetime) -> None:
    """End an order without purchase orders: unpaid, or paid a moment ago."""
    was_paid = order.status != Order.Status.PENDING_PAYMENT
    order.move(Order.Status.CANCELED, at=now, actor=actor, reason=reason)
    if was_paid:
        allocations.release(lines=order.lines.all(), cause=f"order:{order.number}", now=now)
        order.lines.update(canceled_quantity=F("quantity"))
    else:
        reservations.end(order=order, status=Reservation.Status.RELEASED, now=now)
    for payment in order.payments.select_for_update(of=["self"]).order_by("pk"):
        if payment.status == Payment.Status.AUTHORIZED and payment.open_amount:
            ledger.ask_release(payment, amount=payment.open_amount, purpose="canceled", at=now)
        elif payment.status in {Payment.Status.CREATED, Payment.Status.REQUIRES_ACTION}:
            payment.move(Payment.Status.VOIDED, at=now, actor=actor, reason=reason)
    facts.order_canceled(order, reason=reason, is_charged=False, at=now)


@transaction.atomic(durable=True)
def _ask(purchase_order: PurchaseOrder, *, reason: str, actor: str, now: datetime) -> None:
    """Write down that we want it stopped, before the supplier is asked."""
    purchase_order.move(
        Request.CANCELLATION_REQUESTED,
        at=now,
        axis="request_status",
        actor=actor,
        reason=reason,
    )
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction=PurchaseMessage.Direction.OUT,
        kind="cancel",
        body={"reason": reason},
        at=now,
    )


def settle(*, purchase_order: PurchaseOrder, now: datetime) -> bool | None:
    """Ask the supplier to stop it, and follow his answer.

    True: stopped. False: it goes on. None: he did not answer, and will be asked again.
    """
    try:
        with adapter_for(purchase_order.supplier) as adapter:
            state = adapter.cancel(number=purchase_order.number)
    except TemporaryError:
        return None
    except PermanentError as error:
        is_stopped, words = False, str(error)
    else:
        is_stopped, words = state.answer == Answer.CANCELED, state.reason
    _hear(purchase_order, is_stopped=is_stopped, words=words, now=now)
    return is_stopped


@transaction.atomic(durable=True)
def _hear(purchase_order: PurchaseOrder, *, is_stopped: bool, words: str, now: datetime) -> None:
    """Follow the supplier's answer to our wish.

    Locks:  the order, then the purchase order, payments, and the stock rows in id order
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=purchase_order.order_id)
    locked = PurchaseOrder.objects.select_for_update(of=["self"]).get(pk=purchase_order.pk)
    locked.order = order
    to = Request.CANCELLATION_ACCEPTED if is_stopped else Request.CANCELLATION_REJECTED
    locked.move(to, at=now, axis="request_status", reason=words, problem=words[:300])
    PurchaseMessage.objects.create(
        purchase_order=locked,
        direction=PurchaseMessage.Direction.IN,
        kind=to.value,
        body={"words": words},
        at=now,
    )
    if is_stopped:
        wish = locked.messages.filter(kind="cancel").order_by("-pk").first()
        reason = str(wish.body.get("reason", "")) if wish else ""
        acknowledging.close(locked, cause="canceled", reason=reason, now=now)
        if order.status == Order.Status.CANCELED:
            was_charged = locked.accepted_at is not None
            facts.order_canceled(order, reason=reason, is_charged=was_charged, at=now)
