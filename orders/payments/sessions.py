"""Payment sessions: open one payment page per order, close it if the order has ended."""

from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from orders.gateways import gateway_for
from orders.gateways.base import OpenedPayment
from orders.inventory import reservations
from orders.models import Order, Payment
from orders.payments import updates
from storefront.lib.db.bulk import insert
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.state_machine import ConcurrentUpdateError

Status = Payment.Status
ACTIVE_STATES = (Status.CREATED, Status.REQUIRES_ACTION, Status.AUTHORIZED, Status.CAPTURED)
PAID_STATES = frozenset({Status.AUTHORIZED, Status.CAPTURED})
# Within this time of a payment's creation, ``page_requested_at`` stays empty.
MARK_AFTER = timedelta(seconds=10)


class NotPayableError(Exception):
    """The order awaits no payment: it is paid, expired or canceled."""


def open_session(
    *, order: Order, return_url: str, now: datetime, first: Payment | None = None
) -> Payment:
    """Open a payment at the gateway, or return the one that already awaits the customer.

    The idempotency key is stored before the call, so a retry opens no second payment. The time of
    the call is stored too: another order that would supersede this one waits for it.

    Shape:  ``first`` is the payment of an order that was placed in this request; the result has
            no ``pay_url`` when the order ended during the call

    Raises: NotPayableError  the order awaits no payment
            TemporaryError, PermanentError  the gateway did not open it; retry
    """
    payment = first or _get_or_create_payment(order, now)
    if payment.pay_url or payment.status in PAID_STATES or not _mark_requested(payment, now):
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
        if not error.is_outcome_unknown and payment.status == Status.CREATED:
            with suppress(ConcurrentUpdateError):  # another tab was refused as well
                payment.move(Status.FAILED, at=now, problem=str(error)[:300])
        raise
    failpoint("payment.after_call")
    try:
        payment.move(
            Status.REQUIRES_ACTION, at=now, reference=opened.reference, pay_url=opened.pay_url
        )
    except ConcurrentUpdateError:  # another tab got the same answer, or the order ended
        payment.refresh_from_db()
        if not payment.reference:
            _close_session(payment, opened, now)
    return payment


def _mark_requested(payment: Payment, now: datetime) -> bool:
    """Store that the gateway is called; return whether the payment still awaits the call."""
    if now - payment.session_requested_since < MARK_AFTER:
        return True
    unchanged = Payment.objects.filter(pk=payment.pk, status=payment.status)
    if unchanged.update(page_requested_at=now):
        payment.page_requested_at = now
        return True
    payment.refresh_from_db()
    return False


def _close_session(payment: Payment, opened: OpenedPayment, now: datetime) -> None:
    """Close a payment page whose order ended while the page was opened.

    The reference is stored in any case, so that a payment that still arrives is voided.
    """
    ended = Payment.objects.filter(pk=payment.pk, reference="").exclude(status__in=ACTIVE_STATES)
    if not ended.update(reference=opened.reference):
        return
    payment.reference = opened.reference
    with suppress(ExternalServiceError, updates.TooEarlyError):
        updates.close_session(payment=payment, now=now)


@transaction.atomic(durable=True)
def _get_or_create_payment(order: Order, now: datetime) -> Payment:
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    attempts = list(order.payments.order_by("pk"))
    live = next((payment for payment in attempts if payment.status in ACTIVE_STATES), None)
    if live is not None and live.status in PAID_STATES:
        return live
    if order.status != Order.Status.PENDING_PAYMENT or order.payment_due_at <= now:
        raise NotPayableError(order.number)
    reservations.extend(order, now=now)
    if live is not None:
        if not live.pay_url:
            _mark_requested(live, now)
        return live
    payment = _new_payment(order, len(attempts) + 1, now)
    insert([payment])
    return payment


def first_payment(
    order: Order, *, now: datetime, gateway: str = "", reference: str = ""
) -> Payment:
    """Return the first payment of an order, unsaved: the caller saves it with the order.

    Shape:  ``gateway`` and ``reference`` if the customer paid before the order reached us
    """
    return _new_payment(order, 1, now, gateway=gateway, reference=reference)


def _new_payment(
    order: Order, number: int, now: datetime, *, gateway: str = "", reference: str = ""
) -> Payment:
    return Payment(
        order=order,
        gateway=gateway or settings.PAYMENT_GATEWAY,
        reference=reference,
        key=f"pay:{order.number}:{number}",
        currency=order.currency,
        amount=order.total_amount,
        status=Status.CREATED,
        status_since=now,
        created_at=now,
    )
