"""Reservations: hold stock for an unpaid order, extend, release, expire.

Each activity of the customer extends the hold to ``PAY_WITHIN`` from now, at most
``HELD_AT_MOST`` after the stock was first held.
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

PAY_WITHIN = timedelta(minutes=20)  # from the customer's last activity
WORTH_WRITING = timedelta(minutes=1)


def until(*, since: datetime, now: datetime) -> datetime:
    """Return the payment deadline of an order whose stock was first held at ``since``."""
    return min(now + PAY_WITHIN, since + HELD_AT_MOST)


def first_held(order: Order) -> datetime:
    return order.held_since or order.placed_at


def is_worth_it(order: Order, *, now: datetime) -> bool:
    """Return True if activity now would extend the hold by ``WORTH_WRITING`` or more."""
    if order.status != Order.Status.PENDING_PAYMENT or order.pay_before <= now:
        return False
    return until(since=first_held(order), now=now) - order.pay_before >= WORTH_WRITING


@transaction.atomic(durable=True)
def come_back(*, order: Order, now: datetime) -> None:
    """Extend the hold: the customer returned from the gateway without paying.

    Locks:  the order
    """
    stay(Order.objects.select_for_update(of=["self"]).get(pk=order.pk), now=now)


@needs_transaction
def stay(order: Order, *, now: datetime) -> None:
    """Extend the hold after activity of the customer, if the order is unpaid and not overdue.

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
    """Return unsaved reservations of the lines; nothing is stored or held."""
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
    """Store reservations of the lines and hold their stock.

    Locks, Raises: as ``take``
    """
    insert(of(lines=lines, until=until, now=now))
    take(lines=lines, now=now)


@needs_transaction
def take(*, lines: Sequence[OrderLine], now: datetime) -> None:
    """Hold the stock of all lines or none; lines of one stock row are summed.

    Call it last: other buyers of these rows wait from here until the commit.

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
    """Release the held stock of an order; ``status`` is released or expired.

    Locks:  the reservations of the order, then the stock rows in id order
    """
    units: Counter[int] = Counter()
    active = Reservation.objects.filter(line__order=order, status=Reservation.Status.ACTIVE)
    for reservation in active.select_for_update(of=["self"]).order_by("pk"):
        reservation.move(status, at=now, reason=f"order {order.status}")
        units[reservation.level_id] += reservation.quantity
    ledger.let_go(units=units, cause=f"order:{order.number}", now=now)
