"""Discrepancy resolution: close with a reason, apply lost gateway events, give up a day.

A lost event is applied by the same function that webhooks and polls use. Then the payment is
compared again.
"""

from __future__ import annotations

from datetime import datetime

from orders.accounting import three_way_match
from orders.accounting.reconciliation import discrepancies, gateway_comparison
from orders.models import MoneyDay, MoneyDifference
from orders.payments import updates


def settle(*, difference: MoneyDifference, reason: str, actor: str, now: datetime) -> None:
    """Close a difference that a person knows the reason of; nothing else is changed.

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
    """Close a day without having compared all of it.

    Raises: IllegalMoveError, LostRaceError  it is being compared, or was
    """
    day.move(MoneyDay.Status.GIVEN_UP, at=now, actor=actor, reason=reason)


# Lost gateway events

Kind = MoneyDifference.Kind
LOST = frozenset({Kind.NOT_WITH_US, Kind.REFUND_UNBOOKED, Kind.TWICE, Kind.AMOUNT})


class NothingToTakeInError(Exception):
    """It is no event that the gateway has and we have not."""


def can(difference: MoneyDifference) -> bool:
    """Test whether the gateway may have told something of a payment that we did not hear."""
    is_open = difference.status == MoneyDifference.Status.OPEN
    is_of_gateway = difference.part.startswith(gateway_comparison.part_of(""))
    return is_open and is_of_gateway and difference.kind in LOST and bool(difference.payment_id)


def take_in(*, difference: MoneyDifference, now: datetime) -> MoneyDifference:
    """Read all that happened to the payment, and apply what is new, once.

    Raises: NothingToTakeInError  it is gone, or nothing of the gateway's
            TemporaryError, PermanentError  the gateway did not tell; nothing changed
            TooEarlyError  what it tells builds on what it does not tell
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
