"""Reservations: hold stock for an unpaid order, extend, release, expire.

Each sign of activity of the customer extends the hold to ``PAY_WITHIN`` from now. It ends
``HELD_AT_MOST`` after the stock was first held, whatever the customer does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from orders.models import Order, OrderLine, Reservation
from orders.models.order import HELD_AT_MOST
from storefront.lib.db.bulk import insert
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.failpoints import failpoint
from suppliers.inventory import ledger

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


# Holding and releasing stock


def of(*, lines: Sequence[OrderLine], until: datetime, now: datetime) -> list[Reservation]:
    """Make the rows that keep the units of an order; nothing is written or held."""
    return [
        Reservation(
            line=line,
            level_id=line.level_id,
            quantity=line.quantity,
            expires_at=until,
            status=Reservation.Status.ACTIVE,
            status_since=now,
        )
        for line in lines
    ]


@needs_transaction
def hold(*, lines: Sequence[OrderLine], until: datetime, now: datetime) -> None:
    """Hold the units of an order, and write down for how long.

    Locks, Raises: as ``take``
    """
    insert(of(lines=lines, until=until, now=now))
    take(lines=lines, now=now)


@needs_transaction
def take(*, lines: Sequence[OrderLine], now: datetime) -> None:
    """Take the units of an order, all lines or none; lines on one stock row are summed.

    At last: who wants the same row waits from here until the order is committed.

    Locks:  the stock rows, in id order
    Raises: NotEnoughStockError  the caller's transaction must not be committed
    """
    units: Counter[int] = Counter()
    for line in lines:
        units[line.level_id] += line.quantity
    ledger.hold(units=units, cause=f"order:{lines[0].order.number}", now=now)
    failpoint("checkout.before_commit")


@needs_transaction
def end(*, order: Order, status: Reservation.Status, now: datetime) -> None:
    """Give the held units of an order back: it was given up (released) or too slow (expired).

    Locks:  the reservations of the order, then the stock rows in id order
    """
    units: Counter[int] = Counter()
    active = Reservation.objects.filter(line__order=order, status=Reservation.Status.ACTIVE)
    for reservation in active.select_for_update(of=["self"]).order_by("pk"):
        reservation.move(status, at=now, reason=f"order {order.status}")
        units[reservation.level_id] += reservation.quantity
    ledger.let_go(units=units, cause=f"order:{order.number}", now=now)
