"""How long an unpaid order holds its goods: on while its shopper is at it, never for ever."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from orders.models import Order, Reservation
from orders.models.order import HELD_AT_MOST
from storefront.lib.db.transactions import needs_transaction

PAY_WITHIN = timedelta(minutes=20)  # from the last sign of its shopper
WORTH_WRITING = timedelta(minutes=1)


def until(*, since: datetime, now: datetime) -> datetime:
    """Say how long an order holds on, whose goods its shopper first held at ``since``."""
    return min(now + PAY_WITHIN, since + HELD_AT_MOST)


def first_held(order: Order) -> datetime:
    return order.held_since or order.placed_at


def is_worth_it(order: Order, *, now: datetime) -> bool:
    """Whether an order would be held longer for a sign of its shopper now."""
    if order.status != Order.Status.PENDING_PAYMENT or order.pay_before <= now:
        return False
    return until(since=first_held(order), now=now) - order.pay_before >= WORTH_WRITING


@transaction.atomic(durable=True)
def come_back(*, order: Order, now: datetime) -> None:
    """Hold on for a shopper who came back from the gateway and has not paid.

    Locks:  the order
    """
    stay(Order.objects.select_for_update(of=["self"]).get(pk=order.pk), now=now)


@needs_transaction
def stay(order: Order, *, now: datetime) -> None:
    """Hold on for a shopper who just did something, unless it is unpaid no more, or too late.

    Locks:  the caller holds the order
    """
    if not is_worth_it(order, now=now):
        return
    order.pay_before = later = until(since=first_held(order), now=now)
    order.save(update_fields=["pay_before"])
    Reservation.objects.filter(line__order=order, status=Reservation.Status.ACTIVE).update(
        expires_at=later
    )
