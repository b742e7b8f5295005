"""Payment updates: read them from the gateway, apply each once, in any order.

step     what happens                                      transaction  safe to repeat because
receive  a webhook, a poll or a visit of the order page    none         it names the payment only
read     the payment's history at the gateway              none         reading changes nothing
lock     order, purchase orders in a dispute, payment      ``apply``    each update waits its turn
record   one ledger row per update                         ``apply``    the gateway's id is unique
follow   totals and states; units allocated; events        ``apply``    only after a new ledger row
wait     for the update that this one builds on            none         ``TooEarlyError``: try later
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from orders import events, ledger
from orders.customer_invoices import issuing
from orders.gateways import gateway_for
from orders.gateways.base import PaymentUpdate, UpdateKind
from orders.inventory import allocations
from orders.models import Order, Payment, PaymentEvent
from orders.payments import disputes, reviews
from storefront.lib.db.prepared_queries import PreparedQuery, planned_cursor
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.failpoints import failpoint

Status = Payment.Status
CUSTOMER_POLL_INTERVAL = timedelta(seconds=10)
CLAIM_POLL = """
UPDATE orders_payment SET polled_at = %(now)s
WHERE id = %(payment)s AND status = 'requires_action'
  AND (polled_at IS NULL OR polled_at <= %(due)s)
"""


class UnknownPaymentError(LookupError):
    """The update is about an unknown payment."""


class TooEarlyError(Exception):
    """The update builds on one that has not arrived yet: apply it again later."""


def refresh(*, payment: Payment, now: datetime) -> Payment:
    """Read the payment's history at the gateway, apply it, and return the reloaded payment.

    Raises: TemporaryError, PermanentError  the gateway did not answer; nothing changed
    """
    if payment.reference:
        _apply_all(gateway_for(payment.gateway).history(reference=payment.reference), payment, now)
        payment.refresh_from_db()
    return payment


def apply_authorization(*, payment: Payment, now: datetime) -> None:
    """Read at the gateway whether a returning customer has paid; ``payment`` is not reloaded.

    Later events, such as a fraud warning, come by webhook or ``refresh``.

    Raises: TemporaryError, PermanentError  as ``refresh``
    """
    if payment.reference:
        gateway = gateway_for(payment.gateway)
        _apply_all(gateway.authorization(reference=payment.reference), payment, now)


def _apply_all(found: Iterable[PaymentUpdate], payment: Payment, now: datetime) -> None:
    for update in found:
        apply(update=update, gateway=payment.gateway, now=now, loaded_payment=payment)


def claim_poll(payment: Payment, *, now: datetime) -> bool:
    """Return whether a customer's page may read the gateway now: once per ``CUSTOMER_POLL_INTERVAL``.

    Marks the payment as read. False for a payment that awaits no customer: webhooks and
    ``poll_gateways`` update those.
    """
    if payment.order.status != Order.Status.PENDING_PAYMENT:
        return False
    with planned_cursor(connection) as cursor:
        due = now - CUSTOMER_POLL_INTERVAL
        cursor.execute(CLAIM_POLL, {"payment": payment.pk, "now": now, "due": due})
        return bool(cursor.rowcount)


def close_session(*, payment: Payment, now: datetime) -> Payment:
    """Close the payment page at the gateway, then apply what happened before.

    Raises: TemporaryError, PermanentError  no answer; the page may still be open
    """
    if payment.reference:
        gateway_for(payment.gateway).abandon(
            reference=payment.reference, key=f"abandon:{payment.key}"
        )
    return refresh(payment=payment, now=now)


@transaction.atomic(durable=True)
def apply(
    *, update: PaymentUpdate, gateway: str, now: datetime, loaded_payment: Payment | None = None
) -> Payment:
    """Record an update in the ledger and apply its consequences. Idempotent.

    Shape:  ``loaded_payment`` is the payment, if the caller has read it
    Locks:  the order, (in a dispute or review) its purchase orders, the payment, then (when paid
            or refused) the stock rows in id order
    Raises: UnknownPaymentError  retry later: the payment may not be stored yet
            TooEarlyError        retry later: a capture before its authorization
    """
    if loaded_payment is None or (loaded_payment.gateway, loaded_payment.reference) != (
        gateway,
        update.reference,
    ):
        named = Payment.objects.exclude(reference="")
        # ``first`` would sort by id, and PostgreSQL might read the primary key instead.
        loaded_payment = next(iter(named.filter(gateway=gateway, reference=update.reference)), None)
    if loaded_payment is None:
        raise UnknownPaymentError(update.reference)
    if update.kind in disputes.HOLDING_UPDATES | reviews.REVIEWS:
        disputes.lock_purchase_orders(
            Order.objects.select_for_update(of=["self"]).get(pk=loaded_payment.order_id)
        )
    [payment] = _LOCKED(payment_id=loaded_payment.pk)
    apply_locked(payment, update, now=now)
    failpoint("payment.before_commit")
    return payment


@requires_transaction
def apply_locked(payment: Payment, update: PaymentUpdate, *, now: datetime) -> None:
    """Apply an update to a payment whose order the caller holds as well.

    Locks:  (when paid) the stock rows in id order
    Raises: TooEarlyError  as ``apply``
    """
    for piece in ledger.split_total(payment, _void_as_failure(payment, update)):
        _require_earlier_updates(payment, piece)
        if event := ledger.record(payment, piece, now=now):
            _apply_consequences(payment.order, payment, event, piece, now)


def _locked(*, payment_id: int) -> QuerySet[Payment]:
    """Return the payment with its order; the order is locked first, as ``of`` names it first."""
    rows = Payment.objects.select_for_update(of=["order", "self"]).select_related("order")
    return rows.filter(pk=payment_id)


_LOCKED = PreparedQuery(_locked)


def _void_as_failure(payment: Payment, update: PaymentUpdate) -> PaymentUpdate:
    """Turn a void of a payment that was never recorded as authorized into a failed attempt."""
    is_void = update.kind is UpdateKind.VOIDED and update.is_total
    if not is_void or payment.authorized_amount:
        return update
    reason = update.reason or "canceled at the gateway"
    return replace(update, kind=UpdateKind.FAILED, is_total=False, reason=reason)


def _require_earlier_updates(payment: Payment, update: PaymentUpdate) -> None:
    builds_on = {
        UpdateKind.CAPTURED: payment.authorized_amount,
        UpdateKind.VOIDED: payment.authorized_amount,
        # The same money cannot be refunded twice.
        UpdateKind.REFUNDED: payment.captured_amount - payment.refunded_amount,
    }
    is_waiting = payment.status in {Status.CREATED, Status.REQUIRES_ACTION}
    if update.kind in reviews.REVIEWS and is_waiting:
        raise TooEarlyError(f"{update.kind} on {payment}, which is not paid")
    is_room = builds_on.get(update.kind, update.amount.amount) >= update.amount.amount
    if not (
        is_room
        or ledger.is_recorded(payment, update.external_id)
        or ledger.is_recorded(payment, ledger.failure_id(update))
    ):
        raise TooEarlyError(f"{update.kind} of {update.amount} on {payment}")


def _apply_consequences(
    order: Order, payment: Payment, event: PaymentEvent, update: PaymentUpdate, now: datetime
) -> None:
    match update.kind:
        case UpdateKind.AUTHORIZED:
            _authorized(order, payment, update, now)
        case UpdateKind.CAPTURED | UpdateKind.REFUND_FAILED:
            ledger.update_status(payment, at=now)
        case UpdateKind.VOIDED:
            ledger.update_status(payment, at=now)
            issuing.credit(order, event, now=now)
        case UpdateKind.REFUNDED:
            ledger.update_status(payment, at=now)
            events.order_refunded(order, event=event, at=now)
            issuing.credit(order, event, now=now)
        case UpdateKind.DECLINED | UpdateKind.FAILED | UpdateKind.EXPIRED:
            _failed(order, payment, update, now)
        case kind if kind in reviews.REVIEWS:
            reviews.apply(order, payment, update, now=now)
        case _:
            disputes.apply(order, payment, update, now=now)


def _authorized(order: Order, payment: Payment, update: PaymentUpdate, now: datetime) -> None:
    if payment.status in {Status.CREATED, Status.REQUIRES_ACTION}:
        payment.move(
            Status.AUTHORIZED,
            at=now,
            actor=payment.gateway,
            capture_before=update.capture_before,
            capture_mode=update.capture_mode,
        )
    elif payment.status != Status.AUTHORIZED:
        # Updates arrived out of order: money is authorized on an abandoned payment.
        ledger.request_void(payment, amount=update.amount, purpose="late", at=now)
        return
    if order.status != Order.Status.PENDING_PAYMENT:
        ledger.request_void(payment, amount=update.amount, purpose=order.status, at=now)
        return
    order.move(Order.Status.PLACED, at=now, actor=payment.gateway, reason="payment authorized")
    allocations.allocate(order=order, now=now)
    events.order_placed(order, at=now)
    if update.amount != order.total:
        order.move(
            Order.Status.ON_HOLD,
            at=now,
            reason="authorized amount differs from the order total",
            hold_reason=f"Authorized {update.amount}, but the order total is {order.total}.",
        )


def _failed(order: Order, payment: Payment, update: PaymentUpdate, now: datetime) -> None:
    ends = {
        UpdateKind.DECLINED: Status.DECLINED,
        UpdateKind.FAILED: Status.FAILED,
        UpdateKind.EXPIRED: Status.EXPIRED,
    }
    to = ends[update.kind]
    if to not in Payment.TRANSITIONS[Status(payment.status)]:
        return  # a late update about a payment that has moved on
    if to == Status.EXPIRED and payment.captured_amount > 0:
        to = Status.CAPTURED  # what was captured can still be refunded
    was_authorized = payment.status == Status.AUTHORIZED
    payment.move(to, at=now, actor=payment.gateway, problem=update.reason[:300])
    if order.status == Order.Status.PENDING_PAYMENT and order.payment_due_at > now:
        events.payment_failed(order, at=now)
    if was_authorized and order.status in {Order.Status.PLACED, Order.Status.PROCESSING}:
        order.move(
            Order.Status.ON_HOLD,
            at=now,
            reason="authorization expired",
            hold_reason="The authorization expired before the full amount was captured.",
        )
