"""Purchase order cancellation: return units, lines and money of what is not shipped."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from orders import events
from orders.addresses import pending_changes
from orders.backorders import backorders, refunds, rejected_lines
from orders.inventory import allocations
from orders.models import Order, OrderLine, PurchaseOrder
from orders.promotions import redemptions
from storefront.lib.db.transactions import requires_transaction

Status = PurchaseOrder.Status


@requires_transaction
def cancel(  # noqa: PLR0913 - the parts of one record
    purchase_order: PurchaseOrder,
    *,
    cause: str,
    reason: str,
    actor: str = "",
    now: datetime,
    is_customer_notified: bool = False,
) -> None:
    """Cancel a purchase order that ships nothing: return its units, lines and money.

    If it is canceled for reassignment, a backorder keeps the lines instead. The customer gets an
    e-mail if ``is_customer_notified``, or if no backorder can keep the lines.

    Locks:  the caller holds the locks of ``acknowledgements.apply``
    """
    order = purchase_order.order
    if purchase_order.is_being_reassigned:
        if _open_backorder(purchase_order, reason, now):
            return
        is_customer_notified = True
    amount = rejected_lines.charged_amount(purchase_order)
    lines = OrderLine.objects.filter(
        purchase_lines__purchase_order=purchase_order, purchase_lines__is_active=True
    )
    canceled_lines = OrderLine.objects.filter(pk__in=list(lines.values_list("pk", flat=True)))
    if is_customer_notified:
        events.lines_canceled(
            purchase_order,
            lines=canceled_lines,
            amount=amount,
            is_charged=rejected_lines.is_captured(purchase_order),
            reason=reason,
            at=now,
        )
    backorders.close_delays(purchase_order, reason=reason, now=now)
    pending_changes.reject(purchase_order, reason=reason, notify_customer=False, now=now)
    redemptions.revert_if_uncharged(order=order, closing=[purchase_order.pk], now=now)
    purchase_order.move(Status.CANCELED, at=now, actor=actor, reason=reason)
    purchase_order.lines.update(is_active=False)
    purpose, problem = f"{cause}:{purchase_order.number}", purchase_order.problem
    refunds.cancel_lines(
        canceled_lines, amount, purchase_order, purpose=purpose, reason=problem, now=now
    )
    events.purchase_order_answered(purchase_order, what="canceled", at=now)
    if not order.lines.filter(quantity__gt=F("canceled_quantity")).exists():
        order.move(Order.Status.CANCELED, at=now, actor=actor, reason=reason)


@requires_transaction
def cancel_all(
    purchase_orders: Sequence[PurchaseOrder],
    order: Order,
    *,
    reason: str,
    actor: str = "",
    now: datetime,
) -> None:
    """Cancel several purchase orders of one order; their stock rows are locked together, by id.

    Locks:  the caller holds the order and the purchase orders; then as ``cancel``
    """
    lines = OrderLine.objects.filter(
        purchase_lines__purchase_order__in=purchase_orders, purchase_lines__is_active=True
    )
    was_charged = any(purchase_order.accepted_at is not None for purchase_order in purchase_orders)
    canceled = [
        purchase_order
        for purchase_order in purchase_orders
        if not purchase_order.is_being_reassigned
    ]
    if purchase_orders:
        canceled_ids = [purchase_order.pk for purchase_order in canceled]
        redemptions.revert_if_uncharged(order=order, closing=canceled_ids, now=now)
    allocations.release(lines=lines, cause=f"order:{order.number}", now=now)
    for purchase_order in purchase_orders:
        purchase_order.order = order
        cancel(purchase_order, cause="canceled", reason=reason, actor=actor, now=now)
    if order.status == Order.Status.CANCELED and purchase_orders:
        events.order_canceled(order, reason=reason, is_charged=was_charged, at=now)
        return
    for purchase_order in canceled:
        events.cancellation_answered(purchase_order, is_stopped=True, at=now)


def _open_backorder(purchase_order: PurchaseOrder, reason: str, now: datetime) -> bool:
    active_lines = list(purchase_order.lines.filter(is_active=True).select_related("order_line"))
    for line in active_lines:
        line.acknowledgment = backorders.REASSIGNED
        line.save(update_fields=["acknowledgment"])
    return backorders.open_backorder(purchase_order, active_lines, reason=reason, now=now)
