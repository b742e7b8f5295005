"""Rejected lines: cancel or reroute what the supplier does not ship; the rest goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Sum

from orders import events, ledger
from orders.backorders import backorders, line_splits
from orders.inventory import allocations, stock_outs
from orders.models import OrderLine, PaymentEvent, PurchaseLine, PurchaseMessage, PurchaseOrder
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.money import Money
from suppliers.connectors.records import RefusedLine

type Gone = list[tuple[PurchaseLine, RefusedLine]]

Status = PurchaseOrder.Status
PACKED = "The supplier rejected items that it reported as packed. Ask the supplier what it ships."
# What has shipped cannot be rejected.
SHORTENABLE = frozenset({Status.READY, Status.IN_PROGRESS})


@needs_transaction
def meant(purchase_order: PurchaseOrder, refused: Sequence[RefusedLine]) -> Gone:
    """Match rejected lines with the purchase lines that can still be rejected. Idempotent.

    A line that is shipped in part is split: the rest is rejected.

    Locks:  the caller holds those of ``acknowledgements.apply``
    """
    if not refused or purchase_order.status not in SHORTENABLE:
        return []
    allocations.lock(purchase_order=purchase_order)  # all of them, before one is split
    words = {one.reference: one for one in refused}
    live = purchase_order.lines.filter(is_live=True).select_related("order_line").order_by("pk")
    gone = []
    for line in live:
        word = words.get(str(line.order_line_id))
        if word is None or word.ships >= line.quantity:
            continue
        if _is_packed(line):
            purchase_order.problem = PACKED
            purchase_order.save(update_fields=["problem"])
            continue
        gone.append((line_splits.part(line, keep=word.ships) if word.ships > 0 else line, word))
    return gone


def _is_packed(line: PurchaseLine) -> bool:
    """Return whether a parcel contains it, which contradicts the rejection."""
    return line.order_line.parcel_lines.exclude(parcel__status="voided").exists()


@needs_transaction
def take_out(
    purchase_order: PurchaseOrder,
    gone: Gone,
    *,
    reason: str,
    now: datetime,
) -> None:
    """Reroute rejected lines, else cancel them: return units and money, notify the customer.

    The shipping charge of the rest stays due. What is not captured yet is not captured.

    Locks:  the caller holds those of ``acknowledgements.apply``
    """
    if not gone:
        return
    for line, refused in gone:
        line.acknowledgment = refused.code
        line.save(update_fields=["acknowledgment"])
    lost = [line for line, _ in gone]
    if backorders.begin(purchase_order, lost, reason=reason, now=now):
        return
    stock_outs.heed_soon(purchase_order, lost, now=now)
    PurchaseLine.objects.filter(pk__in=[line.pk for line in lost]).update(is_live=False)
    lines = OrderLine.objects.filter(pk__in=[line.order_line_id for line, _ in gone])
    allocations.release(lines=lines, cause=f"purchase:{purchase_order.number}", now=now)
    lines.update(canceled_quantity=F("quantity"))
    value = sum((line.order_line.charge_amount for line, _ in gone), Decimal(0))
    amount = Money(value, purchase_order.currency)
    part = f":{min(line.order_line_id for line, _ in gone)}"
    _give_back(purchase_order, amount, purpose=f"{_purpose(purchase_order)}{part}", now=now)
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction=PurchaseMessage.Direction.IN,
        kind="lines_refused",
        body={
            "reason": reason,
            "lines": [
                {"sku": line.order_line.sku, "code": refused.code.value} for line, refused in gone
            ],
        },
        at=now,
    )
    events.lines_refused(
        purchase_order,
        lines=lines,
        amount=amount,
        is_charged=is_captured(purchase_order),
        reason=reason,
        at=now,
        part=part,
    )


@needs_transaction
def is_captured(purchase_order: PurchaseOrder) -> bool:
    """Return whether its money is captured or being captured: then it can only be refunded.

    Locks:  the payments of the order
    """
    payments = ledger.secured(purchase_order.order_id)[-1:]
    return any(ledger.is_capture_due(one, purpose=purchase_order.number) for one in payments)


def standing(purchase_order: PurchaseOrder) -> Money:
    """Return what is charged for it, without refunds of rejected lines."""
    returned = PaymentEvent.objects.filter(
        payment__order=purchase_order.order_id,
        kind=PaymentEvent.Kind.REFUND_REQUESTED,
        external_id__contains=f":{_purpose(purchase_order)}:",
    ).exclude(outcome__kind=PaymentEvent.Kind.REFUSED)
    total = returned.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    return purchase_order.charge - Money(total, purchase_order.currency)


def _give_back(
    purchase_order: PurchaseOrder, amount: Money, *, purpose: str, now: datetime
) -> None:
    is_charged = is_captured(purchase_order)
    for payment in ledger.secured(purchase_order.order_id)[-1:]:
        ask = ledger.ask_refund if is_charged else ledger.ask_release
        most = ledger.refundable(payment) if is_charged else ledger.releasable(payment)
        if (given := min(amount, most)).amount > 0:
            ask(payment, amount=given, purpose=purpose, at=now, reason="rejected by the supplier")
    if not is_charged:
        purchase_order.charge_amount -= amount.amount
        purchase_order.save(update_fields=["charge_amount"])


def _purpose(purchase_order: PurchaseOrder) -> str:
    return f"lines:{purchase_order.number}"
