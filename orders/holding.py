"""Let go on what was held: when a person has looked at it, or when its cause is gone."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from catalog.models import ExchangeRate
from orders.gate import NO_RATE
from orders.models import Order, PurchaseOrder
from storefront.lib.states import IllegalMoveError, LostRaceError

BATCH = 200


@transaction.atomic(durable=True)
def go_on(*, order: Order, reason: str, actor: str, now: datetime) -> Order:
    """Release a held order to where it was: divided already, or about to be.

    Locks:  the order
    Raises: IllegalMoveError  it is not on hold
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if order.status != Order.Status.ON_HOLD:
        raise IllegalMoveError(f"{order}: {order.status} is not on hold")
    is_divided = order.purchase_orders.exclude(status="canceled").exists()
    to = Order.Status.PROCESSING if is_divided else Order.Status.PLACED
    order.move(to, at=now, actor=actor, reason=reason, hold_reason="")
    return order


def lift_answered(*, now: datetime) -> int:
    """Release what waited only for an exchange rate, and count it; it is checked anew.

    A reason that is gone is taken off also where others stay: staff would read it as true.
    """
    pairs = ExchangeRate.objects.values_list("base", "quote")
    known = {f"{base}-{quote}" for base, quote in pairs}
    held = PurchaseOrder.objects.filter(
        status=PurchaseOrder.Status.ON_HOLD, hold_reasons__contains=[{"code": NO_RATE}]
    )
    return sum(_lift(purchase_order, known, now) for purchase_order in held.order_by("pk")[:BATCH])


def _lift(purchase_order: PurchaseOrder, known: set[str], now: datetime) -> bool:
    seen = purchase_order.hold_reasons
    left = [
        reason for reason in seen if reason["code"] != NO_RATE or reason["subject"] not in known
    ]
    if left:
        PurchaseOrder.objects.filter(
            pk=purchase_order.pk, status=PurchaseOrder.Status.ON_HOLD, hold_reasons=seen
        ).update(hold_reasons=left)
        return False
    with suppress(LostRaceError):  # staff released it, or it was canceled
        purchase_order.move(
            PurchaseOrder.Status.READY,
            at=now,
            reason="the exchange rate is known",
            as_seen=("hold_reasons",),
            hold_reasons=[],
        )
        return True
    return False
