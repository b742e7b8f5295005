"""Have another send what a supplier carries there in no way, once he has said so twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orders.models import PurchaseOrder
from orders.purchasing import reassignment
from orders.purchasing.holds.holds import was_asked_again
from orders.purchasing.holds.rules import NO_WAY, Reason

REASON = "he carries it there in no way"


def follow(purchase_order: PurchaseOrder, reasons: Sequence[Reason], *, now: datetime) -> bool:
    """Have another send it where nothing else holds it, and he was asked before; tell whether.

    The first time it is held, and asked for again by itself (``holds.lift_answered``): a quote
    that fails once is no reason to give a shopper's money back.

    Locks:  as ``reassignment.move``
    """
    if {reason.code for reason in reasons} != {NO_WAY} or not was_asked_again(purchase_order):
        return False
    try:
        reassignment.move(purchase_order=purchase_order, reason=REASON, actor="rules", now=now)
    except reassignment.CannotMoveError:
        return False  # a person decides: it is not asked for by itself once more
    return True
