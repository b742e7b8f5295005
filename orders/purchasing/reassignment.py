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
    """The purchase order is over, shipped, accepted, or its cancellation is requested."""


@transaction.atomic(durable=True)
def move(*, purchase_order: PurchaseOrder, reason: str, actor: str, now: datetime) -> bool:
    """Reassign the purchase order to another supplier; return True if it is already free.

    If the supplier may have it, it is asked to cancel first, so that two suppliers never ship one
    line. The rest of the charge is held for no other purchase order.

    Locks:  the order, then the purchase order; to free it at once also what
            ``purchase_order_cancellation`` needs
    Raises: CannotMoveError
    """
    order = locks.lock(purchase_order)
    if order.status != Order.Status.PROCESSING or not can_move(purchase_order):
        raise CannotMoveError(f"{purchase_order}: {purchase_order.status}")
    if not backorders.could_begin(purchase_order, now=now):
        words = (
            "the routing rules allow no other supplier, or the payment authorization ends too soon"
        )
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
    """Return True if the supplier has not accepted it (acceptance captures the money).

    A requested cancellation excludes a reassignment, even if the supplier refused to cancel.
    """
    may_stop = _is_ours(purchase_order) or purchase_order.status in PurchaseOrder.STOPPABLE
    is_wished = purchase_order.cancel_wanted_at is not None or purchase_order.cancel_reason != ""
    return may_stop and not is_wished and purchase_order.accepted_at is None


def _is_ours(purchase_order: PurchaseOrder) -> bool:
    is_unsent = purchase_order.request_status in PurchaseOrder.NEVER_SENT
    return is_unsent and purchase_order.status in PurchaseOrder.NOT_BEGUN


def silent_for_long(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Return unconfirmed purchase orders of channels whose routing rules limit the wait.

    A supplier that announced a ship date still ahead is not silent. Callers check the exact limit
    with ``is_given_up``.
    """
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
        ~Exists(told),
        request_status__in=SILENT,
        status__in=PurchaseOrder.STOPPABLE,
        cancel_wanted_at__isnull=True,
        accepted_at__isnull=True,
        order__status=Order.Status.PROCESSING,
        request_status_since__lt=now - timedelta(hours=1),
    )
    return waited.select_related("order__channel", "supplier").order_by("pk")


def is_given_up(purchase_order: PurchaseOrder, *, after_h: int | None, now: datetime) -> bool:
    """Return True if the supplier exceeded its acknowledgement time plus ``after_h`` hours."""
    if after_h is None:
        return False
    promised = timedelta(minutes=purchase_order.supplier.acknowledge_within_min)
    return purchase_order.request_status_since < now - promised - timedelta(hours=after_h)


# Abandoned reassignments


@needs_transaction
def forget(purchase_order: PurchaseOrder) -> None:
    """Abandon the reassignment. A cancellation the customer requested stays.

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
    """Abandon the reassignment: the supplier accepted before it answered our cancellation request.

    Locks:  the caller holds the purchase order
    """
    if not purchase_order.is_to_be_moved:
        return
    forget(purchase_order)
    if purchase_order.request_status == Request.CANCELLATION_REQUESTED:
        words = "The supplier accepted the order before it answered the cancellation request."
        to = Request.CANCELLATION_REJECTED
        purchase_order.move(to, at=now, axis="request_status", reason=words)


# No shipping method

REASON = "no shipping method to the address"


def follow(purchase_order: PurchaseOrder, reasons: Sequence[Reason], *, now: datetime) -> bool:
    """Reassign it if its only hold reason is ``NO_WAY`` and the supplier was asked twice.

    Return True if reassigned. The first time it is held and checked again automatically
    (``holds.lift_answered``): one failed freight quote does not justify a refund.

    Locks:  as ``reassignment.move``
    """
    if {reason.code for reason in reasons} != {NO_WAY} or not was_asked_again(purchase_order):
        return False
    try:
        move(purchase_order=purchase_order, reason=REASON, actor="rules", now=now)
    except CannotMoveError:
        return False  # staff decide: there is no third automatic check
    return True
