"""Acknowledgements: apply a supplier's answer to a purchase order, record charge notices.

A charge notice: the supplier wants more money than it said before. Staff see it with the purchase
order; nothing is paid automatically.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from orders import events, ledger
from orders.backorders import backorders, purchase_order_cancellation, rejected_lines
from orders.inventory import stock_outs
from orders.models import OrderLine, PurchaseMessage, PurchaseOrder
from orders.purchasing import cost_increases, reassignment
from orders.purchasing.locks import lock
from storefront.lib.failpoints import failpoint
from storefront.lib.money import Money
from storefront.lib.state_machine import LostRaceError
from suppliers.connectors.records import Answer, PurchaseState, Refusal, RefusedLine

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request

OPEN_CONVERSATION = frozenset(
    {
        Request.SUBMITTING,
        Request.SUBMIT_UNKNOWN,
        Request.SUBMIT_FAILED,  # recorded as absent, but the supplier has it
        Request.SUBMITTED,
        Request.BACKORDERED,
    }
)
UNHEARD = frozenset({Request.SUBMITTING, Request.SUBMIT_UNKNOWN, Request.SUBMIT_FAILED})
WISHED_TO_STOP = frozenset({Request.CANCELLATION_REQUESTED, Request.CANCELLATION_REJECTED})
SAYS_YES = frozenset({Answer.ACCEPTED, Answer.PARTIALLY_SHIPPED, Answer.SHIPPED, Answer.DELIVERED})
SAYS_GONE = SAYS_YES - {Answer.ACCEPTED}
SAYS_WHEN = frozenset({Answer.RECEIVED, Answer.ACCEPTED})
SAYS_NO = frozenset({Answer.REJECTED, Answer.CANCELED})
# The supplier has it; a canceled one is polled until the supplier says how it ended.
SUPPLIER_HAS = frozenset(
    {Request.SUBMITTED, Request.ACCEPTED, Request.PARTIALLY_ACCEPTED, Request.BACKORDERED}
)
SHIPPED_CANCELED = "shipped_canceled"
# A canceled purchase order in one of these may still ship
# (``orders.cancellation.canceled_but_shipped``).
CAN_STRAY = SUPPLIER_HAS | {Request.CANCELLATION_REJECTED}


@transaction.atomic(durable=True)
def apply(*, purchase_order: PurchaseOrder, state: PurchaseState, now: datetime) -> None:
    """Apply the supplier's state, from our call, a webhook or a poll. Idempotent.

    An acceptance of a canceled purchase order is flagged for staff
    (``orders.cancellation.canceled_but_shipped``). A rejection after shipment is ignored. Rejecting
    every line rejects the purchase order.

    Locks:  the order, then the purchase order, its payment, and the stock rows in id order
    """
    lock(purchase_order)
    if state.supplier_reference and not purchase_order.supplier_reference:
        purchase_order.supplier_reference = state.supplier_reference
        purchase_order.save(update_fields=["supplier_reference"])
    _note_freight(purchase_order, state.freight)
    if state.answer not in SAYS_NO:
        _go_on(purchase_order, now)
    if state.answer in SAYS_YES:
        gone = rejected_lines.meant(purchase_order, state.refused)
        gone += rejected_lines.meant(purchase_order, _too_dear(purchase_order, gone, state, now))
        if gone and len(gone) == purchase_order.lines.filter(is_live=True).count():
            _refuse(purchase_order, state.reason or "all lines", now, state=state)
            return
        rejected_lines.take_out(purchase_order, gone, reason=state.reason, now=now)
        _accept(purchase_order, state, now)
        if state.answer in SAYS_GONE:
            backorders.settle_delays(purchase_order, reason="it shipped", now=now)
            if purchase_order.status == Status.CANCELED:
                _shipped_all_the_same(purchase_order, state, now)
    elif state.answer in SAYS_NO:
        _refuse(purchase_order, state.reason or state.answer.value, now, state=state)
    elif purchase_order.request_status in UNHEARD:
        purchase_order.move(
            Request.SUBMITTED,
            at=now,
            axis="request_status",
            actor=_who(purchase_order),
            problem=_trouble(purchase_order) or state.reason[:300],
        )
        _hear(purchase_order, "received", state, now, reason=state.reason)
    if state.ships_by is not None and state.answer in SAYS_WHEN:
        _hear_of_delay(purchase_order, state, state.ships_by, now)


def _too_dear(
    purchase_order: PurchaseOrder, gone: rejected_lines.Gone, state: PurchaseState, now: datetime
) -> tuple[RefusedLine, ...]:
    """Return lines to refuse: the supplier, before it accepted, asks a cost that makes a loss."""
    if not state.unit_costs or purchase_order.request_status not in OPEN_CONVERSATION:
        return ()
    left = purchase_order.lines.filter(is_live=True).exclude(pk__in=[line.pk for line, _ in gone])
    return cost_increases.settle(purchase_order, left, state.unit_costs, now=now)


def _hear_of_delay(
    purchase_order: PurchaseOrder, state: PurchaseState, ships_by: date, now: datetime
) -> None:
    """Record a later ship date, unless it is canceled, its cancellation requested, or shipped."""
    is_wanted = purchase_order.cancel_wanted_at is None
    if purchase_order.status not in rejected_lines.SHORTENABLE or not is_wanted:
        return
    if backorders.delay(purchase_order, ships_by=ships_by, reason=state.reason, now=now):
        _hear(purchase_order, "later", state, now, reason=f"{ships_by}: {state.reason}")


def _note_freight(purchase_order: PurchaseOrder, told: Money | None) -> None:
    """Store the supplier's latest freight cost."""
    if told is None or not told.is_keepable:
        return
    freight = told.rounded()
    known = (purchase_order.freight_amount, purchase_order.freight_currency)
    if known != (freight.amount, freight.currency):
        purchase_order.freight_amount = freight.amount
        purchase_order.freight_currency = freight.currency
        purchase_order.save(update_fields=["freight_amount", "freight_currency"])


@transaction.atomic(durable=True)
def refuse(
    *,
    purchase_order: PurchaseOrder,
    reason: str,
    code: Refusal = Refusal.REJECTED_OTHER,
    is_of_all: bool = False,
    now: datetime,
) -> None:
    """Apply the supplier's rejection of the whole call.

    ``code`` applies to a single line, or to all lines if ``is_of_all``; otherwise the rejected line
    is unknown and ``REJECTED_OTHER`` is stored.

    Locks:  as ``apply``
    Raises: LostRaceError  it was submitted again, and the supplier may have accepted that
    """
    answered = purchase_order.attempts
    lock(purchase_order)
    if purchase_order.attempts != answered:
        raise LostRaceError(f"{purchase_order}: attempt {answered} is over")
    is_known = is_of_all or purchase_order.lines.filter(is_live=True).count() == 1
    _refuse(purchase_order, reason, now, code=code if is_known else Refusal.REJECTED_OTHER)


def _accept(purchase_order: PurchaseOrder, state: PurchaseState, now: datetime) -> None:
    is_whole = not purchase_order.lines.filter(is_live=False).exists()
    reassignment.outrun(purchase_order, now=now)  # accepted before our question arrived
    if purchase_order.request_status in OPEN_CONVERSATION:
        purchase_order.move(
            Request.ACCEPTED if is_whole else Request.PARTIALLY_ACCEPTED,
            at=now,
            axis="request_status",
            actor=_who(purchase_order),
            accepted_at=now,
            problem=_trouble(purchase_order),
        )
    elif purchase_order.request_status in WISHED_TO_STOP and purchase_order.accepted_at is None:
        # The supplier continues despite our request: it will ship, and it is charged.
        purchase_order.accepted_at = now
        purchase_order.problem = _trouble(purchase_order) or purchase_order.problem
        purchase_order.save(update_fields=["accepted_at", "problem"])
    elif purchase_order.request_status == Request.ACCEPTED and not is_whole:
        purchase_order.move(
            Request.PARTIALLY_ACCEPTED, at=now, axis="request_status", actor=_who(purchase_order)
        )
        return
    else:
        return
    if purchase_order.status == Status.CANCELED:  # refunded: nothing is captured
        _hear(purchase_order, "accepted", state, now)
        return
    if purchase_order.status == Status.READY:
        purchase_order.move(Status.IN_PROGRESS, at=now, actor=_who(purchase_order))
    failpoint("purchase.storing_answer")
    purchase_order.lines.filter(is_live=True).update(acknowledgment="accepted")
    _hear(purchase_order, "accepted", state, now)
    for payment in ledger.secured(purchase_order.order_id)[-1:]:
        ledger.ask_capture(
            payment,
            amount=purchase_order.charge,
            purpose=purchase_order.number,
            at=now,
        )
    events.purchase_order_moved(purchase_order, what="accepted", at=now)


def _shipped_all_the_same(
    purchase_order: PurchaseOrder, state: PurchaseState, now: datetime
) -> None:
    """Flag once that a canceled purchase order shipped, even if its cancellation was accepted."""
    is_noted = purchase_order.messages.filter(kind=SHIPPED_CANCELED).exists()
    can_have_left = CAN_STRAY | {Request.CANCELLATION_ACCEPTED, Request.REJECTED}
    if purchase_order.request_status not in can_have_left or is_noted:
        return
    purchase_order.problem = "The supplier shipped a canceled purchase order. No payment covers it."
    purchase_order.save(update_fields=["problem"])
    _hear(purchase_order, SHIPPED_CANCELED, state, now)


def _go_on(purchase_order: PurchaseOrder, now: datetime) -> None:
    """Release a hold whose only cause was that the supplier seemed not to accept it."""
    if purchase_order.status == Status.ON_HOLD and purchase_order.request_status in UNHEARD:
        purchase_order.move(
            Status.READY, at=now, actor=_who(purchase_order), hold_reasons=[], try_after=None
        )


def _trouble(purchase_order: PurchaseOrder) -> str:
    if purchase_order.status != Status.CANCELED:
        return ""
    return "The supplier has this canceled purchase order. Ask the supplier to cancel it."


def _refuse(
    purchase_order: PurchaseOrder,
    reason: str,
    now: datetime,
    *,
    state: PurchaseState | None = None,
    code: Refusal = Refusal.REJECTED_OTHER,
) -> None:
    if Request.REJECTED not in PurchaseOrder.CONVERSATION[Request(purchase_order.request_status)]:
        return
    is_over = purchase_order.status == Status.CANCELED
    if not is_over and purchase_order.status not in {
        Status.READY,
        Status.IN_PROGRESS,
        Status.DRAFT,
    }:
        return
    purchase_order.move(
        Request.REJECTED,
        at=now,
        axis="request_status",
        actor=_who(purchase_order),
        reason=reason,
        problem=reason[:300],
    )
    _hear(purchase_order, "rejected", state, now, reason=reason)
    if is_over:  # its stock is released and its money refunded
        return
    live = purchase_order.lines.filter(is_live=True).select_related("order_line")
    codes = {one.reference: one.code for one in (state.refused if state else ())}
    for line in live:
        line.acknowledgment = codes.get(str(line.order_line_id), code)
        line.save(update_fields=["acknowledgment"])
    if backorders.begin(purchase_order, list(live), reason=reason, now=now):
        return
    stock_outs.heed_soon(purchase_order, list(live), now=now)
    events.lines_refused(
        purchase_order,
        lines=OrderLine.objects.filter(purchase_lines__in=live),
        amount=rejected_lines.standing(purchase_order),
        is_charged=rejected_lines.is_captured(purchase_order),
        reason=reason,
        at=now,
    )
    purchase_order_cancellation.close(purchase_order, cause="refused", reason=reason, now=now)


def _who(purchase_order: PurchaseOrder) -> str:
    return f"supplier {purchase_order.supplier.code}"


def _hear(
    purchase_order: PurchaseOrder,
    kind: str,
    state: PurchaseState | None,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction=PurchaseMessage.Direction.IN,
        kind=kind,
        body={
            "reference": state.supplier_reference if state else "",
            "reason": reason,
            "cost": str(state.cost) if state and state.cost else "",
            "freight": str(state.freight) if state and state.freight is not None else "",
        },
        at=now,
    )


# Charge notices


@transaction.atomic(durable=True)
def hear(
    *, purchase_order: PurchaseOrder, reason: str, now: datetime, amount: Money | None = None
) -> None:
    """Record a charge notice and show it to staff; nothing is paid automatically.

    The latest notice counts. An empty ``reason`` withdraws it.
    """
    told = {} if amount is None else {"amount": str(amount.amount), "currency": amount.currency}
    PurchaseMessage.objects.create(
        purchase_order=purchase_order,
        direction=PurchaseMessage.Direction.IN,
        kind="charge",
        body={"reason": reason, **told},
        at=now,
    )
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(problem=reason[:300])
