"""Reassignment: move a purchase order to another supplier, find silent suppliers, abandon.

The current supplier must stop first. If it has the purchase order after all, it ships it and the
reassignment is abandoned. A supplier that twice has no shipping method to the destination loses
the purchase order without a decision of staff.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from orders.backorders import backorders, purchase_order_cancellation
from orders.models import Order, PurchaseOrder, RoutingRules, Setback
from orders.purchasing import locks
from orders.purchasing.holds.holds import was_asked_again
from orders.purchasing.holds.rules import NO_WAY, Reason
from storefront.lib.db.transactions import needs_transaction

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request
SILENT = (Request.SUBMITTED, Request.BACKORDERED)


class CannotMoveError(Exception):
    """It is over, on its way, charged already, or asked to be stopped."""


@transaction.atomic(durable=True)
def move(*, purchase_order: PurchaseOrder, reason: str, actor: str, now: datetime) -> bool:
    """Have another send what he did not; tell whether it is free already.

    What he may have is asked to be stopped first, as any wish to cancel is followed: two suppliers
    never send one line. What was charged for it is no longer held for anybody else.

    Locks:  the order, then the purchase order; to free it at once also what
            ``purchase_order_cancellation`` needs
    Raises: CannotMoveError
    """
    order = locks.lock(purchase_order)
    if order.status != Order.Status.PROCESSING or not can_move(purchase_order):
        raise CannotMoveError(f"{purchase_order}: {purchase_order.status}")
    if not backorders.could_begin(purchase_order, now=now):
        words = "the rules look nowhere else, or its money is not held long enough"
        raise CannotMoveError(f"{purchase_order}: {words}")
    purchase_order.is_to_be_moved = True
    purchase_order.cancel_wanted_at = now
    purchase_order.cancel_reason = f"{actor}: {reason}"[:200]
    fields = ["is_to_be_moved", "cancel_wanted_at", "cancel_reason"]
    purchase_order.save(update_fields=fields)
    is_ours = _is_ours(purchase_order)
    if is_ours:
        purchase_order_cancellation.close(purchase_order, cause="moved", reason=reason, now=now)
    return is_ours


def can_move(purchase_order: PurchaseOrder) -> bool:
    """Test whether it can still be taken from him: what he accepted is charged.

    What somebody wished to cancel is wanted from nobody else, although he could not stop it.
    """
    may_stop = _is_ours(purchase_order) or purchase_order.status in PurchaseOrder.STOPPABLE
    is_wished = purchase_order.cancel_wanted_at is not None or purchase_order.cancel_reason != ""
    return may_stop and not is_wished and purchase_order.accepted_at is None


def _is_ours(purchase_order: PurchaseOrder) -> bool:
    is_unsent = purchase_order.request_status in PurchaseOrder.NEVER_SENT
    return is_unsent and purchase_order.status in PurchaseOrder.NOT_BEGUN


def silent_for_long(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Find what its supplier was to confirm, where the rules of its channel give up waiting."""
    rules = RoutingRules.objects.filter(
        channel=OuterRef("order__channel"),
        status=RoutingRules.Status.LIVE,
        moves_silent_after_h__isnull=False,
    )
    told = Setback.objects.filter(
        purchase_order=OuterRef("pk"), kind=Setback.Kind.LATER, ships_by__gte=now.date()
    )
    waited = PurchaseOrder.objects.filter(
        Exists(rules),
        ~Exists(told),  # who names a day is not silent
        request_status__in=SILENT,
        status__in=PurchaseOrder.STOPPABLE,
        cancel_wanted_at__isnull=True,
        accepted_at__isnull=True,
        order__status=Order.Status.PROCESSING,
        request_status_since__lt=now - timedelta(hours=1),
    )
    return waited.select_related("order__channel", "supplier").order_by("pk")


def is_given_up(purchase_order: PurchaseOrder, *, after_h: int | None, now: datetime) -> bool:
    """Test whether he has been silent for longer than promised, and than the rules wait."""
    if after_h is None:
        return False
    promised = timedelta(minutes=purchase_order.supplier.acknowledge_within_min)
    return purchase_order.request_status_since < now - promised - timedelta(hours=after_h)


# Abandoned reassignments


@needs_transaction
def forget(purchase_order: PurchaseOrder) -> None:
    """Let it stay with its supplier; a shopper's wish to cancel is none of this.

    Locks:  the caller holds the purchase order
    """
    if not purchase_order.is_to_be_moved:
        return
    purchase_order.is_to_be_moved = False
    purchase_order.cancel_wanted_at = None
    purchase_order.cancel_reason = ""
    fields = ["is_to_be_moved", "cancel_wanted_at", "cancel_reason"]
    purchase_order.save(update_fields=fields)


@needs_transaction
def outrun(purchase_order: PurchaseOrder, *, now: datetime) -> None:
    """Forget it because he said yes before he answered whether he stops it: that is a no.

    Locks:  the caller holds the purchase order
    """
    if not purchase_order.is_to_be_moved:
        return
    forget(purchase_order)
    if purchase_order.request_status == Request.CANCELLATION_REQUESTED:
        words = "He accepted it before he answered."
        to = Request.CANCELLATION_REJECTED
        purchase_order.move(to, at=now, axis="request_status", reason=words)


# No shipping method

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
        move(purchase_order=purchase_order, reason=REASON, actor="rules", now=now)
    except CannotMoveError:
        return False  # a person decides: it is not asked for by itself once more
    return True
