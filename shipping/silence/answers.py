"""Answers: find what a customer can choose about a silent parcel, apply the choice once."""

from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from orders.models import PurchaseOrder
from orders.returns.eligibility import CannotReturnError
from shipping.models import Parcel, SilenceCase, SilenceChoice, SilenceKind
from shipping.rerouting import parcel_replacements
from shipping.shipments import corrections, events, outcomes
from shipping.silence import sweep
from storefront.lib.db.transactions import requires_transaction

ACTOR = "customer"
IMPOSSIBLE = (CannotReturnError, outcomes.CannotResolveError)


class Result(StrEnum):
    """The reply to a choice."""

    APPLIED = "applied"
    ARRIVED = "arrived"  # too late: the parcel was delivered
    CLOSED = "closed"  # too late: the parcel has news, or something else was chosen before
    UNAVAILABLE = "unavailable"  # it cannot be refunded or replaced now; other choices stay


@requires_transaction
def lock(case: SilenceCase, *, now: datetime) -> PurchaseOrder:
    """Lock a case by the order of its parcel, end it if it no longer applies, read it again.

    Locks:  as ``outcomes.settle``, then the open allocations of the purchase order
    """
    parcel = case.parcel
    with suppress(CannotReturnError):  # charged back: nothing is offered, but the case goes on
        outcomes.lock_for_settlement(parcel)
    purchase_order = corrections.lock(parcel)
    sweep.end_cases_of(parcel.pk, now=now)
    case.refresh_from_db()
    case.parcel = parcel
    return purchase_order


@requires_transaction
def possible_choices(case: SilenceCase, *, now: datetime) -> list[str]:
    """Return what the rule allows and the order, the stock and the supplier permit now.

    A refund and a replacement are rehearsed and rolled back, so that no other rule can differ.
    """
    return [
        choice
        for choice in case.choices
        if choice == SilenceChoice.WAIT or _is_possible(case, SilenceChoice(choice), now)
    ]


def _is_possible(case: SilenceCase, choice: SilenceChoice, now: datetime) -> bool:
    try:
        with transaction.atomic():
            _settle(case, choice, now)
            transaction.set_rollback(True)  # to the savepoint
    except IMPOSSIBLE:
        return False
    finally:
        case.parcel.refresh_from_db()
    return True


def _settle(case: SilenceCase, choice: SilenceChoice, now: datetime) -> None:
    """Mark the parcel lost or returned, and refund or replace it."""
    is_returning = case.kind == SilenceKind.RETURNING
    to = Parcel.Status.RETURNED if is_returning else Parcel.Status.LOST
    reason = f"silent since {case.since:%Y-%m-%d}: the customer chose a {choice.value}"
    outcomes.mark_undeliverable(case.parcel, to, reason=reason, actor=ACTOR, now=now)
    settle = (
        outcomes.refund_locked
        if choice == SilenceChoice.REFUND
        else parcel_replacements.replace_locked
    )
    settle(parcel=case.parcel, reason=reason, actor=ACTOR, now=now)


def answer(*, case: SilenceCase, choice: SilenceChoice, now: datetime) -> Result:
    """Apply a customer's choice, or reply that it came too late. Idempotent for the same choice.

    Locks:  as ``lock``, then what a refund or a replacement locks
    """
    try:
        return _answer_locked(case, choice, now)
    except IMPOSSIBLE:
        _withdraw_offer(case, choice)
        return Result.UNAVAILABLE


@transaction.atomic(durable=True)
def _answer_locked(case: SilenceCase, choice: SilenceChoice, now: datetime) -> Result:
    purchase_order = lock(case, now=now)
    is_current = case.answered_at and (not case.told_at or case.answered_at >= case.told_at)
    if is_current and case.answer == choice:
        return Result.APPLIED
    if not case.is_asked or choice not in case.offered:
        return _reply_too_late(case, purchase_order, choice, now)
    ended_at = None
    if choice == SilenceChoice.WAIT:
        _postpone(case, now)
    else:
        _settle(case, choice, now)
        ended_at = now
    case.answer, case.answered_at, case.ended_at = choice, now, ended_at
    case.save(update_fields=["answer", "answered_at", "ended_at"])
    if ended_at:  # the refund or the return sends its own message
        sweep.end_cases_of(case.parcel_id, now=now)
    else:
        _record_reply(case, purchase_order, choice, Result.APPLIED, now)
    return Result.APPLIED


def _postpone(case: SilenceCase, now: datetime) -> None:
    """Let all open cases of the parcel wait for the days of this one: customer and staff."""
    until = now + timedelta(days=case.repeat_after_days)
    SilenceCase.objects.filter(parcel=case.parcel_id, ended_at=None).update(
        tell_at=Greatest(F("tell_at"), until), staff_at=Greatest(F("staff_at"), until)
    )
    case.refresh_from_db(fields=["tell_at", "staff_at"])


@transaction.atomic(durable=True)
def _withdraw_offer(case: SilenceCase, choice: SilenceChoice) -> None:
    """Take a choice that is no longer possible off the page, until the next message offers it."""
    corrections.lock(case.parcel)
    case.refresh_from_db(fields=["offered", "answer", "answered_at", "ended_at", "told_at"])
    case.offered = [each for each in case.offered if each != choice]
    case.save(update_fields=["offered"])


def _reply_too_late(
    case: SilenceCase, purchase_order: PurchaseOrder, choice: SilenceChoice, now: datetime
) -> Result:
    is_delivered = case.parcel.status == Parcel.Status.DELIVERED
    result = Result.ARRIVED if is_delivered else Result.CLOSED
    _record_reply(case, purchase_order, choice, result, now)
    return result


def _record_reply(
    case: SilenceCase,
    purchase_order: PurchaseOrder,
    choice: SilenceChoice,
    result: Result,
    now: datetime,
) -> None:
    events.record_silence_answered(
        case.parcel,
        purchase_order=purchase_order,
        key=f"{case.pk}:{case.messages}:{result}",
        at=now,
        choice=choice.value,
        result=result.value,
        writes_again=case.tell_at.date().isoformat() if case.tell_at else "",
    )


def open_cases_of(parcel_ids: list[int]) -> dict[int, SilenceCase]:
    """Return of each parcel the case to show: one that asks, else the one last told."""
    rows = SilenceCase.objects.filter(
        ended_at=None, told_at__isnull=False, parcel__in=parcel_ids
    ).order_by("told_at", "pk")
    shown: dict[int, SilenceCase] = {}
    for case in sorted(rows, key=lambda case: case.is_asked):
        shown[case.parcel_id] = case
    return shown
