"""Find out what became of a call to a supplier that left something open."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements, retries
from orders.purchasing.holds.rules import Reason
from storefront.lib.clock import elapsing
from storefront.lib.http.errors import OutsideError
from storefront.lib.state_machine import IllegalMoveError
from suppliers.connections.factory import adapter_for
from suppliers.connectors.capabilities import Connector, OrderReading, OrderResuming, able
from suppliers.connectors.records import PurchaseState
from suppliers.resilience.bulkheads import InHandError, in_hand

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request

# Younger than this it may have been begun a moment ago, by somebody whose line to the database just
# broke. Whether a sender lives is told by what he has in hand, however long he takes.
SENDING_TAKES = timedelta(seconds=90)
FIRST_RETRY_AFTER = timedelta(seconds=10)
LONGEST_RETRY_AFTER = timedelta(minutes=30)
# What is written about a call is of that call only: a later one has an outcome of its own.
ATTEMPT = ("attempts",)
UNTOLD = "The supplier does not tell:"


class StillCallingError(Exception):
    """He cannot be asked about it yet: the words say why."""


def resolve(*, purchase_order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    """Find out what became of a call without an answer, before anything is sent again.

    Found at the supplier: adopted. Proven absent: it may be sent again. The proof is of the
    attempt that was looked up, and says nothing of one that began meanwhile. A call that may
    still be under way is not looked up: who died may have begun it a moment ago.

    Raises: TemporaryError  the supplier does not answer; it stays unknown
            LostRaceError   another worker resolved it meanwhile
            InHandError     another worker sends it, or asks for it, just now
    """
    with alone(purchase_order.pk):
        purchase_order.refresh_from_db()
        return _resolve(purchase_order, now)


def alone(purchase_order_id: int) -> AbstractContextManager[None]:
    """Keep other workers from a purchase order while one of us speaks of it to its supplier.

    Its end is exact: who dies lets go of it.

    Raises: InHandError  another worker has it
    """
    return in_hand(subject(purchase_order_id))


def subject(purchase_order_id: int) -> str:
    return f"purchase order {purchase_order_id}"


def resolve_for_staff(*, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Look it up because staff ask: what comes of it stands on its page, or why nothing does.

    Raises: InHandError, LostRaceError  another worker speaks of it, or resolved it
    """
    mine = PurchaseOrder.objects.filter(pk=purchase_order.pk)
    mine.update(polled_at=now)
    problem = ""
    try:
        resolve(purchase_order=purchase_order, now=now)
    except IllegalMoveError:  # he had it, as far as we know
        problem = "The supplier does not find it."
    except OutsideError as error:
        problem = f"{UNTOLD} {error}"
    if problem:
        mine.filter(request_status=purchase_order.request_status).update(problem=problem[:300])
    else:
        mine.filter(problem__startswith=UNTOLD).update(problem="")


def insist_ended(*, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Refuse to ask about it while a call may still be under way: what he says proves nothing.

    Raises: StillCallingError  the words say why; a sweep looks it up when it has ended
    """
    try:
        with alone(purchase_order.pk):
            purchase_order.refresh_from_db()
    except InHandError as error:
        words = gettext("A worker speaks to the supplier about it just now.")
        raise StillCallingError(words) from error
    is_sending = purchase_order.request_status == Request.SUBMITTING
    if is_sending or may_be_under_way(purchase_order, now=now):
        raise StillCallingError(retries.still_calling())


def _resolve(purchase_order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    if purchase_order.request_status == Request.SUBMITTING:
        if purchase_order.request_status_since <= now - SENDING_TAKES:
            unknown(purchase_order, "The worker that was sending it died.", now)
        return purchase_order
    if may_be_under_way(purchase_order, now=now):
        return purchase_order
    with adapter_for(purchase_order.supplier) as connector:
        look_up(purchase_order, connector, now)
    return purchase_order


def may_be_under_way(purchase_order: PurchaseOrder, *, now: datetime) -> bool:
    """Test whether what was said of it may not have arrived: to look it up would prove nothing."""
    is_unknown = purchase_order.request_status == Request.SUBMIT_UNKNOWN
    return is_unknown and purchase_order.request_status_since > now - retries.CALLS_END_WITHIN


def is_wanted(purchase_order: PurchaseOrder) -> bool:
    """Test in the database whether it may be gone on with: never after a wish to cancel it."""
    mine = PurchaseOrder.objects.filter(pk=purchase_order.pk, cancel_wanted_at__isnull=True)
    stopped = Q(status=Status.CANCELED) | Q(request_status__in=acknowledgements.WISHED_TO_STOP)
    return mine.exclude(stopped).exists()


def go_on(
    purchase_order: PurchaseOrder, connector: OrderResuming, *, now: datetime
) -> PurchaseState | None:
    """Take the next step of an order that he takes in steps.

    A step that may have reached him is given time to end before anything else is asked: what he
    is still paid for would look as if it were left unpaid.
    """
    moment = elapsing(now)
    try:
        return connector.resume(number=purchase_order.number)
    except OutsideError as error:
        if error.may_have_happened:
            until = moment() + retries.CALLS_END_WITHIN
            PurchaseOrder.objects.filter(pk=purchase_order.pk).update(try_after=until)
        raise


def look_up(purchase_order: PurchaseOrder, connector: Connector, now: datetime) -> None:
    """Ask by our number, and adopt what he has; where he takes an order in steps, go on with it.

    What is not wanted any more is not gone on with. Where he asks for a pause, the next look waits.

    Raises: TemporaryError, PermanentError  he did not say; it stays unknown
    """
    moment = elapsing(now)
    try:
        if is_wanted(purchase_order) and isinstance(connector, OrderResuming):
            state = go_on(purchase_order, connector, now=moment())
        else:
            state = able(connector, OrderReading).find(number=purchase_order.number)
    except OutsideError as error:
        retries.rest(purchase_order, error, now=moment())
        raise
    if state is None:
        failed(purchase_order, "The supplier does not have it: it will be sent again.", now)
    else:
        acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)


def unknown(purchase_order: PurchaseOrder, problem: OutsideError | str, now: datetime) -> None:
    """Note that the effect of a call is unknown: it is looked up before anything else.

    He may have said when he wants to be asked: not before.
    """
    words = str(problem)
    purchase_order.move(
        Request.SUBMIT_UNKNOWN,
        at=now,
        axis="request_status",
        as_seen=ATTEMPT,
        reason=words,
        problem=words[:300],
        try_after=retries.asked_for(problem, now=now),
    )


@transaction.atomic(durable=True)
def held(purchase_order: PurchaseOrder, why: Reason, now: datetime) -> None:
    """Wait for staff: he refuses how we ask (a key, a balance, a route), not the goods."""
    problem = why.sentence
    purchase_order.move(
        Request.SUBMIT_FAILED,
        at=now,
        axis="request_status",
        as_seen=ATTEMPT,
        reason=problem,
        problem=problem[:300],
        try_after=now,
    )
    purchase_order.move(
        Status.ON_HOLD,
        at=now,
        reason=problem,
        hold_reasons=[why.kept()],
    )


def failed(purchase_order: PurchaseOrder, problem: OutsideError | str, now: datetime) -> None:
    """Note a definite no effect: it is sent again, when ``retries.after_failing`` says."""
    words = str(problem)
    purchase_order.move(
        Request.SUBMIT_FAILED,
        at=now,
        axis="request_status",
        as_seen=ATTEMPT,
        reason=words,
        problem=words[:300],
        **retries.after_failing(
            purchase_order, problem, first=FIRST_RETRY_AFTER, longest=LONGEST_RETRY_AFTER, now=now
        ),
    )
