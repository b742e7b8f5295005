"""Rejected lines: cancel or reroute lines of a purchase order that goes on with the others."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from orders import events, ledger
from orders.backorders import backorders, line_splits, refunds
from orders.inventory import allocations, stock_outs
from orders.models import OrderLine, PaymentEvent, PurchaseLine, PurchaseOrder
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money
from suppliers.connectors.records import RejectedLine

type RejectedLines = list[tuple[PurchaseLine, RejectedLine]]

Status = PurchaseOrder.Status
REJECTED_AFTER_PACKING = (
    "The supplier rejected items that it reported as packed. Ask the supplier what it ships."
)
# What has shipped cannot be rejected.
REJECTABLE_STATES = frozenset({Status.READY, Status.IN_PROGRESS})


@requires_transaction
def match(purchase_order: PurchaseOrder, refused: Sequence[RejectedLine]) -> RejectedLines:
    """Match rejected lines with the purchase lines that can still be rejected. Idempotent.

    A line of which the supplier ships a part is split: only the other part is rejected.

    Locks:  the caller holds the locks of ``acknowledgements.apply``
    """
    if not refused or purchase_order.status not in REJECTABLE_STATES:
        return []
    allocations.lock_open(purchase_order=purchase_order)  # before the first split, all in id order
    rejected_by_reference = {rejected.reference: rejected for rejected in refused}
    active_lines = (
        purchase_order.lines.filter(is_active=True).select_related("order_line").order_by("pk")
    )
    matched = []
    for line in active_lines:
        rejection = rejected_by_reference.get(str(line.order_line_id))
        if rejection is None or rejection.ships >= line.quantity:
            continue
        if _is_packed(line):
            purchase_order.problem = REJECTED_AFTER_PACKING
            purchase_order.save(update_fields=["problem"])
            continue
        matched.append(
            (
                line_splits.split(line, keep=rejection.ships) if rejection.ships > 0 else line,
                rejection,
            )
        )
    return matched


def _is_packed(line: PurchaseLine) -> bool:
    """Return whether a parcel contains the line, which contradicts the rejection."""
    return line.order_line.parcel_lines.exclude(parcel__status="voided").exists()


@requires_transaction
def cancel_or_reroute(
    purchase_order: PurchaseOrder,
    rejected: RejectedLines,
    *,
    reason: str,
    now: datetime,
) -> None:
    """Reroute rejected lines, else cancel them: return units and money, notify the customer.

    The shipping charge stays due for the other lines. Uncaptured money is not captured.

    Locks:  the caller holds the locks of ``acknowledgements.apply``
    """
    if not rejected:
        return
    for line, rejection in rejected:
        line.acknowledgment = rejection.code
        line.save(update_fields=["acknowledgment"])
    lines_to_cancel = [line for line, _ in rejected]
    if backorders.open_backorder(purchase_order, lines_to_cancel, reason=reason, now=now):
        return
    stock_outs.zero_stock_on_commit(purchase_order, lines_to_cancel, now=now)
    amount, is_charged = cancel(
        purchase_order, lines_to_cancel, reported="rejected by the supplier", now=now
    )
    backorders.log_rejection(purchase_order, lines_to_cancel, reason, now)
    events.lines_canceled(
        purchase_order,
        lines=_order_lines(lines_to_cancel),
        amount=amount,
        is_charged=is_charged,
        reason=reason,
        at=now,
        part=_part(lines_to_cancel),
    )


@requires_transaction
def cancel(
    purchase_order: PurchaseOrder, lines: Sequence[PurchaseLine], *, reported: str, now: datetime
) -> tuple[Money, bool]:
    """Cancel some lines of a purchase order that goes on: return their units and money.

    Returns the value of the lines, and whether it was captured. Uncaptured money is not captured.

    Locks:  the caller holds the locks of ``acknowledgements.apply``
    """
    PurchaseLine.objects.filter(pk__in=[line.pk for line in lines]).update(is_active=False)
    value = sum((line.order_line.customer_charge_amount for line in lines), Decimal(0))
    amount = Money(value, purchase_order.currency)
    purpose = f"{_purpose(purchase_order)}{_part(lines)}"
    refunds.cancel_lines(
        _order_lines(lines), amount, purchase_order, purpose=purpose, reason=reported, now=now
    )
    is_charged = is_captured(purchase_order)
    if not is_charged:
        purchase_order.customer_charge_amount -= value
        purchase_order.save(update_fields=["customer_charge_amount"])
    return amount, is_charged


def _order_lines(lines: Sequence[PurchaseLine]) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(pk__in=[line.order_line_id for line in lines])


def _part(lines: Sequence[PurchaseLine]) -> str:
    return f":{min(line.order_line_id for line in lines)}"


@requires_transaction
def is_captured(purchase_order: PurchaseOrder) -> bool:
    """Return whether the purchase order's money is captured, or a capture is requested.

    Locks:  the payments of the order
    """
    payments = ledger.lock_authorized_payments(purchase_order.order_id)[-1:]
    return any(
        payment.is_captured_at_sale
        or ledger.is_capture_requested(payment, purpose=purchase_order.number)
        for payment in payments
    )


def charged_amount(purchase_order: PurchaseOrder) -> Money:
    """Return the charge of the purchase order, minus refunds of rejected lines."""
    refunds_requested = PaymentEvent.objects.filter(
        payment__order=purchase_order.order_id,
        kind=PaymentEvent.Kind.REFUND_REQUESTED,
        external_id__contains=f":{_purpose(purchase_order)}:",
    ).exclude(outcome__kind=PaymentEvent.Kind.REFUSED)
    total = refunds_requested.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    return purchase_order.charge - Money(total, purchase_order.currency)


def refund_purpose(purchase_order: PurchaseOrder, part: str) -> str:
    """Return the purpose of a refund that ``charged_amount`` subtracts."""
    return f"{_purpose(purchase_order)}:{part}"


def _purpose(purchase_order: PurchaseOrder) -> str:
    return f"lines:{purchase_order.number}"
