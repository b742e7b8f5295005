"""Backorders: record rejected or delayed lines, set the customer's deadline, close them.

``shipping.rerouting.rerouting`` finds another source, because it also chooses how the items ship.
Until then a rejected line is in no purchase order, and its money is neither captured nor voided.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet

from orders import events, ledger
from orders.addresses import pending_changes
from orders.inventory import allocations, stock_outs
from orders.models import (
    Backorder,
    BackorderLine,
    Order,
    OrderLine,
    Payment,
    PurchaseLine,
    PurchaseMessage,
    PurchaseOrder,
)
from orders.routing import rules as routing_rules
from storefront.lib.db.transactions import requires_transaction

Status = Backorder.Status
Choice = Backorder.Choice
OPEN_STATES = (Status.OPEN, Status.ASKED)
# The longest search for another source, with retries after a lost race or a crash.
MAX_SEARCH_TIME = timedelta(hours=1)
CHOICE_WINDOW = timedelta(hours=48)
# A choice ends this long before the authorization: earlier than ``payments.captures`` captures.
CAPTURE_MARGIN = timedelta(hours=14)
REASSIGNED = "moved"  # acknowledgment of a line that is reassigned by staff or after a deadline
CANCELED = "canceled"  # acknowledgment of a line that was canceled before its supplier had it


@requires_transaction
def open_backorder(
    purchase_order: PurchaseOrder, refused: Sequence[PurchaseLine], *, reason: str, now: datetime
) -> bool:
    """Open a backorder for rejected lines if rerouting is allowed; return whether it was opened.

    A purchase order without remaining lines is canceled. The units return to the stock row,
    which this order cannot use again.

    Locks:  the caller holds the locks of ``acknowledgements.apply``
    """
    if not refused or not may_reroute(purchase_order, now=now):
        return False
    value = sum((line.order_line.customer_charge_amount for line in refused), Decimal(0))
    active_lines = purchase_order.lines.filter(is_active=True)
    is_all_refused = not active_lines.exclude(pk__in=[line.pk for line in refused]).exists()
    delivery = purchase_order.customer_charge_amount - value if is_all_refused else Decimal(0)
    if not _is_authorized(purchase_order, value + delivery, now):
        return False
    _remove_from_delays(purchase_order, refused, is_all_refused=is_all_refused, now=now)
    if is_all_refused:
        pending_changes.apply(purchase_order, now=now)
    lines = OrderLine.objects.filter(pk__in=[line.order_line_id for line in refused])
    purchase_order.lines.filter(pk__in=[line.pk for line in refused]).update(is_active=False)
    allocations.release(lines=lines, cause=f"purchase:{purchase_order.number}", now=now)
    backorder = Backorder.objects.create(
        order=purchase_order.order,
        purchase_order=purchase_order,
        kind=Backorder.Kind.REFUSED,
        status_since=now,
        reason=reason[:300],
        currency=purchase_order.currency,
        delivery_amount=max(delivery, Decimal(0)),
        promised_by=_promised_by(purchase_order),
        opened_at=now,
    )
    BackorderLine.objects.bulk_create(
        BackorderLine(backorder=backorder, order_line=line.order_line, code=line.acknowledgment)
        for line in refused
    )
    if is_all_refused:
        purchase_order.move(PurchaseOrder.Status.CANCELED, at=now, reason=reason)
        events.purchase_order_answered(purchase_order, what="canceled", at=now)
    else:
        purchase_order.customer_charge_amount -= value
        purchase_order.save(update_fields=["customer_charge_amount"])
        log_rejection(purchase_order, refused, reason, now)
    return True


def log_rejection(
    purchase_order: PurchaseOrder, refused: Sequence[PurchaseLine], reason: str, now: datetime
) -> None:
    rejected_lines = [{"sku": line.order_line.sku, "code": line.acknowledgment} for line in refused]
    purchase_order.messages.create(
        direction=PurchaseMessage.Direction.IN,
        kind="lines_canceled",
        body={"reason": reason, "lines": rejected_lines},
        at=now,
    )


def may_reroute(purchase_order: PurchaseOrder, *, now: datetime) -> bool:
    """Return whether the rules allow rerouting, and no cancellation is requested.

    A cancellation request of the customer counts even if the supplier refused it.
    """
    order = purchase_order.order
    if order.status not in {Order.Status.PROCESSING, Order.Status.ON_HOLD}:
        return False
    if purchase_order.cancel_reason and not purchase_order.is_being_reassigned:
        return False
    return routing_rules.current_rules(channel=order.channel, now=now).reroutes_rejected


@requires_transaction
def can_reroute_all(purchase_order: PurchaseOrder, *, now: datetime) -> bool:
    """Return whether the whole purchase order could be rerouted with the authorized money.

    Locks:  the payments of the order
    """
    rules = routing_rules.current_rules(channel=purchase_order.order.channel, now=now)
    return rules.reroutes_rejected and _is_authorized(
        purchase_order, purchase_order.customer_charge_amount, now
    )


def _promised_by(purchase_order: PurchaseOrder) -> date | None:
    """Return the latest delivery date that we stated or the customer accepted."""
    promised = [purchase_order.entry.get("arrives_to") or None]
    days = [date.fromisoformat(day) for day in promised if day]
    earlier = Backorder.objects.filter(
        lines__order_line__in=purchase_order.lines.values("order_line")
    )
    for promised_by, arrives_by, chosen in earlier.values_list(
        "promised_by", "arrives_by", "chosen"
    ):
        days += [day for day in (promised_by, arrives_by if chosen else None) if day]
    return max(days, default=None)


def _remove_from_delays(
    purchase_order: PurchaseOrder,
    refused: Sequence[PurchaseLine],
    *,
    is_all_refused: bool,
    now: datetime,
) -> None:
    """Remove rejected lines from an open delay; the delay of the other lines stays open."""
    if is_all_refused:
        close_delays(purchase_order, reason="rejected by the supplier", now=now)
        return
    BackorderLine.objects.filter(
        backorder__purchase_order=purchase_order,
        backorder__kind=Backorder.Kind.LATER,
        order_line__in=[line.order_line_id for line in refused],
    ).update(is_open=False)


def _is_authorized(purchase_order: PurchaseOrder, amount: Decimal, now: datetime) -> bool:
    """Return whether the amount is authorized, uncaptured, and valid long enough to find a source.

    Captured money pays for one purchase order only: it is refunded, never moved to another.
    """
    for payment in ledger.lock_authorized_payments(purchase_order.order_id)[-1:]:
        authorized_until = payment.capture_before
        return (
            not ledger.is_capture_requested(payment, purpose=purchase_order.number)
            and ledger.voidable(payment).amount >= amount
            and (
                authorized_until is None
                or authorized_until > now + MAX_SEARCH_TIME + CAPTURE_MARGIN
            )
        )
    return False


@requires_transaction
def record_delay(
    purchase_order: PurchaseOrder, *, ships_by: date, reason: str, now: datetime
) -> Backorder | None:
    """Record a later shipping date; rerouting decides whether it is too late. Idempotent per date.

    Locks:  the caller holds the locks of ``acknowledgements.apply``
    """
    delays = purchase_order.backorders.filter(kind=Backorder.Kind.LATER)
    if delays.filter(ships_by__gte=ships_by).exists():
        return None
    promised_by = _promised_by(purchase_order)
    close_delays(purchase_order, reason="delayed again by the supplier", now=now)
    backorder = Backorder.objects.create(
        order=purchase_order.order,
        purchase_order=purchase_order,
        kind=Backorder.Kind.LATER,
        status_since=now,
        reason=reason[:300],
        currency=purchase_order.currency,
        promised_by=promised_by,
        ships_by=ships_by,
        opened_at=now,
    )
    BackorderLine.objects.bulk_create(
        BackorderLine(backorder=backorder, order_line_id=line_id, code="later")
        for line_id in purchase_order.lines.filter(is_active=True).values_list(
            "order_line", flat=True
        )
    )
    return backorder


@requires_transaction
def close_delays(purchase_order: PurchaseOrder, *, reason: str, now: datetime) -> None:
    """Close the open delays of a purchase order; the caller holds the order."""
    delays = purchase_order.backorders.filter(kind=Backorder.Kind.LATER, status__in=OPEN_STATES)
    for backorder in delays.select_for_update(of=["self"]).order_by("pk"):
        close(backorder, Status.AWAITED, reason=reason, now=now)


def due_backorders(*, now: datetime) -> QuerySet[Backorder]:
    """Return backorders due for a search, and those with an expired deadline."""
    return Backorder.objects.filter(
        Q(status=Status.OPEN) & (Q(retry_at=None) | Q(retry_at__lte=now))
        | Q(status=Status.ASKED, respond_by__lte=now)
    )


def choice_deadline(backorder: Backorder, *, now: datetime) -> datetime:
    """Return the customer's deadline: 48 h, or less if the authorization expires.

    A delayed item is captured before its authorization expires, so this sets no limit. A customer
    whom we do not write to cannot choose: the deadline is now.
    """
    if not backorder.order.notifies_customer:
        return now
    deadline = now + CHOICE_WINDOW
    if backorder.kind == Backorder.Kind.LATER:
        return deadline
    for payment in backorder.order.payments.filter(status=Payment.Status.AUTHORIZED).order_by("pk"):
        if payment.capture_before is not None:
            deadline = min(deadline, payment.capture_before - CAPTURE_MARGIN)
    return deadline


def open_backorders(order: Order) -> QuerySet[Backorder]:
    """Return the open backorders of an order, oldest first."""
    return order.backorders.filter(status__in=OPEN_STATES).order_by("pk")


def open_lines(backorder: Backorder) -> list[BackorderLine]:
    rows = backorder.lines.filter(is_open=True).order_by("pk")
    return list(rows.select_related("order_line__variant__product", "substitute__product"))


@requires_transaction
def close(  # noqa: PLR0913 - the parts of one record
    backorder: Backorder,
    status: Backorder.Status,
    *,
    reason: str,
    actor: str = "",
    chosen: str = "",
    now: datetime,
) -> None:
    """Close a backorder and its lines, with a final status.

    Locks:  the caller holds the order
    """
    backorder.lines.filter(is_open=True).update(is_open=False)
    backorder.move(status, at=now, actor=actor, reason=reason, chosen=chosen, chosen_by=actor[:100])


def excluded_sources(order: Order) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Return, per order line, the suppliers and the stock levels to exclude.

    Out of stock excludes one stock level; any other rejection excludes the supplier.
    """
    suppliers: dict[int, set[int]] = {}
    levels: dict[int, set[int]] = {}
    lines: dict[int, list[int]] = {}
    for line_id, variant_id in order.lines.values_list("pk", "variant"):
        lines.setdefault(variant_id, []).append(line_id)
    rejected = PurchaseLine.objects.filter(order_line__order=order, is_active=False)
    for line in rejected.exclude(acknowledgment__in=["", CANCELED]).select_related(
        "purchase_order", "order_line"
    ):
        # A rejection also holds for the other parts of a split line.
        for line_id in lines[line.order_line.variant_id]:
            if line.acknowledgment in stock_outs.OUT_OF_STOCK_CODES:
                levels.setdefault(line_id, set()).add(line.level_id)
            else:
                suppliers.setdefault(line_id, set()).add(line.purchase_order.supplier_id)
    return suppliers, levels
