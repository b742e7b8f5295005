"""Payment sessions: open one payment page per order, close it if the order has ended."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from orders.gateways import gateway_for
from orders.gateways.base import OpenedPayment
from orders.inventory import reservations
from orders.models import Order, Payment
from orders.payments import updates
from storefront.lib.db.bulk import insert
from storefront.lib.db.prepared_queries import Prepared
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import OutsideError, PermanentError
from storefront.lib.state_machine import LostRaceError

Status = Payment.Status
LIVE = (Status.CREATED, Status.REQUIRES_ACTION, Status.AUTHORIZED, Status.CAPTURED)
PAID = frozenset({Status.AUTHORIZED, Status.CAPTURED})
# A payment that is requested within this time of its creation need not be marked.
WORTH_NOTING = timedelta(seconds=10)


class NotPayableError(Exception):
    """The order awaits no payment: it is paid, expired or canceled."""


def start(*, order: Order, return_url: str, now: datetime, first: Payment | None = None) -> Payment:
    """Open a payment at the gateway, or return the one that already awaits the customer.

    The idempotency key is stored before the call, so a retry opens no second payment. The time of
    the call is stored too: another order that would supersede this one waits for it.

    Shape:  ``first`` is the payment of an order that was placed in this request; the result has
            no ``pay_url`` when the order ended during the call

    Raises: NotPayableError  the order awaits no payment
            TemporaryError, PermanentError  the gateway did not open it; retry
    """
    payment = first or _row_for(order, now)
    if payment.pay_url or payment.status in PAID or not _is_noted(payment, now):
        return payment
    failpoint("payment.before_call")
    try:
        opened = gateway_for(payment.gateway).open(
            key=payment.key,
            amount=payment.total,
            description=order.number,
            return_url=return_url,
            locale=order.locale,
        )
    except PermanentError as error:
        # The gateway stores the refusal under the key: a retry opens another payment.
        if not error.may_have_happened and payment.status == Status.CREATED:
            with suppress(LostRaceError):  # another tab was refused as well
                payment.move(Status.FAILED, at=now, problem=str(error)[:300])
        raise
    failpoint("payment.after_call")
    try:
        payment.move(
            Status.REQUIRES_ACTION, at=now, reference=opened.reference, pay_url=opened.pay_url
        )
    except LostRaceError:  # another tab got the same answer, or the order ended
        payment.refresh_from_db()
        if not payment.reference:
            _close(payment, opened, now)
    return payment


def _is_noted(payment: Payment, now: datetime) -> bool:
    """Store that the gateway is called; return whether the payment still awaits the call."""
    if now - payment.asked_since < WORTH_NOTING:
        return True
    here = Payment.objects.filter(pk=payment.pk, status=payment.status)
    if here.update(asked_at=now):
        payment.asked_at = now
        return True
    payment.refresh_from_db()
    return False


def _close(payment: Payment, opened: OpenedPayment, now: datetime) -> None:
    """Close a payment page whose order ended while the page was opened.

    The reference is stored in any case, so that a payment that still arrives is voided.
    """
    ended = Payment.objects.filter(pk=payment.pk, reference="").exclude(status__in=LIVE)
    if not ended.update(reference=opened.reference):
        return
    payment.reference = opened.reference
    with suppress(OutsideError, updates.TooEarlyError):
        updates.abandon(payment=payment, now=now)


@transaction.atomic(durable=True)
def _row_for(order: Order, now: datetime) -> Payment:
    (order,) = _ORDER(order_id=order.pk)
    tried = updates.of_order(order)
    live = next((payment for payment in tried if payment.status in LIVE), None)
    if live is not None and live.status in PAID:
        return live
    if order.status != Order.Status.PENDING_PAYMENT or order.pay_before <= now:
        raise NotPayableError(order.number)
    reservations.stay(order, now=now)
    if live is not None:
        if not live.pay_url:
            _is_noted(live, now)
        return live
    payment = _attempt(order, len(tried) + 1, now)
    insert([payment])
    return payment


def first_of(order: Order, *, now: datetime) -> Payment:
    """Return the first payment of an order, unsaved: the caller saves it with the order."""
    return _attempt(order, 1, now)


def _attempt(order: Order, number: int, now: datetime) -> Payment:
    return Payment(
        order=order,
        gateway=settings.PAYMENT_GATEWAY,
        key=f"pay:{order.number}:{number}",
        currency=order.currency,
        amount=order.total_amount,
        status=Status.CREATED,
        status_since=now,
        created_at=now,
    )


def _order(*, order_id: int) -> QuerySet[Order]:
    return Order.objects.select_for_update(of=["self"]).filter(pk=order_id)


_ORDER = Prepared(_order)
