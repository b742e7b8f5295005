"""Discrepancy resolution: accept with a reason, apply lost gateway events, skip a day.

A lost event is applied by the function that webhooks and polls use. Then the payment is compared
again.
"""

from __future__ import annotations

from datetime import datetime

from orders.accounting import three_way_match
from orders.accounting.reconciliation import discrepancies, gateway_comparison
from orders.models import MoneyDay, MoneyDifference
from orders.payments import updates


def settle(*, difference: MoneyDifference, reason: str, actor: str, now: datetime) -> None:
    """Accept a discrepancy whose reason staff know; nothing else changes.

    Raises: IllegalMoveError, LostRaceError  it is not open any more
    """
    difference.move(
        MoneyDifference.Status.SETTLED,
        at=now,
        actor=actor,
        reason=reason,
        closed_by=actor[:100],
        closed_because=reason[:200],
    )
    if difference.bill_id is not None and difference.purchase_order_id is not None:
        three_way_match.mark(part=difference.part, purchase_orders=[difference.purchase_order_id])


def give_up(*, day: MoneyDay, reason: str, actor: str, now: datetime) -> None:
    """Close a day without a complete comparison.

    Raises: IllegalMoveError, LostRaceError  it is being compared, or was
    """
    day.move(MoneyDay.Status.GIVEN_UP, at=now, actor=actor, reason=reason)


# Lost gateway events

Kind = MoneyDifference.Kind
LOST = frozenset({Kind.NOT_WITH_US, Kind.REFUND_UNBOOKED, Kind.TWICE, Kind.AMOUNT})


class NothingToTakeInError(Exception):
    """The discrepancy is not an event that only the gateway has."""


def can(difference: MoneyDifference) -> bool:
    """Return whether the gateway may have an event of the payment that we have not."""
    is_open = difference.status == MoneyDifference.Status.OPEN
    is_of_gateway = difference.part.startswith(gateway_comparison.part_of(""))
    return is_open and is_of_gateway and difference.kind in LOST and bool(difference.payment_id)


def take_in(*, difference: MoneyDifference, now: datetime) -> MoneyDifference:
    """Read all events of the payment from the gateway, and apply the missing ones once.

    Raises: NothingToTakeInError  it is cleared, or not about a gateway event
            TemporaryError, PermanentError  the gateway does not answer; nothing changes
            TooEarlyError  an earlier event is missing
    """
    difference.refresh_from_db()
    payment = difference.payment
    if payment is None or not can(difference):
        raise NothingToTakeInError(str(difference))
    updates.read(payment=payment, now=now)
    mine = MoneyDifference.objects.filter(
        part=difference.part, payment=payment, status=MoneyDifference.Status.OPEN
    )
    examined = frozenset(mine.values_list("pk", flat=True))
    findings = gateway_comparison.of_payment(payment=payment, now=now, is_settled=True) or []
    day = MoneyDay.objects.get(day=difference.last_day)
    discrepancies.record(
        part=difference.part, findings=findings, examined=examined, day=day, now=now
    )
    difference.refresh_from_db()
    return difference
