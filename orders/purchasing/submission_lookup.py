"""Submission lookup: find out whether the supplier received a purchase order, record the result."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements, retries
from orders.purchasing.holds.rules import HoldReason
from storefront.lib.clock import running_clock
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.state_machine import InvalidTransitionError
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import Connector, OrderReading, OrderResuming, require
from suppliers.connectors.records import PurchaseOrderReport
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock

Status = PurchaseOrder.Status
Submission = PurchaseOrder.Submission

FIRST_RETRY_AFTER = timedelta(seconds=10)
MAX_RETRY_AFTER = timedelta(minutes=30)
NO_ANSWER = "The supplier did not return a status:"


class CallInProgressError(Exception):
    """No lookup is possible yet; the message gives the reason."""


def resolve(*, purchase_order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    """Ask the supplier for a purchase order whose call had no answer, before it is sent again.

    Found: the supplier's state is applied. Absent: it may be submitted again. The result counts
    only for the attempt that was looked up. A call that may still be under way is not looked up.

    Raises: TemporaryError         the supplier does not answer; the result stays unknown
            ConcurrentUpdateError  another worker resolved it
            LockedElsewhereError   another worker submits it or looks it up now
    """
    with work_lock(purchase_order.pk):
        purchase_order.refresh_from_db()
        return _resolve_exclusively(purchase_order, now)


def work_lock(purchase_order_id: int) -> AbstractContextManager[None]:
    """Keep other workers from this purchase order during a call. The lock ends with the process.

    Raises: LockedElsewhereError  another worker has it
    """
    return exclusive_lock(lock_name(purchase_order_id))


def lock_name(purchase_order_id: int) -> str:
    return f"purchase order {purchase_order_id}"


def resolve_for_staff(*, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Look the purchase order up for staff, and store in ``problem`` why there is no result.

    Raises: LockedElsewhereError   another worker handles it
            ConcurrentUpdateError  another worker resolved it
    """
    rows = PurchaseOrder.objects.filter(pk=purchase_order.pk)
    rows.update(polled_at=now)
    problem = ""
    try:
        resolve(purchase_order=purchase_order, now=now)
    except InvalidTransitionError:  # the supplier had confirmed it before
        problem = "The supplier cannot find this purchase order."
    except ExternalServiceError as error:
        problem = f"{NO_ANSWER} {error}"
    if problem:
        rows.filter(submission_status=purchase_order.submission_status).update(
            problem=problem[:300]
        )
    else:
        rows.filter(problem__startswith=NO_ANSWER).update(problem="")


def require_no_call_in_flight(*, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Raise CallInProgressError while a call may be under way: an answer would prove nothing.

    The error has a message for staff. A sweep looks the purchase order up later.
    """
    try:
        with work_lock(purchase_order.pk):
            purchase_order.refresh_from_db()
    except LockedElsewhereError as error:
        message = gettext(
            "A request to the supplier about this purchase order is running. Try again in a minute."
        )
        raise CallInProgressError(message) from error
    is_sending = purchase_order.submission_status == Submission.SUBMITTING
    if is_sending or may_be_in_flight(purchase_order, now=now):
        raise CallInProgressError(retries.call_in_progress_message())


def _resolve_exclusively(purchase_order: PurchaseOrder, now: datetime) -> PurchaseOrder:
    if purchase_order.submission_status == Submission.SUBMITTING:
        if purchase_order.submission_status_since <= now - retries.SUBMISSION_TIMEOUT:
            mark_unknown(purchase_order, "The worker stopped during the submission.", now)
        return purchase_order
    if may_be_in_flight(purchase_order, now=now):
        return purchase_order
    with open_connector(purchase_order.supplier) as connector:
        look_up(purchase_order, connector, now)
    return purchase_order


def may_be_in_flight(purchase_order: PurchaseOrder, *, now: datetime) -> bool:
    """Return whether our call may not have arrived yet, so that a lookup proves nothing."""
    is_unknown = purchase_order.submission_status == Submission.SUBMIT_UNKNOWN
    return is_unknown and purchase_order.submission_status_since > now - retries.MAX_CALL_TIME


def is_wanted(purchase_order: PurchaseOrder) -> bool:
    """Return True unless the purchase order is canceled or its cancellation is requested.

    Reads the database.
    """
    rows = PurchaseOrder.objects.filter(pk=purchase_order.pk, cancel_requested_at__isnull=True)
    canceled = Q(status=Status.CANCELED) | Q(
        submission_status__in=acknowledgements.CANCELLATION_REQUESTED_STATES
    )
    return rows.exclude(canceled).exists()


def resume(
    purchase_order: PurchaseOrder, connector: OrderResuming, *, now: datetime
) -> PurchaseOrderReport | None:
    """Send the next request of an order that the supplier accepts in steps.

    A step that may have reached the supplier gets ``MAX_CALL_TIME`` to end before the next
    lookup: a payment still under way would look unpaid.
    """
    clock = running_clock(now)
    try:
        return connector.resume(number=purchase_order.number)
    except ExternalServiceError as error:
        if error.is_outcome_unknown:
            until = clock() + retries.MAX_CALL_TIME
            PurchaseOrder.objects.filter(pk=purchase_order.pk).update(retry_at=until)
        raise


def look_up(purchase_order: PurchaseOrder, connector: Connector, now: datetime) -> None:
    """Look the purchase order up by our number, and apply the supplier's state.

    An order that the supplier accepts in steps is resumed, unless it is canceled. A
    ``Retry-After`` delays the next lookup.

    Raises: TemporaryError, PermanentError  no answer; the result stays unknown
    """
    clock = running_clock(now)
    try:
        if is_wanted(purchase_order) and isinstance(connector, OrderResuming):
            state = resume(purchase_order, connector, now=clock())
        else:
            state = require(connector, OrderReading).find(number=purchase_order.number)
    except ExternalServiceError as error:
        retries.defer(purchase_order, error, now=clock())
        raise
    if state is None:
        mark_failed(purchase_order, "The supplier does not have this purchase order.", now)
    else:
        acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)


def mark_unknown(
    purchase_order: PurchaseOrder, problem: ExternalServiceError | str, now: datetime
) -> None:
    """Record that the effect of a call is unknown; the next lookup respects ``Retry-After``."""
    retry_at = retries.retry_after(problem, now=now)
    retries.end_attempt(
        purchase_order, Submission.SUBMIT_UNKNOWN, problem, now=now, retry_at=retry_at
    )


@transaction.atomic(durable=True)
def mark_held(purchase_order: PurchaseOrder, hold_reason: HoldReason, now: datetime) -> None:
    """Hold a purchase order: the supplier rejects our request (key, balance, route), not items."""
    retries.end_attempt(
        purchase_order, Submission.SUBMIT_FAILED, hold_reason.sentence, now=now, retry_at=now
    )
    purchase_order.move(
        Status.ON_HOLD, at=now, reason=hold_reason.sentence, hold_reasons=[hold_reason.to_json()]
    )


def mark_failed(
    purchase_order: PurchaseOrder, problem: ExternalServiceError | str, now: datetime
) -> None:
    """Record that a call had no effect, and schedule the retry (``retries.next_retry``)."""
    retry = retries.next_retry(
        purchase_order, problem, first=FIRST_RETRY_AFTER, longest=MAX_RETRY_AFTER, now=now
    )
    retries.end_attempt(purchase_order, Submission.SUBMIT_FAILED, problem, now=now, **retry)
