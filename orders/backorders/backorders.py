"""Backorders: record rejected or delayed lines, set the customer's deadline, close them.

Nothing is sourced here: ``shipping.rerouting.rerouting`` does that, because goods from elsewhere
must also be carried. Until then a rejected line is in no purchase order, and its money is neither
captured nor voided.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet

from orders import events, ledger
from orders.addresses import pending_changes
from orders.inventory import allocations, stock_outs
from orders.models import (
    Order,
    OrderLine,
    Payment,
    PurchaseLine,
    PurchaseMessage,
    PurchaseOrder,
    Setback,
    SetbackLine,
)
from orders.routing import rules as routing_rules
from storefront.lib.db.transactions import needs_transaction

Status = Setback.Status
Choice = Setback.Choice
WAITING = (Status.OPEN, Status.ASKED)
# It is looked for at once; who lost a race for the units, or was killed, has so long to look again.
LOOKED_FOR = timedelta(hours=1)
ANSWERED_WITHIN = timedelta(hours=48)
# What is looked for is ordered, or given up, before ``payments.captures`` takes what else is
# authorized.
NEEDS_MONEY_FOR = timedelta(hours=14)
MOVED = "moved"  # a line of which staff, or a deadline, want that another sends it


@needs_transaction
def begin(
    purchase_order: PurchaseOrder, refused: Sequence[PurchaseLine], *, reason: str, now: datetime
) -> bool:
    """Look elsewhere for what is refused, if that may be; tell whether.

    A purchase order of which nothing is left is canceled. The units go back to his shelf, which
    is asked for no more of this order.

    Locks:  the caller holds those of ``acknowledgements.apply``
    """
    if not refused or not may_look(purchase_order, now=now):
        return False
    value = sum((line.order_line.charge_amount for line in refused), Decimal(0))
    live = purchase_order.lines.filter(is_live=True)
    is_whole = not live.exclude(pk__in=[line.pk for line in refused]).exists()
    delivery = purchase_order.charge_amount - value if is_whole else Decimal(0)
    if not _is_secured(purchase_order, value + delivery, now):
        return False
    _end_delays_of(purchase_order, refused, is_whole=is_whole, now=now)
    if is_whole:
        pending_changes.take(purchase_order, now=now)
    lines = OrderLine.objects.filter(pk__in=[line.order_line_id for line in refused])
    purchase_order.lines.filter(pk__in=[line.pk for line in refused]).update(is_live=False)
    allocations.release(lines=lines, cause=f"purchase:{purchase_order.number}", now=now)
    setback = Setback.objects.create(
        order=purchase_order.order,
        purchase_order=purchase_order,
        kind=Setback.Kind.REFUSED,
        status_since=now,
        reason=reason[:300],
        currency=purchase_order.currency,
        delivery_amount=max(delivery, Decimal(0)),
        promised_by=_promised_by(purchase_order),
        opened_at=now,
    )
    SetbackLine.objects.bulk_create(
        SetbackLine(setback=setback, order_line=line.order_line, code=line.acknowledgment)
        for line in refused
    )
    if is_whole:
        purchase_order.move(PurchaseOrder.Status.CANCELED, at=now, reason=reason)
        events.purchase_order_moved(purchase_order, what="canceled", at=now)
    else:
        purchase_order.charge_amount -= value
        purchase_order.save(update_fields=["charge_amount"])
        _note(purchase_order, refused, reason, now)
    return True


def _note(
    purchase_order: PurchaseOrder, refused: Sequence[PurchaseLine], reason: str, now: datetime
) -> None:
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction=PurchaseMessage.Direction.IN,
        kind="lines_refused",
        body={
            "reason": reason,
            "lines": [
                {"sku": line.order_line.sku, "code": line.acknowledgment} for line in refused
            ],
        },
        at=now,
    )


def may_look(purchase_order: PurchaseOrder, *, now: datetime) -> bool:
    """Test whether another may send it: nobody wanted it canceled, and the rules say so.

    A shopper's wish that the supplier did not follow is a wish all the same.
    """
    order = purchase_order.order
    if order.status not in {Order.Status.PROCESSING, Order.Status.ON_HOLD}:
        return False
    if purchase_order.cancel_reason and not purchase_order.is_to_be_moved:
        return False
    return routing_rules.in_force(channel=order.channel, now=now).looks_elsewhere


@needs_transaction
def could_begin(purchase_order: PurchaseOrder, *, now: datetime) -> bool:
    """Test whether all of it could be looked for elsewhere, with the money that is held for it.

    Locks:  the payments of the order
    """
    rules = routing_rules.in_force(channel=purchase_order.order.channel, now=now)
    return rules.looks_elsewhere and _is_secured(purchase_order, purchase_order.charge_amount, now)


def _promised_by(purchase_order: PurchaseOrder) -> date | None:
    """Return the day that the shopper was told last, or agreed to; a sooner plan binds nobody."""
    said = [purchase_order.entry.get("arrives_to") or None]
    days = [date.fromisoformat(one) for one in said if one]
    earlier = Setback.objects.filter(
        lines__order_line__in=purchase_order.lines.values("order_line")
    )
    for promised_by, arrives_by, chosen in earlier.values_list(
        "promised_by", "arrives_by", "chosen"
    ):
        days += [one for one in (promised_by, arrives_by if chosen else None) if one]
    return max(days, default=None)


def _end_delays_of(
    purchase_order: PurchaseOrder,
    refused: Sequence[PurchaseLine],
    *,
    is_whole: bool,
    now: datetime,
) -> None:
    """Take what is refused out of what is asked of a delay; of the rest it is still asked."""
    if is_whole:
        settle_delays(purchase_order, reason="he does not ship it", now=now)
        return
    SetbackLine.objects.filter(
        setback__purchase_order=purchase_order,
        setback__kind=Setback.Kind.LATER,
        order_line__in=[line.order_line_id for line in refused],
    ).update(is_open=False)


def _is_secured(purchase_order: PurchaseOrder, amount: Decimal, now: datetime) -> bool:
    """Test whether its money is authorized, not captured, and long enough to find another source.

    Captured money pays for one purchase order only: it is refunded, never moved to another.
    """
    for payment in ledger.secured(purchase_order.order_id)[-1:]:
        ends = payment.capture_before
        return (
            not ledger.is_capture_due(payment, purpose=purchase_order.number)
            and ledger.releasable(payment).amount >= amount
            and (ends is None or ends > now + LOOKED_FOR + NEEDS_MONEY_FOR)
        )
    return False


@needs_transaction
def delay(
    purchase_order: PurchaseOrder, *, ships_by: date, reason: str, now: datetime
) -> Setback | None:
    """Note that he ships it later than he said; whether that is too late is seen with its way.

    The same day again is no news.

    Locks:  the caller holds those of ``acknowledgements.apply``
    """
    told = purchase_order.setbacks.filter(kind=Setback.Kind.LATER)
    if told.filter(ships_by__gte=ships_by).exists():
        return None
    promised_by = _promised_by(purchase_order)
    settle_delays(purchase_order, reason="he says later still", now=now)
    setback = Setback.objects.create(
        order=purchase_order.order,
        purchase_order=purchase_order,
        kind=Setback.Kind.LATER,
        status_since=now,
        reason=reason[:300],
        currency=purchase_order.currency,
        promised_by=promised_by,
        ships_by=ships_by,
        opened_at=now,
    )
    SetbackLine.objects.bulk_create(
        SetbackLine(setback=setback, order_line_id=line_id, code="later")
        for line_id in purchase_order.lines.filter(is_live=True).values_list(
            "order_line", flat=True
        )
    )
    return setback


@needs_transaction
def settle_delays(purchase_order: PurchaseOrder, *, reason: str, now: datetime) -> None:
    """End what is asked of a delay: it left, or it does not come at all.

    Locks:  the caller holds the order
    """
    told = purchase_order.setbacks.filter(kind=Setback.Kind.LATER, status__in=WAITING)
    for setback in told.select_for_update(of=["self"]).order_by("pk"):
        end(setback, Status.AWAITED, reason=reason, now=now)


def due(*, now: datetime) -> QuerySet[Setback]:
    """Find what is to be looked for now, and what was not answered in time."""
    return Setback.objects.filter(
        Q(status=Status.OPEN) & (Q(try_after=None) | Q(try_after__lte=now))
        | Q(status=Status.ASKED, answer_by__lte=now)
    )


def answer_by(setback: Setback, *, now: datetime) -> datetime:
    """Say until when the shopper may answer: two days, or as long as his money is held.

    What his supplier has is charged, or will be: of a delay there is time.
    """
    latest = now + ANSWERED_WITHIN
    if setback.kind == Setback.Kind.LATER:
        return latest
    for payment in setback.order.payments.filter(status=Payment.Status.AUTHORIZED).order_by("pk"):
        if payment.capture_before is not None:
            latest = min(latest, payment.capture_before - NEEDS_MONEY_FOR)
    return latest


def waiting(order: Order) -> QuerySet[Setback]:
    """Find what is open of an order, oldest first."""
    return order.setbacks.filter(status__in=WAITING).order_by("pk")


def open_lines(setback: Setback) -> list[SetbackLine]:
    rows = setback.lines.filter(is_open=True).order_by("pk")
    return list(rows.select_related("order_line__variant__product", "substitute__product"))


@needs_transaction
def end(  # noqa: PLR0913 - how it ends, who said so, and why
    setback: Setback,
    to: Setback.Status,
    *,
    reason: str,
    actor: str = "",
    chosen: str = "",
    now: datetime,
) -> None:
    """Close it: what it was about is ordered elsewhere, or comes later after all.

    Locks:  the caller holds the order
    """
    setback.lines.filter(is_open=True).update(is_open=False)
    setback.move(to, at=now, actor=actor, reason=reason, chosen=chosen, chosen_by=actor[:100])


def refused_by(order: Order) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Tell who will not ship what: by order line, whole suppliers and single shelves.

    Who has none left here may have it elsewhere; who will not, will not from anywhere.
    """
    suppliers: dict[int, set[int]] = {}
    levels: dict[int, set[int]] = {}
    lines: dict[int, list[int]] = {}
    for line_id, variant_id in order.lines.values_list("pk", "variant"):
        lines.setdefault(variant_id, []).append(line_id)
    dead = PurchaseLine.objects.filter(order_line__order=order, is_live=False)
    for line in dead.exclude(acknowledgment="").select_related("purchase_order", "order_line"):
        # What was said of a line holds for its other parts, at checkout or since.
        for line_id in lines[line.order_line.variant_id]:
            if line.acknowledgment in stock_outs.NONE_LEFT:
                levels.setdefault(line_id, set()).add(line.level_id)
            else:
                suppliers.setdefault(line_id, set()).add(line.purchase_order.supplier_id)
    return suppliers, levels
