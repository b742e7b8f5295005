"""Canceled but shipped: record what staff decide on items that a supplier kept or shipped."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from orders.models import CanceledShipmentDecision, PurchaseOrder, SupplierClaimLine
from orders.purchasing import acknowledgements, locks

Outcome = CanceledShipmentDecision.Outcome
Submission = PurchaseOrder.Submission


class CannotDecideError(Exception):
    """The decision is not possible; the message gives the reason."""


def was_shipped(purchase_order: PurchaseOrder) -> bool:
    """Return whether the supplier shipped it after the cancellation."""
    return purchase_order.messages.filter(kind=acknowledgements.SHIPPED_CANCELED).exists()


def is_decision_due(purchase_order: PurchaseOrder) -> bool:
    """Return whether the supplier has or shipped a canceled purchase order."""
    if purchase_order.status != PurchaseOrder.Status.CANCELED:
        return False
    if purchase_order.submission_status in acknowledgements.MAY_SHIP_CANCELED:
        return True
    # A rejection ends it, unless a shipment followed.
    if purchase_order.submission_status == Submission.REJECTED:
        since = purchase_order.submission_status_since
        shipments = purchase_order.messages.filter(kind=acknowledgements.SHIPPED_CANCELED)
        return shipments.filter(at__gt=since).exists()
    is_accepted = purchase_order.submission_status == Submission.CANCELLATION_ACCEPTED
    return is_accepted and was_shipped(purchase_order)


def possible_outcomes(purchase_order: PurchaseOrder) -> list[Outcome]:
    """Return the possible outcomes: before a shipment only ``NOT_SHIPPED``, after it all others."""
    if not was_shipped(purchase_order):
        return [Outcome.NOT_SHIPPED]
    return [outcome for outcome in Outcome if outcome != Outcome.NOT_SHIPPED]


@transaction.atomic(durable=True)
def decide(
    *, purchase_order: PurchaseOrder, outcome: Outcome, reason: str, actor: str, now: datetime
) -> CanceledShipmentDecision:
    """Store the decision. Idempotent: the same decision is stored once.

    Locks:  the order, then the purchase order
    Raises: CannotDecideError  nothing is written
    """
    locks.lock(purchase_order)
    if not is_decision_due(purchase_order):
        raise CannotDecideError(
            gettext("The supplier has no canceled items of this purchase order.")
        )
    if outcome not in possible_outcomes(purchase_order):
        raise CannotDecideError(
            gettext(
                "This resolution does not match the supplier's status. Reload the page"
                " and choose again."
            )
        )
    if outcome == Outcome.CLAIMED and not _is_claimed(purchase_order):
        raise CannotDecideError(gettext("Open a supplier claim first."))
    latest = purchase_order.decisions.order_by("pk").last()
    if latest is not None and (latest.outcome, latest.reason) == (outcome, reason):
        return latest
    purchase_order.problem = ""
    purchase_order.save(update_fields=["problem"])
    return CanceledShipmentDecision.objects.create(
        purchase_order=purchase_order,
        outcome=outcome,
        reason=reason,
        was_shipped=was_shipped(purchase_order),
        decided_by=actor[:100],
        decided_at=now,
    )


def _is_claimed(purchase_order: PurchaseOrder) -> bool:
    claimed = SupplierClaimLine.objects.effective()
    return claimed.filter(claim__purchase_order=purchase_order).exists()
