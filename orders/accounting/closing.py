"""What a person does to a difference, or to a day that cannot be reconciled."""

from __future__ import annotations

from datetime import datetime

from orders.accounting import three_way_match
from orders.models import MoneyDay, MoneyDifference


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
