"""Discrepancy resolution: close with a reason, apply lost gateway events, close a run."""

from datetime import datetime

from orders.accounting import three_way_match
from orders.accounting.reconciliation import discrepancies, gateway_comparison
from orders.models import Discrepancy, ReconciliationRun
from orders.payments import updates


def close_discrepancy(*, difference: Discrepancy, reason: str, actor: str, now: datetime) -> None:
    """Close a discrepancy that staff can explain; no amount changes.

    Raises: InvalidTransitionError, ConcurrentUpdateError  it is not open any more
    """
    difference.move(
        Discrepancy.Status.SETTLED,
        at=now,
        actor=actor,
        reason=reason,
        closed_by=actor[:100],
        close_reason=reason[:200],
    )
    if difference.supplier_invoice_id is not None and difference.purchase_order_id is not None:
        three_way_match.store_match_status(
            part=difference.part, purchase_orders=[difference.purchase_order_id]
        )


def close_run(*, day: ReconciliationRun, reason: str, actor: str, now: datetime) -> None:
    """Close a day without a complete comparison.

    Raises: InvalidTransitionError, ConcurrentUpdateError  it is running or reconciled
    """
    day.move(ReconciliationRun.Status.CLOSED, at=now, actor=actor, reason=reason)


# Lost gateway events

Kind = Discrepancy.Kind
LOST = frozenset({Kind.NOT_WITH_US, Kind.REFUND_UNBOOKED, Kind.TWICE, Kind.AMOUNT})


class NoLostEventError(Exception):
    """The discrepancy is closed, or no event that we missed can explain it."""


def can_apply_lost_event(difference: Discrepancy) -> bool:
    """Return whether we may have missed an event of the payment at the gateway."""
    is_open = difference.status == Discrepancy.Status.OPEN
    is_of_gateway = difference.part.startswith(gateway_comparison.counterparty_of(""))
    return is_open and is_of_gateway and difference.kind in LOST and bool(difference.payment_id)


def apply_lost_events(*, difference: Discrepancy, now: datetime) -> Discrepancy:
    """Read all events of the payment from the gateway, and apply the missing ones once.

    Raises: NoLostEventError                see there
            TemporaryError, PermanentError  the gateway does not answer; nothing changes
            TooEarlyError                   an earlier event is missing
    """
    difference.refresh_from_db()
    payment = difference.payment
    if payment is None or not can_apply_lost_event(difference):
        raise NoLostEventError(str(difference))
    updates.refresh(payment=payment, now=now)
    open_discrepancies = Discrepancy.objects.filter(
        part=difference.part, payment=payment, status=Discrepancy.Status.OPEN
    )
    examined = frozenset(open_discrepancies.values_list("pk", flat=True))
    findings = gateway_comparison.compare_payment(payment=payment, now=now, is_settled=True) or []
    day = ReconciliationRun.objects.get(day=difference.last_day)
    discrepancies.record(
        part=difference.part, findings=findings, examined=examined, day=day, now=now
    )
    difference.refresh_from_db()
    return difference
