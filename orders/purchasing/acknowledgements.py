"""Acknowledgements: apply a supplier's answer to a purchase order, record charge notices."""

from datetime import date, datetime, timedelta

from django.db import transaction

from orders import events, ledger
from orders.backorders import backorders, purchase_order_cancellation, rejected_lines
from orders.inventory import stock_outs
from orders.models import PurchaseMessage, PurchaseOrder
from orders.purchasing import cost_increases, reassignment
from orders.purchasing.locks import lock
from storefront.lib.failpoints import failpoint
from storefront.lib.money import Money
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.connectors.records import (
    Acknowledgement,
    PurchaseOrderReport,
    RejectedLine,
    RejectionReason,
)

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission

ANSWERABLE = frozenset(
    {
        Submission.SUBMITTING,
        Submission.SUBMIT_UNKNOWN,
        # The supplier may answer although we recorded that it does not have the purchase order.
        Submission.SUBMIT_FAILED,
        Submission.SUBMITTED,
        Submission.BACKORDERED,
    }
)
UNCONFIRMED = frozenset(
    {Submission.SUBMITTING, Submission.SUBMIT_UNKNOWN, Submission.SUBMIT_FAILED}
)
CANCELLATION_REQUESTED_STATES = frozenset(
    {Submission.CANCELLATION_REQUESTED, Submission.CANCELLATION_REJECTED}
)
POSITIVE = frozenset(
    {
        Acknowledgement.ACCEPTED,
        Acknowledgement.PARTIALLY_SHIPPED,
        Acknowledgement.SHIPPED,
        Acknowledgement.DELIVERED,
    }
)
SHIPPED = POSITIVE - {Acknowledgement.ACCEPTED}
DATED = frozenset({Acknowledgement.RECEIVED, Acknowledgement.ACCEPTED})
NEGATIVE = frozenset({Acknowledgement.REJECTED, Acknowledgement.CANCELED})
# The supplier has the purchase order. If we cancel it, we poll its status until a final one.
SUPPLIER_HAS = frozenset(
    {
        Submission.SUBMITTED,
        Submission.ACCEPTED,
        Submission.PARTIALLY_ACCEPTED,
        Submission.BACKORDERED,
    }
)
# The customer has just read that the order was placed: an earlier acceptance is no news.
CONFIRMATION_NEWS_AFTER = timedelta(hours=2)
SHIPPED_CANCELED = "shipped_canceled"
# A canceled purchase order in one of these may still ship
# (``orders.cancellation.canceled_but_shipped``).
MAY_SHIP_CANCELED = SUPPLIER_HAS | {Submission.CANCELLATION_REJECTED}


@transaction.atomic(durable=True)
def apply(*, purchase_order: PurchaseOrder, state: PurchaseOrderReport, now: datetime) -> None:
    """Apply the supplier's state, from our call, a webhook or a poll. Idempotent.

    An acceptance of a canceled purchase order is flagged for staff
    (``orders.cancellation.canceled_but_shipped``). A rejection after shipment is ignored. Rejecting
    every line rejects the purchase order.

    Locks:  the order, then the purchase order, its payment, and the stock rows in id order
    """
    lock(purchase_order)
    was_accepted = purchase_order.accepted_at is not None
    if state.supplier_reference and not purchase_order.supplier_reference:
        purchase_order.supplier_reference = state.supplier_reference
        purchase_order.save(update_fields=["supplier_reference"])
    _store_freight(purchase_order, state.freight)
    if state.answer not in NEGATIVE:
        _release_unconfirmed(purchase_order, now)
    if state.answer in POSITIVE:
        rejected = rejected_lines.match(purchase_order, state.refused)
        rejected += rejected_lines.match(
            purchase_order, _unprofitable_lines(purchase_order, rejected, state, now)
        )
        if rejected and len(rejected) == purchase_order.lines.filter(is_active=True).count():
            _reject(purchase_order, state.reason or "all lines", now, state=state)
            return
        rejected_lines.cancel_or_reroute(purchase_order, rejected, reason=state.reason, now=now)
        _accept(purchase_order, state, now)
        if state.answer in SHIPPED:
            backorders.close_delays(purchase_order, reason="it shipped", now=now)
            if purchase_order.status == Status.CANCELED:
                _flag_shipped_after_cancel(purchase_order, state, now)
    elif state.answer in NEGATIVE:
        _reject(purchase_order, state.reason or state.answer.value, now, state=state)
    elif purchase_order.submission_status in UNCONFIRMED:
        purchase_order.move(
            Submission.SUBMITTED,
            at=now,
            status_field="submission_status",
            actor=_actor(purchase_order),
            problem=_problem_if_canceled(purchase_order) or state.reason[:300],
        )
        _record_message(purchase_order, "received", state, now, reason=state.reason)
    if state.ships_by is not None and state.answer in DATED:
        _record_delay(purchase_order, state, state.ships_by, now)
    is_new = state.answer == Acknowledgement.ACCEPTED and not was_accepted
    _notify_if_confirmed(purchase_order, is_new=is_new, now=now)


def _unprofitable_lines(
    purchase_order: PurchaseOrder,
    rejected: rejected_lines.RejectedLines,
    state: PurchaseOrderReport,
    now: datetime,
) -> tuple[RejectedLine, ...]:
    """Return the lines for which the supplier now asks a cost that makes a loss."""
    if not state.unit_costs or purchase_order.submission_status not in ANSWERABLE:
        return ()
    remaining = purchase_order.lines.filter(is_active=True).exclude(
        pk__in=[line.pk for line, _ in rejected]
    )
    return cost_increases.accept_or_reject(purchase_order, remaining, state.unit_costs, now=now)


def _record_delay(
    purchase_order: PurchaseOrder, state: PurchaseOrderReport, ships_by: date, now: datetime
) -> None:
    """Record a later ship date, unless the order is shipped, canceled or about to be."""
    is_wanted = purchase_order.cancel_requested_at is None
    if purchase_order.status not in rejected_lines.REJECTABLE_STATES or not is_wanted:
        return
    if backorders.record_delay(purchase_order, ships_by=ships_by, reason=state.reason, now=now):
        _record_message(purchase_order, "later", state, now, reason=f"{ships_by}: {state.reason}")


def _store_freight(purchase_order: PurchaseOrder, reported: Money | None) -> None:
    """Store the supplier's latest freight cost."""
    if reported is None or not reported.is_representable:
        return
    freight = reported.rounded()
    stored = (purchase_order.freight_amount, purchase_order.freight_currency)
    if stored != (freight.amount, freight.currency):
        purchase_order.freight_amount = freight.amount
        purchase_order.freight_currency = freight.currency
        purchase_order.save(update_fields=["freight_amount", "freight_currency"])


@transaction.atomic(durable=True)
def reject(
    *,
    purchase_order: PurchaseOrder,
    reason: str,
    code: RejectionReason = RejectionReason.REJECTED_OTHER,
    is_of_all: bool = False,
    now: datetime,
) -> None:
    """Apply the supplier's rejection of the whole request.

    ``code`` is stored if the purchase order has one line, or if ``is_of_all``. Otherwise we do not
    know which line caused the rejection, and ``REJECTED_OTHER`` is stored.

    Locks:  as ``apply``
    Raises: ConcurrentUpdateError  it was submitted again, perhaps with success
    """
    attempt = purchase_order.attempts
    lock(purchase_order)
    if purchase_order.attempts != attempt:
        raise ConcurrentUpdateError(f"{purchase_order}: attempt {attempt} is over")
    is_known = is_of_all or purchase_order.lines.filter(is_active=True).count() == 1
    _reject(purchase_order, reason, now, code=code if is_known else RejectionReason.REJECTED_OTHER)


def _accept(purchase_order: PurchaseOrder, state: PurchaseOrderReport, now: datetime) -> None:
    has_all_lines = not purchase_order.lines.filter(is_active=False).exists()
    # The supplier accepted before our cancellation request arrived.
    reassignment.abandon_on_acceptance(purchase_order, now=now)
    if purchase_order.submission_status in ANSWERABLE:
        purchase_order.move(
            Submission.ACCEPTED if has_all_lines else Submission.PARTIALLY_ACCEPTED,
            at=now,
            status_field="submission_status",
            actor=_actor(purchase_order),
            accepted_at=now,
            problem=_problem_if_canceled(purchase_order),
        )
    elif (
        purchase_order.submission_status in CANCELLATION_REQUESTED_STATES
        and purchase_order.accepted_at is None
    ):
        # The supplier ships despite our request, so the customer is charged.
        purchase_order.accepted_at = now
        purchase_order.problem = _problem_if_canceled(purchase_order) or purchase_order.problem
        purchase_order.save(update_fields=["accepted_at", "problem"])
    elif purchase_order.submission_status == Submission.ACCEPTED and not has_all_lines:
        purchase_order.move(
            Submission.PARTIALLY_ACCEPTED,
            at=now,
            status_field="submission_status",
            actor=_actor(purchase_order),
        )
        return
    else:
        return
    if purchase_order.status == Status.CANCELED:  # refunded: nothing is captured
        _record_message(purchase_order, "accepted", state, now)
        return
    if purchase_order.status == Status.READY:
        purchase_order.move(Status.IN_PROGRESS, at=now, actor=_actor(purchase_order))
    failpoint("purchase.storing_answer")
    purchase_order.lines.filter(is_active=True).update(acknowledgment="accepted")
    _record_message(purchase_order, "accepted", state, now)
    for payment in ledger.lock_authorized_payments(purchase_order.order_id)[-1:]:
        ledger.request_capture(
            payment, amount=purchase_order.charge, purpose=purchase_order.number, at=now
        )
    events.purchase_order_answered(purchase_order, what="accepted", at=now)


def _notify_if_confirmed(purchase_order: PurchaseOrder, *, is_new: bool, now: datetime) -> None:
    """Notify the customer once all purchase orders are accepted, unless that took little time.

    Nothing is said while a line is rerouted or delayed: another message follows.
    """
    order = purchase_order.order
    is_news = is_new and now >= order.placed_at + CONFIRMATION_NEWS_AFTER
    if not is_news or purchase_order.status == Status.CANCELED:
        return
    active = order.purchase_orders.exclude(status=Status.CANCELED)
    is_waiting = active.filter(accepted_at=None).exists()
    if not is_waiting and not backorders.open_backorders(order).exists():
        events.order_confirmed(order, at=now)


def _flag_shipped_after_cancel(
    purchase_order: PurchaseOrder, state: PurchaseOrderReport, now: datetime
) -> None:
    """Flag once that a canceled purchase order shipped, even if its cancellation was accepted."""
    is_flagged = purchase_order.messages.filter(kind=SHIPPED_CANCELED).exists()
    may_have_shipped = MAY_SHIP_CANCELED | {Submission.CANCELLATION_ACCEPTED, Submission.REJECTED}
    if purchase_order.submission_status not in may_have_shipped or is_flagged:
        return
    purchase_order.problem = "The supplier shipped a canceled purchase order. No payment covers it."
    purchase_order.save(update_fields=["problem"])
    _record_message(purchase_order, SHIPPED_CANCELED, state, now)


def _release_unconfirmed(purchase_order: PurchaseOrder, now: datetime) -> None:
    """Release the hold of a purchase order that the supplier turned out to have."""
    if purchase_order.status == Status.ON_HOLD and purchase_order.submission_status in UNCONFIRMED:
        purchase_order.move(
            Status.READY, at=now, actor=_actor(purchase_order), hold_reasons=[], retry_at=None
        )


def _problem_if_canceled(purchase_order: PurchaseOrder) -> str:
    if purchase_order.status != Status.CANCELED:
        return ""
    return "The supplier has this canceled purchase order. Ask the supplier to cancel it."


def _reject(
    purchase_order: PurchaseOrder,
    reason: str,
    now: datetime,
    *,
    state: PurchaseOrderReport | None = None,
    code: RejectionReason = RejectionReason.REJECTED_OTHER,
) -> None:
    if (
        Submission.REJECTED
        not in PurchaseOrder.SUBMISSION_TRANSITIONS[Submission(purchase_order.submission_status)]
    ):
        return
    is_canceled = purchase_order.status == Status.CANCELED
    if not is_canceled and purchase_order.status not in {
        Status.READY,
        Status.IN_PROGRESS,
        Status.DRAFT,
    }:
        return
    purchase_order.move(
        Submission.REJECTED,
        at=now,
        status_field="submission_status",
        actor=_actor(purchase_order),
        reason=reason,
        problem=reason[:300],
    )
    _record_message(purchase_order, "rejected", state, now, reason=reason)
    if is_canceled:  # its stock and money are returned already
        return
    lines = purchase_order.lines.filter(is_active=True).select_related("order_line")
    codes = {rejected.reference: rejected.code for rejected in (state.refused if state else ())}
    for line in lines:
        line.acknowledgment = codes.get(str(line.order_line_id), code)
        line.save(update_fields=["acknowledgment"])
    if backorders.open_backorder(purchase_order, list(lines), reason=reason, now=now):
        return
    stock_outs.zero_stock_on_commit(purchase_order, list(lines), now=now)
    purchase_order_cancellation.cancel(
        purchase_order, cause="refused", reason=reason, is_customer_notified=True, now=now
    )


def _actor(purchase_order: PurchaseOrder) -> str:
    return f"supplier {purchase_order.supplier.code}"


def _record_message(
    purchase_order: PurchaseOrder,
    kind: str,
    state: PurchaseOrderReport | None,
    now: datetime,
    *,
    reason: str = "",
) -> None:
    purchase_order.messages.create(
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
def record_charge_notice(
    *, purchase_order: PurchaseOrder, reason: str, now: datetime, amount: Money | None = None
) -> None:
    """Record an extra charge that the supplier announced, for staff.

    The latest one counts; an empty ``reason`` clears it.
    """
    charged = {} if amount is None else {"amount": str(amount.amount), "currency": amount.currency}
    purchase_order.messages.create(
        direction=PurchaseMessage.Direction.IN,
        kind="charge",
        body={"reason": reason, **charged},
        at=now,
    )
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(problem=reason[:300])
