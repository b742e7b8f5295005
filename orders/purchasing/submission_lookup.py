"""Submission lookup: find out whether the supplier received a purchase order, record the result."""

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

# A younger submission may belong to a worker that just lost its database connection, and with it
# the advisory lock (``alone``) that otherwise proves that a worker is alive.
SENDING_TAKES = timedelta(seconds=90)
FIRST_RETRY_AFTER = timedelta(seconds=10)
LONGEST_RETRY_AFTER = timedelta(minutes=30)
# A result is stored only for the attempt it belongs to.
ATTEMPT = ("attempts",)
UNTOLD = "The supplier did not return a status:"


class StillCallingError(Exception):
    """The supplier cannot be asked yet; the message says why."""


def resolve(*, purchase_order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    """Ask the supplier for a purchase order whose call had no answer, before it is sent again.

    Found: the supplier's state is applied. Absent: it may be submitted again. The result counts
    only for the attempt that was looked up. A call that may still be under way is not looked up.

    Raises: TemporaryError  the supplier does not answer; it stays unknown
            LostRaceError   another worker resolved it
            InHandError     another worker submits it or looks it up now
    """
    with alone(purchase_order.pk):
        purchase_order.refresh_from_db()
        return _resolve(purchase_order, now)


def alone(purchase_order_id: int) -> AbstractContextManager[None]:
    """Keep other workers from this purchase order during a call about it. Ends with the process.

    Raises: InHandError  another worker has it
    """
    return in_hand(subject(purchase_order_id))


def subject(purchase_order_id: int) -> str:
    return f"purchase order {purchase_order_id}"


def resolve_for_staff(*, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Look it up on request of staff, and store in ``problem`` why there is no result.

    Raises: InHandError, LostRaceError  another worker handles it or resolved it
    """
    mine = PurchaseOrder.objects.filter(pk=purchase_order.pk)
    mine.update(polled_at=now)
    problem = ""
    try:
        resolve(purchase_order=purchase_order, now=now)
    except IllegalMoveError:  # the supplier had confirmed it before
        problem = "The supplier cannot find this purchase order."
    except OutsideError as error:
        problem = f"{UNTOLD} {error}"
    if problem:
        mine.filter(request_status=purchase_order.request_status).update(problem=problem[:300])
    else:
        mine.filter(problem__startswith=UNTOLD).update(problem="")


def insist_ended(*, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Raise while a call may still be under way: an answer would then prove nothing.

    Raises: StillCallingError  with a message for staff; a sweep looks it up later
    """
    try:
        with alone(purchase_order.pk):
            purchase_order.refresh_from_db()
    except InHandError as error:
        words = gettext(
            "A request to the supplier about this purchase order is running. Try again in a minute."
        )
        raise StillCallingError(words) from error
    is_sending = purchase_order.request_status == Request.SUBMITTING
    if is_sending or may_be_under_way(purchase_order, now=now):
        raise StillCallingError(retries.still_calling())


def _resolve(purchase_order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    if purchase_order.request_status == Request.SUBMITTING:
        if purchase_order.request_status_since <= now - SENDING_TAKES:
            unknown(purchase_order, "The worker stopped during the submission.", now)
        return purchase_order
    if may_be_under_way(purchase_order, now=now):
        return purchase_order
    with adapter_for(purchase_order.supplier) as connector:
        look_up(purchase_order, connector, now)
    return purchase_order


def may_be_under_way(purchase_order: PurchaseOrder, *, now: datetime) -> bool:
    """Return True if our call may not have arrived yet, so that a lookup proves nothing."""
    is_unknown = purchase_order.request_status == Request.SUBMIT_UNKNOWN
    return is_unknown and purchase_order.request_status_since > now - retries.CALLS_END_WITHIN


def is_wanted(purchase_order: PurchaseOrder) -> bool:
    """Return True unless the purchase order is canceled or its cancellation is requested.

    Reads the database.
    """
    mine = PurchaseOrder.objects.filter(pk=purchase_order.pk, cancel_wanted_at__isnull=True)
    stopped = Q(status=Status.CANCELED) | Q(request_status__in=acknowledgements.WISHED_TO_STOP)
    return mine.exclude(stopped).exists()


def go_on(
    purchase_order: PurchaseOrder, connector: OrderResuming, *, now: datetime
) -> PurchaseState | None:
    """Take the next step of an order that the supplier takes in steps.

    A step that may have reached the supplier gets ``CALLS_END_WITHIN`` to end before the next
    lookup: a payment still under way would look unpaid.
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
    """Look it up by our number and apply the supplier's state; resume a stepwise order.

    An unwanted order is not resumed. A ``Retry-After`` delays the next lookup.

    Raises: TemporaryError, PermanentError  no answer; it stays unknown
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
        failed(
            purchase_order,
            "The supplier does not have this purchase order. It will be submitted again.",
            now,
        )
    else:
        acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)


def unknown(purchase_order: PurchaseOrder, problem: OutsideError | str, now: datetime) -> None:
    """Record that the effect of a call is unknown; the next lookup respects ``Retry-After``."""
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
    """Put it on hold: the supplier rejects our request (key, balance, route), not the items."""
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
    """Record that a call had no effect, and schedule the retry (``retries.after_failing``)."""
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
