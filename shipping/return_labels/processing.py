"""Label processing: buy requested labels exactly once, store their PDF, void canceled ones.

A label is ordered only after the attempt is stored. After a crash or a lost answer, the provider is
asked for our reference before a second order. One worker at a time works on a label.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from orders.models import ReturnAuthorization, ReturnLabel, ReturnPolicy
from orders.returns import authorizations, refund_amounts
from shipping.return_labels import files, parcels, purchases
from shipping.return_labels.base import (
    LabelParcel,
    LabelProvider,
    LabelReport,
    LabelState,
    NotCancelableError,
)
from shipping.return_labels.parcels import CannotBuyLabelError
from storefront.lib.clock import Clock, running_clock
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock

log = logging.getLogger(__name__)

Status = ReturnLabel.Status
ReturnStatus = ReturnAuthorization.Status
POLL_AFTER = timedelta(seconds=20)
FOLLOW_AFTER = timedelta(hours=3)
VOID_POLL_AFTER = timedelta(minutes=15)
RETRY_AFTER = timedelta(minutes=2)
# An order whose answer was lost may be processed for this long; then it is in the list of returns.
LOOKUP_AFTER = timedelta(minutes=2)
CLOCK_SKEW = timedelta(hours=1)  # between the shop and the provider


class NoCarrierError(Exception):
    """No carrier serves the route."""


def due_labels(*, now: datetime) -> QuerySet[ReturnLabel]:
    return ReturnLabel.objects.filter(due_at__lte=now).order_by("due_at", "pk")


@contextmanager
def exclusive(label: ReturnLabel) -> Iterator[None]:
    """Hold the session lock of a label; a dead worker releases it. Raises LockedElsewhereError."""
    with exclusive_lock(f"return label {label.pk}"):
        label.refresh_from_db()
        yield


def process(*, label: ReturnLabel, provider: LabelProvider, now: datetime) -> None:
    """Take the next step of a due label: order, poll or cancel it. Another worker's is skipped.

    Raises: TemporaryError, PermanentError  the step is due again later
    """
    with suppress(LockedElsewhereError, ConcurrentUpdateError), exclusive(label):
        if label.due_at is None or label.due_at > now:
            return
        clock = running_clock(now)
        try:
            if label.status == Status.REQUESTED:
                _buy(label, provider, clock)
            elif label.status == Status.VOID_REQUESTED:
                _void(label, provider, clock)
            else:
                _follow(label, provider, clock)
        except ExternalServiceError as error:
            # The problem of a bought label says that it cannot be voided; following it is no problem.
            problem = label.problem if label.status == Status.BOUGHT else str(error)
            _postpone(label, clock() + RETRY_AFTER, problem=problem)
            raise


def _buy(label: ReturnLabel, provider: LabelProvider, clock: Clock) -> None:
    if not label.external_id and label.attempts:
        _look_up(label, provider, clock)
    if not label.external_id:
        if label.authorization.status != ReturnStatus.APPROVED:
            label.move(
                Status.VOIDED, at=clock(), reason="the return was closed before", due_at=None
            )
            return
        try:
            parcel = parcels.describe(label.authorization)
            _choose_option(label, parcel, provider, clock)
        except (CannotBuyLabelError, NoCarrierError) as error:
            _fail(label, str(error), clock())
            return
        if not _order(label, parcel, provider, clock):
            return
    _collect(label, provider, clock)


def _look_up(label: ReturnLabel, provider: LabelProvider, clock: Clock) -> None:
    """Adopt the label that an earlier attempt may have ordered."""
    now = clock()
    external_id = provider.find(
        label.reference, since=label.requested_at - CLOCK_SKEW, until=now + CLOCK_SKEW
    )
    if external_id:
        _store_id(label, external_id)


def _choose_option(
    label: ReturnLabel, parcel: LabelParcel, provider: LabelProvider, clock: Clock
) -> None:
    """Choose the cheapest option, and what the customer pays, if no staff member did."""
    if label.option:
        return
    quotes = provider.quote(parcel)
    if not quotes:
        raise NoCarrierError(gettext("No carrier serves this route."))
    charge = None
    if label.payer == ReturnPolicy.Payer.CUSTOMER:
        charge = purchases.charge_of(label.authorization, quotes[0].price, now=clock())
    label.option = quotes[0].code
    label.charge_amount = charge.amount if charge else label.charge_amount
    label.save(update_fields=["option", "charge_amount"])


def _order(label: ReturnLabel, parcel: LabelParcel, provider: LabelProvider, clock: Clock) -> bool:
    """Order the label; return whether the provider has it. The attempt is stored first."""
    label.attempts += 1
    label.due_at = clock() + LOOKUP_AFTER
    label.save(update_fields=["attempts", "due_at"])
    failpoint("return_label.before_call")
    try:
        external_id = provider.order(parcel, option=label.option, reference=label.reference)
    except PermanentError as error:
        if error.is_outcome_unknown:
            raise
        _fail(label, str(error), clock())
        return False
    failpoint("return_label.after_call")
    _store_id(label, external_id)
    return True


def _store_id(label: ReturnLabel, external_id: str) -> None:
    label.external_id = external_id[:40]
    label.save(update_fields=["external_id"])


def _collect(label: ReturnLabel, provider: LabelProvider, clock: Clock) -> None:
    """Store the label if the carrier has confirmed it; else ask again later."""
    report = provider.read(label.external_id)
    if report.state == LabelState.PENDING:
        _postpone(label, clock() + POLL_AFTER)
    elif report.state == LabelState.READY:
        is_needed = label.authorization.status == ReturnStatus.APPROVED
        name = files.store(label, provider.download(report.document)) if is_needed else ""
        failpoint("return_label.before_storing")
        _finish(label, report, name, clock())
    else:
        canceled = gettext("The label was canceled at the provider.")
        _fail(label, report.problem or canceled, clock())


@transaction.atomic(durable=True)
def _finish(label: ReturnLabel, report: LabelReport, file: str, now: datetime) -> None:
    """Store price, number and PDF; send the label to the customer, or void it if it is not needed.

    Locks:  the order
    """
    authorization = label.authorization
    authorizations.lock(authorization)
    price = report.price
    label.move(
        Status.BOUGHT,
        at=now,
        due_at=now + FOLLOW_AFTER,
        problem="",
        price_amount=price.amount if price else None,
        currency=price.currency if price else "",
        carrier=report.carrier,
        tracking_number=report.tracking_number,
        file=file,
    )
    if authorization.status == ReturnStatus.APPROVED:
        authorizations.attach_label(authorization, label, now=now)
    else:  # closed, or sent with another label, while this one was bought
        label.move(Status.VOID_REQUESTED, at=now, due_at=now)


def _fail(label: ReturnLabel, problem: str, now: datetime) -> None:
    label.move(Status.FAILED, at=now, problem=problem[:300], due_at=None)


def _postpone(label: ReturnLabel, until: datetime | None, *, problem: str = "") -> None:
    """Set the next step, unless it was set further ahead already."""
    if until is not None and problem and label.due_at is not None:
        until = max(until, label.due_at)
    ReturnLabel.objects.filter(pk=label.pk, status=label.status).update(
        due_at=until, problem=problem[:300]
    )


def _follow(label: ReturnLabel, provider: LabelProvider, clock: Clock) -> None:
    """Mark the return as shipped once its carrier has scanned the parcel; else ask again later."""
    authorization = label.authorization
    if authorization.status != ReturnStatus.LABEL_ISSUED or not is_own_number(label):
        _postpone(label, None, problem=label.problem)
        return
    report = provider.read(label.external_id)
    if not report.is_scanned:
        _postpone(label, clock() + FOLLOW_AFTER, problem=label.problem)
        return
    authorizations.mark_shipped(
        authorization=authorization,
        carrier=label.carrier,
        tracking_number=label.tracking_number,
        actor="carrier",
        now=clock(),
    )
    _postpone(label, None)


# Voids


def unused_labels() -> QuerySet[ReturnLabel]:
    """Return bought labels of returns that were closed without a shipment, or that are kept."""
    closed = Q(authorization__status__in=[ReturnStatus.CANCELED, ReturnStatus.EXPIRED])
    kept = Q(
        authorization__status=ReturnStatus.REFUNDED,
        authorization__destination=ReturnPolicy.Destination.NOWHERE,
    )
    return ReturnLabel.objects.filter(closed | kept, status=Status.BOUGHT, problem="")


@transaction.atomic(durable=True)
def request_void(*, label: ReturnLabel, actor: str, now: datetime) -> None:
    """Request the cancellation of a bought label; its return waits for another one.

    Locks:  the order, so that a label is either voided or used
    Raises: CannotBuyLabelError     it was used
            InvalidTransitionError  it is not bought
    """
    authorization = label.authorization
    authorizations.lock(authorization)
    label.refresh_from_db(fields=["status", "status_since", "due_at", "problem"])
    if is_used(label):
        raise CannotBuyLabelError(gettext("The customer has sent the parcel with this label."))
    label.move(Status.VOID_REQUESTED, at=now, actor=actor, due_at=now, problem="")
    if authorization.status == ReturnStatus.LABEL_ISSUED and is_own_number(label):
        authorizations.detach_label(authorization, label, actor=actor, now=now)


def is_used(label: ReturnLabel) -> bool:
    """Return whether the return parcel travels, or traveled, with this label."""
    return refund_amounts.is_shipped(label.authorization) and is_own_number(label)


def is_own_number(label: ReturnLabel) -> bool:
    return refund_amounts.has_number_of(label.authorization, label)


def _void(label: ReturnLabel, provider: LabelProvider, clock: Clock) -> None:
    """Cancel a label. One that was used, or whose carrier cancels none, stays bought."""
    ended = {LabelState.CANCELED, LabelState.FAILED}
    if provider.read(label.external_id).state not in ended:
        try:
            provider.cancel(label.external_id)
        except NotCancelableError:
            _keep(label, clock())
            return
        if provider.read(label.external_id).state not in ended:
            _postpone(label, clock() + VOID_POLL_AFTER)
            return
    label.move(Status.VOIDED, at=clock(), due_at=None, problem="", charge_amount=Decimal(0))


@transaction.atomic(durable=True)
def _keep(label: ReturnLabel, now: datetime) -> None:
    """Keep a label that the provider does not cancel; an open return uses it again.

    Locks:  the order
    """
    authorization = label.authorization
    authorizations.lock(authorization)
    problem = gettext(
        "The provider does not cancel this label: it was used, or its carrier cancels none."
    )
    label.move(Status.BOUGHT, at=now, due_at=now + FOLLOW_AFTER, problem=problem[:300])
    if authorization.status == ReturnStatus.APPROVED:
        authorizations.attach_label(authorization, label, now=now)
