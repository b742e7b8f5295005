"""Reservations: hold stock for an unpaid order, extend, release, expire.

Each activity of the customer extends the hold to ``PAYMENT_WINDOW`` from now, at most
``MAX_RESERVATION_TIME`` after the stock was first held.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from orders.models import Order, OrderLine, Reservation
from orders.models.order import MAX_RESERVATION_TIME
from storefront.lib.db.bulk import insert
from storefront.lib.db.prepared_queries import PreparedQuery
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.failpoints import failpoint
from suppliers.inventory import ledger
from suppliers.models import StockLevel

PAYMENT_WINDOW = timedelta(minutes=20)  # from the customer's last activity
MIN_EXTENSION = timedelta(minutes=1)


def payment_deadline(
    *, since: datetime, now: datetime, window: timedelta = PAYMENT_WINDOW
) -> datetime:
    """Return the payment deadline of an order whose stock was first held at ``since``."""
    return min(now + window, since + MAX_RESERVATION_TIME)


def hold_start(order: Order) -> datetime:
    return order.first_reserved_at or order.placed_at


def can_extend(order: Order, *, now: datetime) -> bool:
    """Return whether activity now would extend the hold by ``MIN_EXTENSION`` or more."""
    if order.status != Order.Status.PENDING_PAYMENT or order.payment_due_at <= now:
        return False
    return (
        payment_deadline(since=hold_start(order), now=now) - order.payment_due_at >= MIN_EXTENSION
    )


@transaction.atomic(durable=True)
def extend_on_return(*, order: Order, now: datetime) -> None:
    """Extend the hold: the customer returned from the gateway without paying. Locks the order."""
    extend(Order.objects.select_for_update(of=["self"]).get(pk=order.pk), now=now)


@requires_transaction
def extend(order: Order, *, now: datetime) -> None:
    """Extend the hold after activity of the customer, if the order is unpaid and not overdue.

    Locks:  the caller holds the order
    """
    if not can_extend(order, now=now):
        return
    order.payment_due_at = later = payment_deadline(since=hold_start(order), now=now)
    order.save(update_fields=["payment_due_at"])
    Reservation.objects.filter(line__order=order, status=Reservation.Status.ACTIVE).update(
        expires_at=later
    )


# Holding and releasing stock


def build(*, lines: Sequence[OrderLine], until: datetime, now: datetime) -> list[Reservation]:
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


@requires_transaction
def hold(*, lines: Sequence[OrderLine], until: datetime, now: datetime) -> None:
    """Store reservations of the lines and hold their stock. Locks, raises as ``hold_stock``."""
    insert(build(lines=lines, until=until, now=now))
    hold_stock(lines=lines, now=now)


@requires_transaction
def hold_stock(*, lines: Sequence[OrderLine], now: datetime) -> None:
    """Hold the stock of all lines or none; lines of one stock row are summed.

    Call it last: other buyers of these rows wait from here until the commit.

    Locks:  the stock rows, in id order
    Raises: NotEnoughStockError  the caller's transaction must not be committed
    """
    units: Counter[int] = Counter()
    for line in lines:
        units[line.level_id] += line.quantity
    ledger.reserve(units=units, cause=f"order:{lines[0].order.number}", now=now)
    require_same_variants({line.level_id: {line.variant_id} for line in lines}, units)
    failpoint("checkout.before_commit")


@requires_transaction
def require_same_variants(
    variants: Mapping[int, Collection[int]], units: Mapping[int, int]
) -> None:
    """Check that held stock still is of the ordered variants, or of accepted substitutes.

    A merge or a split of staff may have moved the offer while ``ledger.reserve`` waited for the stock
    rows, which it locks (``suppliers.matches.locks``). Only a new statement sees that.

    Raises: NotEnoughStockError  the caller's transaction must not be committed
    """
    for level in _LEVELS_WITH_VARIANT(level_ids=list(variants)):
        if level.variant_id not in variants[level.pk]:  # type: ignore[attr-defined]
            raise ledger.NotEnoughStockError(level.pk, units[level.pk])


def _levels_with_variant(*, level_ids: list[int]) -> QuerySet[StockLevel]:
    """Return stock rows with the variant that each now supplies."""
    rows = StockLevel.objects.filter(pk__in=level_ids)
    return rows.only("pk").annotate(variant_id=F("offer__variant"))


_LEVELS_WITH_VARIANT = PreparedQuery(_levels_with_variant)


@requires_transaction
def release(*, order: Order, status: Reservation.Status, now: datetime) -> None:
    """Release the held stock of an order; ``status`` is released or expired.

    Locks:  the reservations of the order, then the stock rows in id order
    """
    units: Counter[int] = Counter()
    active = Reservation.objects.filter(line__order=order, status=Reservation.Status.ACTIVE)
    for reservation in active.select_for_update(of=["self"]).order_by("pk"):
        reservation.move(status, at=now, reason=f"order {order.status}")
        units[reservation.level_id] += reservation.quantity
    ledger.release(units=units, cause=f"order:{order.number}", now=now)
