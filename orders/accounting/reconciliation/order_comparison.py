"""Order comparison: compare captured money with the value of each order and its purchases."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Prefetch, Q

from orders import ledger
from orders.accounting.reconciliation.discrepancies import ComparisonResult, Finding, Kind, Measure
from orders.models import (
    CanceledShipmentDecision,
    Discrepancy,
    Order,
    Payment,
    PaymentEvent,
    PurchaseOrder,
)
from orders.payments import captures

COUNTERPARTY = "orders"
# Captures and refunds normally follow the supplier's answer within minutes.
PAYMENT_LAG = timedelta(hours=1)
Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission
SHIPPED = (Status.PARTIALLY_SHIPPED, Status.SHIPPED, Status.CLOSED)
NOT_ORDERED = (Submission.UNSUBMITTED, Submission.SUBMIT_FAILED, Submission.REJECTED)
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Sums of the payments of an order, in its currency."""

    captured: Decimal
    kept: Decimal  # captured and not refunded
    paying: int  # payments with money: authorized, or captured and not refunded


def compare(*, since: datetime, until: datetime, now: datetime) -> ComparisonResult:
    """Compare the orders that changed in [``since``, ``until``) or have open discrepancies."""
    orders = _orders(since, until)
    in_flight = [order.pk for order in orders if _is_in_flight(order, now)]
    return ComparisonResult(
        findings=[finding for order in orders for finding in _of_order(order, now)],
        count=len(orders),
        undecided=Q(order__in=in_flight, kind=Kind.NOTHING_ORDERED),
    )


def _of_order(order: Order, now: datetime) -> Iterator[Finding]:
    payments = list(order.payments.all())
    for payment in payments:
        if payment.currency != order.currency and payment.authorized_amount:
            yield _finding(
                order,
                Kind.CURRENCY,
                expected=order.total_amount,
                found=payment.authorized_amount,
                found_currency=payment.currency,
                payment=payment,
            )
    sums = _sum_payments([payment for payment in payments if payment.currency == order.currency])
    if sums.paying > 1:
        yield _finding(order, Kind.TWICE, expected=order.total_amount, found=sums.captured)
    elif sums.captured > order.total_amount:
        yield _finding(order, Kind.OVER_CAPTURED, expected=order.total_amount, found=sums.captured)
    yield from _shipped(order, sums, now)
    yield from _ordered(order, sums, now)


def _shipped(order: Order, sums: _Sums, now: datetime) -> Iterator[Finding]:
    due = [
        purchase_order
        for purchase_order in order.purchase_orders.all()
        if purchase_order.status in SHIPPED and purchase_order.status_since <= now - PAYMENT_LAG
    ]
    charged = sum((purchase_order.customer_charge_amount for purchase_order in due), NOTHING)
    if charged <= sums.captured:
        return
    if not any(captures.is_deferred(payment, now=now) for payment in order.payments.all()):
        purchase_order = due[0] if len(due) == 1 else None
        yield _finding(
            order,
            Kind.NOT_CAPTURED,
            expected=charged,
            found=sums.captured,
            purchase_order=purchase_order,
        )


def _ordered(order: Order, sums: _Sums, now: datetime) -> Iterator[Finding]:
    purchase_orders = order.purchase_orders.all()
    is_ordered = any(
        purchase_order.status != Status.CANCELED
        and purchase_order.submission_status not in NOT_ORDERED
        for purchase_order in purchase_orders
    )
    if sums.kept <= 0 or is_ordered or _is_in_flight(order, now):
        return
    refunds = PaymentEvent.objects.filter(
        payment__order=order, kind=PaymentEvent.Kind.REFUND_REQUESTED, outcome__isnull=True
    )
    is_refunding = refunds.filter(received_at__gt=now - PAYMENT_LAG).exists()
    kept_and_paid = CanceledShipmentDecision.objects.filter(
        purchase_order__order=order, outcome=CanceledShipmentDecision.Outcome.KEPT_PAID
    )
    if not is_refunding and not kept_and_paid.exists():
        yield _finding(order, Kind.NOTHING_ORDERED, expected=None, found=sums.kept)


def _is_in_flight(order: Order, now: datetime) -> bool:
    """Return whether a recent change may not be reflected in payments yet."""
    moments = [
        order.status_since,
        *(purchase_order.status_since for purchase_order in order.purchase_orders.all()),
    ]
    return max(moments) > now - PAYMENT_LAG


def _sum_payments(payments: Sequence[Payment]) -> _Sums:
    balances = [payment.captured_amount - payment.refunded_amount for payment in payments]
    holding = [
        payment
        for payment, balance in zip(payments, balances, strict=True)
        if balance > 0 or payment.open_amount
    ]
    return _Sums(
        captured=sum((payment.captured_amount for payment in payments), NOTHING),
        kept=sum(balances, NOTHING),
        paying=len(holding),
    )


def _orders(since: datetime, until: datetime) -> list[Order]:
    events = PaymentEvent.objects.filter(received_at__gte=since, received_at__lt=until)
    events = events.exclude(kind__in=ledger.REQUESTS)
    moved = PurchaseOrder.objects.filter(status_since__gte=since, status_since__lt=until)
    differing = Discrepancy.objects.filter(part=COUNTERPARTY, status=Discrepancy.Status.OPEN)
    rows = Order.objects.filter(
        Q(pk__in=events.values("payment__order"))
        | Q(status_since__gte=since, status_since__lt=until)
        | Q(pk__in=moved.values("order"))
        | Q(pk__in=differing.values("order"))
    )
    purchase_orders = PurchaseOrder.objects.order_by("pk")
    return list(
        rows.prefetch_related("payments", Prefetch("purchase_orders", purchase_orders)).order_by(
            "pk"
        )
    )


def _finding(  # noqa: PLR0913 - the parts of one record
    order: Order,
    kind: Discrepancy.Kind,
    *,
    expected: Decimal | None,
    found: Decimal | None,
    found_currency: str = "",
    payment: Payment | None = None,
    purchase_order: PurchaseOrder | None = None,
) -> Finding:
    return Finding(
        kind=kind,
        what=Measure.AUTHORIZED if kind == Kind.CURRENCY else Measure.CAPTURED,
        subject=f"{order.pk}:{payment.pk}" if payment else str(order.pk),
        currency=order.currency,
        expected=expected or None,
        found=found or None,
        found_currency=found_currency,
        order_id=order.pk,
        payment_id=payment.pk if payment else None,
        purchase_order_id=purchase_order.pk if purchase_order else None,
    )
