"""Captures: decide when and how much to capture, call the gateway, retry refused requests.

``CaptureMode`` is what the gateway's account allows. Multiple: each accepted purchase order is
captured by itself; the rest is voided when no purchase order is open. Single: all are captured
together when none is open, or when the authorization is about to end (``CAPTURE_BEFORE_EXPIRY``),
whichever is first; that capture voids the rest. Before an authorization ends, money is also
captured for purchase orders that a supplier has, or may have, but has not accepted. A later
rejection is refunded. Nothing is captured for unsent purchase orders.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum

from orders import ledger
from orders.gateways import gateway_for
from orders.gateways.base import CaptureMode, PaymentUpdate
from orders.models import Backorder, Order, Payment, PaymentEvent, PurchaseOrder
from orders.payments import updates
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money

Kind = PaymentEvent.Kind


class NotRefusedError(Exception):
    """The request was not refused, or was retried already."""


class AmountUnavailableError(Exception):
    """The requested amount is no longer available, or its purchase order was canceled."""


@transaction.atomic(durable=True)
def retry_refused(*, request: PaymentEvent, actor: str, now: datetime) -> PaymentEvent:
    """Record a new attempt of a refused request, with a key of its own.

    Under the old key the gateway would repeat its stored refusal. A request without an answer
    keeps its key, or the money could move twice.

    Locks:  the order, then the payment
    Raises: NotRefusedError, AmountUnavailableError  nothing is written
    """
    Order.objects.select_for_update(of=["self"]).get(payments=request.payment_id)
    payment = Payment.objects.select_for_update(of=["self"]).get(pk=request.payment_id)
    attempts = list(ledger.attempts(payment, ledger.first_attempt_key(request)))
    last = attempts[-1] if attempts else None
    if last != request or not ledger.is_refused(request):
        raise NotRefusedError(f"{request.external_id} was not rejected, or has been retried since.")
    available = _available_amount(payment, request)
    if available < Money(request.amount, payment.currency):
        raise AmountUnavailableError(f"Only {available} is left for {request.external_id}.")
    return PaymentEvent.objects.create(
        payment=payment,
        gateway=payment.gateway,
        external_id=ledger.attempt_key(
            ledger.first_attempt_key(request), attempt=len(attempts) + 1
        ),
        kind=request.kind,
        amount=request.amount,
        reason=f"retried by {actor}"[:200],
        occurred_at=now,
        received_at=now,
    )


def _available_amount(payment: Payment, request: PaymentEvent) -> Money:
    if request.kind == Kind.REFUND_REQUESTED:
        return ledger.refundable_amount(payment)
    if request.kind == Kind.CAPTURE_REQUESTED and not _has_active_purchase_order(payment, request):
        return Money.zero(payment.currency)
    return ledger.voidable(payment)


def _has_active_purchase_order(payment: Payment, request: PaymentEvent) -> bool:
    """Return whether the purchase order that a capture pays for is not canceled."""
    active = payment.order.purchase_orders.exclude(status=PurchaseOrder.Status.CANCELED)
    keys = {ledger.capture_key(number) for number in active.values_list("number", flat=True)}
    return ledger.first_attempt_key(request) in keys


# Conditions on payments whose gateway cannot be called now, such as those of a store that is not
# connected. Apps that have gateways of their own add them.
UNREACHABLE: list[Q] = []


def unreachable_payments() -> QuerySet[Payment]:
    """Return the payments that are neither called nor compared; their requests wait."""
    return Payment.objects.filter(reduce(or_, UNREACHABLE, Q(pk__in=())))


# The capture rule

# Staff are warned a day before (``storefront.dashboard``); this is when the rule acts by itself.
CAPTURE_BEFORE_EXPIRY = timedelta(hours=12)
# A gateway repeats a server error under the same key, so a few new keys are tried.
GATEWAY_ERROR = "500"
MAX_AUTOMATIC_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call to a gateway, and the requests that it executes."""

    kind: PaymentEvent.Kind
    requests: Sequence[PaymentEvent]
    amount: Money
    is_last: bool = False

    @property
    def key(self) -> str:
        """Return the idempotency key: the first request's, and how many others joined it."""
        others = len(self.requests) - 1
        return self.requests[0].external_id + (f"+{others}" if others else "")


def due_requests(*, now: datetime) -> list[int]:
    """Return the oldest unanswered request id of each payment with a step that may be due."""
    requests = PaymentEvent.objects.filter(is_pending=True)
    requests = requests.exclude(payment__in=unreachable_payments())
    is_open = Exists(
        _undecided_purchase_orders().filter(order=OuterRef("payment__order"))
    ) | Exists(_sourcing_backorders().filter(order=OuterRef("payment__order")))
    ends = Q(payment__capture_before__lte=now + CAPTURE_BEFORE_EXPIRY)
    capture_waits = (
        Q(payment__capture_mode=CaptureMode.SINGLE, kind=Kind.CAPTURE_REQUESTED) & is_open & ~ends
    )
    voids = (
        requests.filter(payment=OuterRef("payment"), kind=Kind.VOID_REQUESTED)
        .order_by()
        .values("payment")
        .annotate(total=Sum("amount"))
        .values("total")
    )
    open_amount = (
        F("payment__authorized_amount")
        - F("payment__captured_amount")
        - F("payment__voided_amount")
    )
    # A void of a part waits for every purchase order, also at the end of the authorization.
    void_waits = Q(kind=Kind.VOID_REQUESTED, void_amount__lt=open_amount) & is_open
    first = (
        requests.annotate(void_amount=Subquery(voids))
        .exclude(capture_waits)
        .exclude(void_waits)
        .order_by("payment", "pk")
        .distinct("payment")
    )
    return list(first.values_list("pk", flat=True)[:200])


@transaction.atomic(durable=True)
def capture_before_expiry(*, payment: Payment, now: datetime) -> None:
    """Request captures for orders that a supplier may have, before the authorization expires.

    Locks:  the order, then the payment
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=payment.order_id)
    payment = Payment.objects.select_for_update(of=["self"]).get(pk=payment.pk)
    if payment.status != Payment.Status.AUTHORIZED or not _expires_soon(payment, now):
        return
    sent = order.purchase_orders.filter(accepted_at__isnull=True)
    sent = sent.exclude(status=PurchaseOrder.Status.CANCELED).exclude(
        submission_status__in=PurchaseOrder.UNSUBMITTED_STATES
    )
    for purchase_order in sent.order_by("pk"):
        if purchase_order.charge <= ledger.voidable(payment):
            ledger.request_capture(
                payment, amount=purchase_order.charge, purpose=purchase_order.number, at=now
            )


def expiring_authorizations(*, now: datetime) -> QuerySet[Payment]:
    """Return the authorized payments that expire within ``CAPTURE_BEFORE_EXPIRY``."""
    return Payment.objects.filter(
        status=Payment.Status.AUTHORIZED,
        capture_before__lte=now + CAPTURE_BEFORE_EXPIRY,
        capture_before__gt=now,
    )


def is_deferred(payment: Payment, *, now: datetime) -> bool:
    """Return whether the single capture waits until every purchase order is decided."""
    if payment.capture_mode != CaptureMode.SINGLE or _expires_soon(payment, now):
        return False
    return not _is_decided(payment)


def next_operation(payment: Payment, *, now: datetime) -> Operation | None:
    """Return the next call for a payment; None while none is due."""
    waiting = list(
        payment.events.filter(kind__in=ledger.REQUESTS, outcome__isnull=True).order_by("pk")
    )
    if not waiting:
        return None
    captures, releases, refunds = (
        [request for request in waiting if request.kind == kind] for kind in ledger.REQUESTS
    )
    is_decided = _is_decided(payment)
    if captures and payment.capture_mode == CaptureMode.MULTIPLE:
        return _single_operation(captures[0], payment)  # a retry must send the same parameters
    if captures and (is_decided or _expires_soon(payment, now)):
        return _combined_operation(Kind.CAPTURE_REQUESTED, captures, payment, is_last=True)
    if releases and not captures:
        step = _combined_operation(Kind.VOID_REQUESTED, releases, payment)
        if is_decided or payment.open_amount <= step.amount:
            return step
    refundable = Money(payment.captured_amount - payment.refunded_amount, payment.currency)
    return next(
        (_single_operation(one, payment) for one in refunds if one.amount <= refundable.amount),
        None,
    )


def execute(*, payment: Payment, now: datetime) -> None:
    """Execute the next step of a payment at its gateway, and apply the answer.

    The gateway is read first, so that an earlier call whose answer was lost, or whose key the
    gateway has forgotten, is not repeated. While nothing is due, the gateway is not called.

    Raises: TemporaryError   retry with the same key
            PermanentError   the effect is unknown
    """
    if next_operation(payment, now=now) is None:
        return
    updates.refresh(payment=payment, now=now)
    step = next_operation(payment, now=now)
    if step is None:
        return
    failpoint("capture.before_call")
    try:
        update = _call_gateway(payment, step)
    except PermanentError as error:
        if error.is_outcome_unknown:
            raise
        _handle_refusal(payment, step, error, now)
        return
    failpoint("capture.after_call")
    updates.apply(update=update, gateway=payment.gateway, now=now)
    updates.refresh(payment=payment, now=now)  # the last capture voids the rest


def _call_gateway(payment: Payment, step: Operation) -> PaymentUpdate:
    gateway = gateway_for(payment.gateway)
    if step.kind == Kind.CAPTURE_REQUESTED:
        return gateway.capture(
            reference=payment.reference, amount=step.amount, key=step.key, is_last=step.is_last
        )
    call = gateway.release if step.kind == Kind.VOID_REQUESTED else gateway.refund
    return call(reference=payment.reference, amount=step.amount, key=step.key)


def _handle_refusal(
    payment: Payment, step: Operation, error: PermanentError, now: datetime
) -> None:
    """Record a refusal, unless the gateway shows that the request was executed."""
    updates.refresh(payment=payment, now=now)
    answered = PaymentEvent.objects.filter(answers__in=step.requests)
    done = set(answered.values_list("answers", flat=True))
    remaining = [request for request in step.requests if request.pk not in done]
    ledger.record_rejection(remaining, reason=str(error), now=now)
    if error.code != GATEWAY_ERROR:
        return
    for request in remaining:
        if (
            ledger.attempts(payment, ledger.first_attempt_key(request)).count()
            < MAX_AUTOMATIC_ATTEMPTS
        ):
            with suppress(NotRefusedError, AmountUnavailableError):
                retry_refused(request=request, actor=payment.gateway, now=now)


def _undecided_purchase_orders() -> QuerySet[PurchaseOrder]:
    """Return the purchase orders that are neither accepted nor canceled."""
    rows = PurchaseOrder.objects.filter(accepted_at__isnull=True)
    return rows.exclude(status=PurchaseOrder.Status.CANCELED)


def _sourcing_backorders() -> QuerySet[Backorder]:
    """Return the rejected backorders that another supplier may still ship, and be charged for."""
    waiting = [Backorder.Status.OPEN, Backorder.Status.ASKED]
    return Backorder.objects.filter(kind=Backorder.Kind.REFUSED, status__in=waiting)


def _is_decided(payment: Payment) -> bool:
    of_order = {"order": payment.order_id}
    is_open = _undecided_purchase_orders().filter(**of_order).exists()
    return not is_open and not _sourcing_backorders().filter(**of_order).exists()


def _expires_soon(payment: Payment, now: datetime) -> bool:
    return (
        payment.capture_before is not None and payment.capture_before <= now + CAPTURE_BEFORE_EXPIRY
    )


def _single_operation(request: PaymentEvent, payment: Payment) -> Operation:
    return _combined_operation(Kind(request.kind), [request], payment)


def _combined_operation(
    kind: PaymentEvent.Kind,
    requests: Sequence[PaymentEvent],
    payment: Payment,
    *,
    is_last: bool = False,
) -> Operation:
    amounts = (Money(request.amount, payment.currency) for request in requests)
    total = Money.total(amounts, payment.currency)
    return Operation(kind=kind, requests=requests, amount=total, is_last=is_last)
