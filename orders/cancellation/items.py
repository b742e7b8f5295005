"""Item cancellation: cancel single lines or units of an order, by what their supplier can still do.

A request names the units to keep, not those to cancel: a repeated request, or one from a second
tab, finds them canceled already and changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from orders import events
from orders.backorders import (
    backorders,
    line_splits,
    purchase_order_cancellation,
    refunds,
    rejected_lines,
)
from orders.cancellation import cancellation
from orders.inventory import allocations
from orders.models import Backorder, Order, OrderLine, PurchaseLine, PurchaseOrder
from orders.purchasing import reassignment, submission
from storefront.lib.db.transactions import requires_transaction


class Scope(StrEnum):
    """What can still be canceled of the lines of a group."""

    UNITS = "units"  # any unit, at once
    ALL = "all"  # at once, but only all together
    REQUEST = "request"  # its supplier is asked, and cancels only all together
    REQUESTED = "requested"
    NOTHING = "nothing"  # shipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Open lines in one purchase order, or in one backorder, or in an order not yet sourced."""

    scope: Scope
    lines: tuple[OrderLine, ...]
    purchase_order: PurchaseOrder | None = None
    backorder: Backorder | None = None


class Outcome(StrEnum):
    """Outcome for one line."""

    CANCELED = "canceled"
    REQUESTED = "requested"
    TOGETHER = "together"  # refused: only all lines of the group can be canceled
    LATE = "late"  # refused: shipped


def find_groups(order: Order) -> list[Group]:
    """Return the lines of a paid order that are not canceled, grouped by what is still possible."""
    open_lines = {
        line.pk: line
        for line in order.lines.select_related("variant__product").order_by("pk")
        if line.quantity > line.canceled_quantity
    }
    groups = []
    purchase_orders = order.purchase_orders.exclude(status=PurchaseOrder.Status.CANCELED)
    for purchase_order in purchase_orders.prefetch_related("lines").order_by("pk"):
        purchase_order.order = order
        rows = [row for row in purchase_order.lines.all() if row.is_active]
        lines = tuple(
            open_lines.pop(row.order_line_id) for row in rows if row.order_line_id in open_lines
        )
        if lines:
            scope = _scope_of(purchase_order)
            groups.append(Group(scope=scope, lines=lines, purchase_order=purchase_order))
    waiting = order.backorders.filter(
        status__in=[Backorder.Status.OPEN, Backorder.Status.ASKED], kind=Backorder.Kind.REFUSED
    )
    for backorder in waiting.prefetch_related("lines").order_by("pk"):
        backorder.order = order
        ids = [row.order_line_id for row in backorder.lines.all() if row.is_open]
        lines = tuple(open_lines.pop(line_id) for line_id in ids if line_id in open_lines)
        if lines:
            groups.append(Group(scope=Scope.ALL, lines=lines, backorder=backorder))
    if open_lines:
        scope = Scope.ALL if order.purchase_orders.exists() else Scope.UNITS
        groups.append(Group(scope=scope, lines=tuple(open_lines.values())))
    return groups


def _scope_of(purchase_order: PurchaseOrder) -> Scope:
    if purchase_order.cancel_requested_at is not None and not purchase_order.is_being_reassigned:
        return Scope.REQUESTED
    if reassignment.is_unsubmitted(purchase_order):
        # After a failed attempt, a late acceptance would be for the units of that attempt.
        return Scope.ALL if purchase_order.attempts else Scope.UNITS
    is_cancelable = purchase_order.status in PurchaseOrder.CANCELABLE
    return Scope.REQUEST if is_cancelable else Scope.NOTHING


@transaction.atomic(durable=True)
def cancel_items(
    *, order: Order, keep: Mapping[int, int], reason: str, actor: str, now: datetime
) -> set[Outcome]:
    """Cancel lines down to the units to keep; return the outcomes, none if nothing changes.

    What no supplier has is canceled and refunded at once, to the cent; an order without purchase
    orders gets them first. A whole parcel that a supplier has is requested
    (``cancellation.process_request`` calls the supplier). Suppliers cancel no part of an order, so
    less is refused. The customer is notified of every outcome.

    Shape:  ``keep`` maps order line ids to units
    Locks:  the order, its purchase orders, then as ``cancellation.cancel``
    Raises: cancellation.TooLateError  the order has ended, or is not paid
    """
    locked = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    outcomes = cancel_items_locked(locked, keep=keep, reason=reason, actor=actor, now=now)
    order.refresh_from_db()
    return outcomes


@requires_transaction
def cancel_items_locked(
    locked: Order, *, keep: Mapping[int, int], reason: str, actor: str, now: datetime
) -> set[Outcome]:
    """Cancel lines of an order that the caller holds. Locks and errors: as ``cancel_items``."""
    list(locked.purchase_orders.select_for_update(of=["self"]).order_by("pk"))
    groups = find_groups(locked)
    wanted = {
        line.pk: keep[line.pk]
        for group in groups
        for line in group.lines
        if line.pk in keep and keep[line.pk] < line.quantity - line.canceled_quantity
    }
    if not wanted:
        return set()
    if locked.status not in Order.ACTIVE:
        raise cancellation.TooLateError(locked.number)
    cancelable = [group for group in groups if group.scope != Scope.NOTHING]
    if cancelable and all(_is_whole(group, wanted) for group in cancelable):
        late = [group for group in groups if group.scope == Scope.NOTHING]
        outcomes = {_refuse(group, wanted, now) for group in late if _wanted_of(group, wanted)}
        result = cancellation.cancel_locked(locked, reason=reason, actor=actor, now=now)
        outcomes |= {Outcome.REQUESTED} if result.open else set()
        outcomes |= {Outcome.CANCELED} if result.stopped or not result.open else set()
        return outcomes
    if not locked.purchase_orders.exists():
        submission.create_locked(locked, now=now)
        groups = find_groups(locked)
    return _cancel_parts(locked, groups, wanted, reason=reason, actor=actor, now=now)


def _wanted_of(group: Group, wanted: Mapping[int, int]) -> dict[int, int]:
    """Return the units to keep, of the lines of a group."""
    return {line.pk: wanted[line.pk] for line in group.lines if line.pk in wanted}


def _is_whole(group: Group, wanted: Mapping[int, int]) -> bool:
    return all(wanted.get(line.pk) == 0 for line in group.lines)


@requires_transaction
def _cancel_parts(  # noqa: PLR0913 - the parts of one record
    order: Order,
    groups: Sequence[Group],
    wanted: Mapping[int, int],
    *,
    reason: str,
    actor: str,
    now: datetime,
) -> set[Outcome]:
    """Cancel some of the lines; other lines of the order stay.

    Locks:  the caller holds the order and its purchase orders
    """
    outcomes = set()
    parts: list[tuple[PurchaseOrder, list[PurchaseLine]]] = []
    whole: list[Group] = []
    for group in groups:
        mine = _wanted_of(group, wanted)
        if not mine:
            continue
        is_whole = _is_whole(group, wanted)
        is_sourced = group.purchase_order is not None or group.backorder is not None
        if group.scope in {Scope.UNITS, Scope.ALL} and is_whole and is_sourced:
            whole.append(group)
            outcomes.add(Outcome.CANCELED)
        elif group.scope == Scope.UNITS and group.purchase_order is not None:
            parts.append((group.purchase_order, _split(group.purchase_order, mine)))
            outcomes.add(Outcome.CANCELED)
        elif group.scope == Scope.REQUEST and is_whole and group.purchase_order is not None:
            cancellation.request_cancellation(group.purchase_order, reason=reason, now=now)
            outcomes.add(Outcome.REQUESTED)
        elif group.scope == Scope.REQUESTED:
            outcomes.add(Outcome.REQUESTED)
        else:
            outcomes.add(_refuse(group, wanted, now))
    ids = [line.order_line_id for _purchase_order, lines in parts for line in lines]
    ids += [line.pk for group in whole for line in group.lines]
    # All stock rows together, in id order: the steps below find them released.
    allocations.release(
        lines=OrderLine.objects.filter(pk__in=ids), cause=f"order:{order.number}", now=now
    )
    for purchase_order, lines in parts:
        for line in lines:
            line.acknowledgment = backorders.CANCELED
            line.save(update_fields=["acknowledgment"])
        canceled = ", ".join(f"{line.quantity} × {line.order_line.sku}" for line in lines)
        reported = f"{canceled}, {actor}: {reason}"
        rejected_lines.cancel(purchase_order, lines, reported=reported, now=now)
        units = {line.order_line_id: line.quantity for line in lines}
        events.cancellation_answered(purchase_order, is_stopped=True, units=units, at=now)
    _cancel_whole(order, whole, reason=reason, actor=actor, now=now)
    return outcomes


def _split(purchase_order: PurchaseOrder, keep: Mapping[int, int]) -> list[PurchaseLine]:
    """Split the kept units off; return the lines to cancel."""
    rows = purchase_order.lines.filter(is_active=True, order_line__in=keep)
    allocations.lock_open(purchase_order=purchase_order)  # before the first split, all in id order
    return [
        line_splits.split(line, keep=units) if (units := keep[line.order_line_id]) else line
        for line in rows.select_related("order_line").order_by("pk")
    ]


@requires_transaction
def _cancel_whole(
    order: Order, groups: Sequence[Group], *, reason: str, actor: str, now: datetime
) -> None:
    unsubmitted = [group.purchase_order for group in groups if group.purchase_order is not None]
    for purchase_order in unsubmitted:
        purchase_order.is_being_reassigned, purchase_order.cancel_reason = False, reason[:200]
        purchase_order.save(update_fields=["is_being_reassigned", "cancel_reason"])
    purchase_order_cancellation.cancel_all(unsubmitted, order, reason=reason, actor=actor, now=now)
    for group in groups:
        if group.backorder is None:
            continue
        refunds.cancel_backorder(
            group.backorder, reason=reason, actor=actor, now=now, is_customer_notified=False
        )
        units = {line.pk: line.quantity for line in group.lines}
        events.cancellation_answered(
            group.backorder.purchase_order, is_stopped=True, units=units, at=now
        )


def _refuse(group: Group, wanted: Mapping[int, int], now: datetime) -> Outcome:
    """Refuse the lines of a group; the customer is notified once of the same refusal."""
    if group.purchase_order is not None:
        units = {
            line.pk: line.quantity - line.canceled_quantity - wanted[line.pk]
            for line in group.lines
            if line.pk in wanted
        }
        events.cancellation_answered(group.purchase_order, is_stopped=False, units=units, at=now)
    return Outcome.LATE if group.scope == Scope.NOTHING else Outcome.TOGETHER
