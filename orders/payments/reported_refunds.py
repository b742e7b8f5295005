"""Reported refunds: record a refund made at the gateway itself, cancel the units that it returns.

step    what happens                                           safe to repeat because
cancel  units that can still be canceled; suppliers are asked  the refund is recorded once
answer  the refund requests that this made, by this refund     same transaction: no worker sees them
settle  what suppliers have yet to cancel is refunded as well  ``rejected_lines.charged_amount``
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from orders import ledger
from orders.backorders import rejected_lines
from orders.cancellation import cancellation, items
from orders.gateways.base import PaymentUpdate
from orders.models import Order, Payment, PaymentEvent, PurchaseOrder
from orders.payments import updates
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money

Kind = PaymentEvent.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Whether the refund is new, and whether a unit of it can no longer be canceled."""

    is_new: bool
    is_too_late: bool = False


@transaction.atomic(durable=True)
def record(  # noqa: PLR0913 - the parts of one record
    *,
    payment: Payment,
    update: PaymentUpdate,
    keep: Mapping[int, int],
    reason: str,
    actor: str,
    now: datetime,
) -> Recorded:
    """Record a refund that the customer has received, and cancel its units. Idempotent.

    The cancellation does not request this money again. A unit that has shipped stays sold.

    Shape:  ``keep`` maps order line ids to units, empty for a refund of no unit
    Locks:  the order, its purchase orders, the payment, then as ``cancellation.cancel``
    Raises: updates.TooEarlyError  it refunds more than is captured; nothing is written
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=payment.order_id)
    if ledger.is_recorded(payment, update.external_id):
        return Recorded(is_new=False)
    known = set(payment.events.values_list("pk", flat=True))
    is_too_late = False
    if keep:
        try:
            outcomes = items.cancel_items_locked(
                order, keep=keep, reason=reason, actor=actor, now=now
            )
        except cancellation.TooLateError:
            is_too_late = True
        else:
            is_too_late = bool(outcomes & {items.Outcome.LATE, items.Outcome.TOGETHER})
    payment = Payment.objects.select_for_update(of=["self"]).get(pk=payment.pk)
    payment.order = order
    requests = payment.events.filter(kind=Kind.REFUND_REQUESTED, outcome__isnull=True)
    made = [request for request in requests.order_by("pk") if request.pk not in known]
    remaining = _answer(payment, made, update, now)
    asked = order.purchase_orders.filter(
        cancel_requested_at__isnull=False, lines__order_line__in=keep
    ).exclude(status=PurchaseOrder.Status.CANCELED)
    made = list(_settle(payment, asked.distinct().order_by("pk"), update, remaining, now))
    remaining = _answer(payment, made, update, now, remaining=remaining)
    if remaining:
        _apply(payment, update, amount=remaining, request_key="", now=now)
    return Recorded(is_new=True, is_too_late=is_too_late)


def _answer(
    payment: Payment,
    requests: list[PaymentEvent],
    update: PaymentUpdate,
    now: datetime,
    *,
    remaining: Money | None = None,
) -> Money:
    """Answer requests by this refund, as far as it reaches; return what is left of it.

    A request beyond the refund is refused: the customer got less, and staff decide on the rest.
    """
    remaining = update.amount if remaining is None else remaining
    for request in requests:
        amount = min(Money(request.amount, payment.currency), remaining)
        if amount:
            _apply(payment, update, amount=amount, request_key=request.external_id, now=now)
            remaining -= amount
        else:
            reason = "less was refunded at the gateway"
            ledger.record_rejection([request], reason=reason, now=now)
    return remaining


@requires_transaction
def _settle(
    payment: Payment,
    asked: Iterable[PurchaseOrder],
    update: PaymentUpdate,
    remaining: Money,
    now: datetime,
) -> Iterator[PaymentEvent]:
    """Request what suppliers have yet to cancel, so that their answers do not refund it again."""
    for purchase_order in asked:
        amount = min(remaining, rejected_lines.charged_amount(purchase_order))
        if amount.amount > 0:
            purpose = rejected_lines.refund_purpose(purchase_order, update.external_id)
            ledger.request_refund(payment, amount=amount, purpose=purpose, at=now)
            yield payment.events.get(external_id=ledger.refund_key(payment, purpose)[:120])
            remaining -= amount


def _apply(
    payment: Payment, update: PaymentUpdate, *, amount: Money, request_key: str, now: datetime
) -> None:
    """Apply one part of the refund; the first part has the refund's own id."""
    is_part = Q(external_id=update.external_id) | Q(
        external_id__startswith=f"{update.external_id}/"
    )
    count = payment.events.filter(is_part, kind=Kind.REFUNDED).count()
    external_id = f"{update.external_id}/{count + 1}" if count else update.external_id
    part = replace(update, amount=amount, request_key=request_key, external_id=external_id)
    updates.apply_locked(payment, part, now=now)
