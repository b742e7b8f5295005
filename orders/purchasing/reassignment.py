"""Reassignment: move a purchase order to another supplier if the first is late or cannot ship.

The first supplier must cancel before. If it accepts the purchase order after all, the reassignment
is abandoned. A purchase order for which a supplier twice has no shipping method is reassigned
without staff.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from orders.backorders import backorders, purchase_order_cancellation
from orders.models import Backorder, Order, PurchaseOrder, RoutingRules
from orders.purchasing import locks
from orders.purchasing.holds.holds import was_rechecked
from orders.purchasing.holds.rules import NO_SHIPPING_METHOD, HoldReason
from storefront.lib.db.transactions import requires_transaction

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission
UNCONFIRMED_STATES = (Submission.SUBMITTED, Submission.BACKORDERED)


class NotReassignableError(Exception):
    """The purchase order or the routing rules do not allow it; the message gives the reason."""


@transaction.atomic(durable=True)
def reassign(*, purchase_order: PurchaseOrder, reason: str, actor: str, now: datetime) -> bool:
    """Reassign the purchase order to another supplier; return True if that is done at once.

    If the supplier may have it, we request a cancellation first, so that two suppliers never
    ship one line.

    Locks:  the order, then the purchase order; if done at once, also as
            ``purchase_order_cancellation.cancel``
    Raises: NotReassignableError
    """
    order = locks.lock(purchase_order)
    if order.status != Order.Status.PROCESSING or not can_reassign(purchase_order):
        raise NotReassignableError(
            gettext(
                "%(order)s cannot be reassigned: its order is not in progress, its supplier accepted"
                " or shipped it, or its cancellation was requested."
            )
            % {"order": purchase_order}
        )
    if not backorders.can_reroute_all(purchase_order, now=now):
        message = gettext(
            "The routing rules allow no other supplier for %(order)s, or the payment authorization"
            " ends too soon."
        )
        raise NotReassignableError(message % {"order": purchase_order})
    purchase_order.is_being_reassigned = True
    purchase_order.cancel_requested_at = now
    purchase_order.cancel_reason = f"{actor}: {reason}"[:200]
    fields = ["is_being_reassigned", "cancel_requested_at", "cancel_reason"]
    purchase_order.save(update_fields=fields)
    is_free = is_unsubmitted(purchase_order)
    if is_free:
        purchase_order_cancellation.cancel(purchase_order, cause="moved", reason=reason, now=now)
    return is_free


def can_reassign(purchase_order: PurchaseOrder) -> bool:
    """Return whether the purchase order can move to another supplier.

    It cannot after the supplier accepted it, because that captures the money, nor after a
    cancellation request, even if the supplier refused it.
    """
    can_stop = is_unsubmitted(purchase_order) or purchase_order.status in PurchaseOrder.CANCELABLE
    is_cancellation_requested = (
        purchase_order.cancel_requested_at is not None or purchase_order.cancel_reason != ""
    )
    return can_stop and not is_cancellation_requested and purchase_order.accepted_at is None


def is_unsubmitted(purchase_order: PurchaseOrder) -> bool:
    """Return whether no supplier can have the purchase order."""
    is_never_submitted = purchase_order.submission_status in PurchaseOrder.UNSUBMITTED_STATES
    return is_never_submitted and purchase_order.status in PurchaseOrder.NOT_STARTED


def find_unconfirmed(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Return unconfirmed purchase orders of channels whose routing rules limit the wait.

    A supplier that announced a later ship date has answered. Callers check the exact limit with
    ``is_overdue``.
    """
    rules = RoutingRules.objects.filter(
        channel=OuterRef("order__channel"),
        status=RoutingRules.Status.LIVE,
        reassign_after_hours__isnull=False,
    )
    announced = Backorder.objects.filter(
        purchase_order=OuterRef("pk"), kind=Backorder.Kind.LATER, ships_by__gte=now.date()
    )
    unconfirmed = PurchaseOrder.objects.filter(
        Exists(rules),
        ~Exists(announced),
        submission_status__in=UNCONFIRMED_STATES,
        status__in=PurchaseOrder.CANCELABLE,
        cancel_requested_at__isnull=True,
        accepted_at__isnull=True,
        order__status=Order.Status.PROCESSING,
        submission_status_since__lt=now - timedelta(hours=1),
    )
    return unconfirmed.select_related("order__channel", "supplier").order_by("pk")


def is_overdue(purchase_order: PurchaseOrder, *, after_h: int | None, now: datetime) -> bool:
    """Return whether the supplier exceeded its acknowledgement time plus ``after_h`` hours."""
    if after_h is None:
        return False
    acknowledgement_time = timedelta(minutes=purchase_order.supplier.acknowledge_within_min)
    return purchase_order.submission_status_since < now - acknowledgement_time - timedelta(
        hours=after_h
    )


# Abandoned reassignments


@requires_transaction
def abandon(purchase_order: PurchaseOrder) -> None:
    """Abandon the reassignment. A cancellation the customer requested stays.

    Locks:  the caller holds the purchase order
    """
    if not purchase_order.is_being_reassigned:
        return
    purchase_order.is_being_reassigned = False
    purchase_order.cancel_requested_at = None
    purchase_order.cancel_reason = ""
    fields = ["is_being_reassigned", "cancel_requested_at", "cancel_reason"]
    purchase_order.save(update_fields=fields)


@requires_transaction
def abandon_on_acceptance(purchase_order: PurchaseOrder, *, now: datetime) -> None:
    """Abandon the reassignment: the supplier accepted before it answered our cancellation request.

    Locks:  the caller holds the purchase order
    """
    if not purchase_order.is_being_reassigned:
        return
    abandon(purchase_order)
    if purchase_order.submission_status == Submission.CANCELLATION_REQUESTED:
        reason = "The supplier accepted the order before it answered the cancellation request."
        status = Submission.CANCELLATION_REJECTED
        purchase_order.move(status, at=now, status_field="submission_status", reason=reason)


# No shipping method

NO_METHOD_REASON = "no shipping method to the address"


def reassign_undeliverable(
    purchase_order: PurchaseOrder, reasons: Sequence[HoldReason], *, now: datetime
) -> bool:
    """Reassign a purchase order whose only hold reason is a repeated ``NO_SHIPPING_METHOD``.

    Return True if reassigned. The first time, the purchase order is held and checked again
    automatically (``holds.release_resolved``): one failed freight quote does not justify a refund.

    Locks:  as ``reassignment.reassign``
    """
    if {reason.code for reason in reasons} != {NO_SHIPPING_METHOD} or not was_rechecked(
        purchase_order
    ):
        return False
    try:
        reassign(purchase_order=purchase_order, reason=NO_METHOD_REASON, actor="rules", now=now)
    except NotReassignableError:
        return False  # staff decide: there is no third automatic check
    return True
