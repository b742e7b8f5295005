"""Payment ledger: request captures, voids and refunds, record gateway events once, sum them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from orders.gateways.base import PaymentUpdate, UpdateKind
from orders.models import Payment, PaymentEvent
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money

Kind = PaymentEvent.Kind
Status = Payment.Status
REQUESTS = (Kind.CAPTURE_REQUESTED, Kind.VOID_REQUESTED, Kind.REFUND_REQUESTED)
ATTEMPT_SEPARATOR = "#"  # separates the key from the number of a repeated attempt


# Inserts the event unless it is known, and sums with it: the statement does not see its own rows.
# An expired authorization voids everything that was not captured.
RECORD = """
WITH recorded AS (
  INSERT INTO orders_paymentevent
    (payment_id, gateway, external_id, kind, amount, answers_id, reason, occurred_at, received_at)
  VALUES (%(payment)s, %(gateway)s, %(external_id)s, %(kind)s, %(amount)s, %(answers)s, %(reason)s,
    %(occurred_at)s, %(received_at)s)
  ON CONFLICT (gateway, external_id) DO NOTHING
  RETURNING id, kind, amount
)
UPDATE orders_payment payment SET
  authorized_amount = authorized, captured_amount = captured, refunded_amount = refunded,
  voided_amount = CASE WHEN is_over THEN authorized - captured ELSE voided END
FROM recorded, (
  SELECT coalesce(sum(amount) FILTER (WHERE kind = 'authorized'), 0) AS authorized,
    coalesce(sum(amount) FILTER (WHERE kind = 'captured'), 0) AS captured,
    coalesce(sum(amount) FILTER (WHERE kind = 'voided'), 0) AS voided,
    coalesce(sum(CASE kind WHEN 'refunded' THEN amount WHEN 'refund_failed' THEN -amount END), 0)
      AS refunded,
    coalesce(bool_or(kind = 'expired'), false) AS is_over
  FROM (
    SELECT kind, amount FROM orders_paymentevent WHERE payment_id = %(payment)s
    UNION ALL SELECT kind, amount FROM recorded
  ) AS event
) AS sums
WHERE payment.id = %(payment)s
RETURNING recorded.id, authorized_amount, captured_amount, voided_amount, refunded_amount
"""


@requires_transaction
def request_capture(payment: Payment, *, amount: Money, purpose: str, at: datetime) -> None:
    """Record a capture request, which a worker executes; zero amounts are skipped.

    Money that was captured at the sale needs no request.
    """
    if amount and not payment.is_captured_at_sale:
        _record_request(
            payment, Kind.CAPTURE_REQUESTED, amount=amount, key=capture_key(purpose), at=at
        )


@requires_transaction
def request_void(
    payment: Payment, *, amount: Money, purpose: str, at: datetime, reason: str = ""
) -> None:
    """Record a request to void a part of the authorization.

    Money that was captured at the sale is refunded instead.
    """
    if payment.is_captured_at_sale:
        request_refund(payment, amount=amount, purpose=purpose, at=at, reason=reason)
        return
    key = f"release:{payment.key}:{purpose}"
    _record_request(payment, Kind.VOID_REQUESTED, amount=amount, key=key, at=at, reason=reason)


@requires_transaction
def request_refund(
    payment: Payment, *, amount: Money, purpose: str, at: datetime, reason: str = ""
) -> None:
    """Record a request to refund a part of what was captured."""
    key = refund_key(payment, purpose)
    _record_request(payment, Kind.REFUND_REQUESTED, amount=amount, key=key, at=at, reason=reason)


def capture_key(purpose: str) -> str:
    return f"capture:{purpose}"


def refund_key(payment: Payment, purpose: str) -> str:
    return f"refund:{payment.key}:{purpose}"


def attempt_key(first: str, *, attempt: int) -> str:
    """Return the key of an attempt; only a definite rejection starts the next attempt."""
    return first if attempt == 1 else f"{first}{ATTEMPT_SEPARATOR}{attempt}"


def first_attempt_key(request: PaymentEvent) -> str:
    return request.external_id.partition(ATTEMPT_SEPARATOR)[0]


def attempts(payment: Payment, first: str) -> QuerySet[PaymentEvent]:
    """Return all requests for one purpose, oldest first; at most one is not rejected."""
    named = Q(external_id=first) | Q(external_id__startswith=f"{first}{ATTEMPT_SEPARATOR}")
    return payment.events.filter(named, kind__in=REQUESTS).order_by("pk")


def is_refused(request: PaymentEvent) -> bool:
    return PaymentEvent.objects.filter(answers=request, kind=Kind.REFUSED).exists()


def _record_request(  # noqa: PLR0913
    payment: Payment,
    kind: PaymentEvent.Kind,
    *,
    amount: Money,
    key: str,
    at: datetime,
    reason: str = "",
) -> None:
    PaymentEvent.objects.get_or_create(
        gateway=payment.gateway,
        external_id=key[:120],
        defaults={
            "payment": payment,
            "kind": kind,
            "amount": amount.rounded().amount,
            "reason": reason[:200],
            "occurred_at": at,
            "received_at": at,
        },
    )


def requested_amount(payment: Payment, kind: PaymentEvent.Kind, **only: None) -> Money:
    """Return the sum of requests that were not rejected."""
    total = (
        payment.events.filter(kind=kind, **only)
        .exclude(outcome__kind=Kind.REFUSED)
        .aggregate(total=Sum("amount"))["total"]
    )
    return Money(total or Decimal(0), payment.currency)


@requires_transaction
def lock_authorized_payments(order_id: int) -> list[Payment]:
    """Lock and return all payments of the order that were ever authorized, except voided ones.

    Expired ones are included, so that a late request fails visibly.
    """
    payments = Payment.objects.filter(order_id=order_id, authorized_amount__gt=0)
    payments = payments.exclude(status=Status.VOIDED)
    return list(payments.select_for_update(of=["self"]).order_by("pk"))


def is_capture_requested(payment: Payment, *, purpose: str) -> bool:
    """Return whether a capture for this purpose was requested and not rejected."""
    requests = attempts(payment, capture_key(purpose))
    return requests.exclude(outcome__kind=Kind.REFUSED).exists()


def refundable_amount(payment: Payment) -> Money:
    """Return what is captured or being captured, minus refunds made or requested."""
    captured = requested_amount(payment, Kind.CAPTURE_REQUESTED)
    if payment.is_captured_at_sale:
        captured = Money(payment.captured_amount, payment.currency)
    refunded = requested_amount(payment, Kind.REFUND_REQUESTED) - requested_amount(
        payment, Kind.REFUND_FAILED
    )
    refunded += requested_amount(payment, Kind.REFUNDED, answers=None)  # made at the gateway itself
    return max(captured - refunded, Money.zero(payment.currency))


def voidable(payment: Payment) -> Money:
    """Return what ``request_void`` can return.

    That is what is authorized, and neither captured nor voided nor requested to be; of a payment
    captured at the sale, what is not refunded nor requested to be.
    """
    if payment.is_captured_at_sale:
        return refundable_amount(payment)
    if not payment.open_amount:
        return Money.zero(payment.currency)
    authorized = Money(payment.authorized_amount, payment.currency)
    captured = requested_amount(payment, Kind.CAPTURE_REQUESTED) + requested_amount(
        payment, Kind.VOID_REQUESTED
    )
    return authorized - captured


@requires_transaction
def update_status(payment: Payment, *, at: datetime) -> None:
    """Update the status of a payment that is fully captured, voided or refunded."""
    is_captured = payment.captured_amount > 0
    if payment.status == Status.AUTHORIZED and not payment.open_amount:
        to = Status.CAPTURED if is_captured else Status.VOIDED
        payment.move(to, at=at, actor=payment.gateway)
    if payment.status == Status.EXPIRED and is_captured:
        payment.move(Status.CAPTURED, at=at, actor=payment.gateway)
    if payment.status == Status.CAPTURED and payment.refunded_amount >= payment.captured_amount > 0:
        payment.move(Status.REFUNDED, at=at, actor=payment.gateway)
    if payment.status == Status.REFUNDED and payment.refunded_amount < payment.captured_amount:
        payment.move(
            Status.CAPTURED, at=at, actor=payment.gateway, reason="refund returned to the gateway"
        )


def split_total(payment: Payment, update: PaymentUpdate) -> list[PaymentUpdate]:
    """Split a reported total into the amounts that are new, one per pending request, oldest first.

    The id of each part ends with the total it reaches, so reading the same total again finds it.
    """
    if not update.is_total:
        return [update]
    so_far, kind = {
        UpdateKind.CAPTURED: (payment.captured_amount, Kind.CAPTURE_REQUESTED),
        UpdateKind.VOIDED: (payment.voided_amount, Kind.VOID_REQUESTED),
    }[update.kind]
    parts: list[PaymentUpdate] = []

    def add(part: Decimal, key: str) -> None:
        up_to = Money(so_far + part, payment.currency)
        parts.append(
            replace(
                update,
                external_id=f"{update.external_id}:{up_to.minor}",
                amount=Money(part, payment.currency),
                request_key=key,
                is_total=False,
            )
        )

    for request in payment.events.filter(kind=kind, outcome__isnull=True).order_by("pk"):
        if so_far + request.amount > update.amount.amount:
            break
        add(request.amount, request.external_id)
        so_far += request.amount
    if (remaining := update.amount.amount - so_far) > 0:
        add(remaining, "")
    return parts


@requires_transaction
def record(payment: Payment, update: PaymentUpdate, *, now: datetime) -> PaymentEvent | None:
    """Record a gateway event once and set the amounts of its payment to the sums of its events.

    Returns None if the event is recorded already, or is not to be: one that is reported after its
    reversal, or the rejection of an unknown request. A failed refund reverses the recorded refund,
    or rejects the request.
    """
    is_undone = update.kind is UpdateKind.REFUNDED and is_recorded(payment, failure_id(update))
    if is_undone:
        return None
    kind = Kind(update.kind.value)
    if update.kind is UpdateKind.REFUND_FAILED and not is_recorded(payment, update.about):
        kind = Kind.REFUSED
    request = _pending_request(payment, update)
    if kind == Kind.REFUSED and request is None:
        return None
    event = PaymentEvent(
        payment=payment,
        gateway=payment.gateway,
        external_id=update.external_id,
        kind=kind,
        amount=update.amount.rounded().amount if kind != Kind.REFUSED else Decimal(0),
        answers=request,
        reason=update.reason[:200],
        occurred_at=update.occurred_at or now,
        received_at=now,
    )
    with planned_cursor(connection) as cursor:
        cursor.execute(
            RECORD,
            {
                "payment": payment.pk,
                "gateway": event.gateway,
                "external_id": event.external_id,
                "kind": kind.value,
                "amount": event.amount,
                "answers": request and request.pk,
                "reason": event.reason,
                "occurred_at": event.occurred_at,
                "received_at": now,
            },
        )
        row = cursor.fetchone()
    if row is None:
        return None
    (
        event.pk,
        payment.authorized_amount,
        payment.captured_amount,
        payment.voided_amount,
        payment.refunded_amount,
    ) = row
    return event


def failure_id(update: PaymentUpdate) -> str:
    """Return the event id of the refund's failure."""
    return f"{update.external_id}:failed"


def is_recorded(payment: Payment, external_id: str) -> bool:
    return payment.events.filter(external_id=external_id).exists()


def _pending_request(payment: Payment, update: PaymentUpdate) -> PaymentEvent | None:
    if not update.request_key:
        return None
    request = payment.events.filter(external_id=update.request_key).first()
    if request is None or PaymentEvent.objects.filter(answers=request).exists():
        return None
    return request


def record_rejection(requests: Iterable[PaymentEvent], *, reason: str, now: datetime) -> None:
    """Record that the gateway rejected requests: staff may retry them."""
    for request in requests:
        PaymentEvent.objects.get_or_create(
            gateway=request.gateway,
            external_id=f"refused:{request.external_id}"[:120],
            defaults={
                "payment": request.payment,
                "kind": Kind.REFUSED,
                "answers": request,
                "reason": reason[:200],
                "occurred_at": now,
                "received_at": now,
            },
        )
