"""Claim submission: submit a claim exactly once, resubmit it, withdraw it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from orders.claims import settlement
from orders.models import PurchaseMessage, SupplierClaim
from orders.purchasing import retries
from storefront.identity import live_database
from storefront.lib.clock import Clock, running_clock
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import (
    Capability,
    Claims,
    Connector,
    require,
    supports,
)
from suppliers.connectors.records import (
    ClaimReason,
    ClaimRequest,
    ClaimResolution,
    PurchaseOrderRequestLine,
)
from suppliers.resilience.bulkheads import LockedElsewhereError, exclusive_lock

Status = SupplierClaim.Status

SUBMITTABLE = (Status.DRAFT, Status.SUBMIT_FAILED)
NOT_SUBMITTED = (Status.DRAFT, Status.SUBMIT_FAILED, Status.ON_HOLD)


class ClaimStateError(Exception):
    """The claim's state does not allow the operation; the message gives the reason."""


class ClaimBusyError(ClaimStateError):
    """Another worker has the claim; try again later."""


@contextmanager
def exclusive(claim: SupplierClaim) -> Iterator[None]:
    """Hold the session lock of a claim, so that no other worker calls the supplier about it.

    The lock ends with the session: a dead worker releases it.

    Raises: ClaimBusyError  another worker has it
    """
    try:
        with exclusive_lock(f"claim {claim.pk}"):
            claim.refresh_from_db()
            yield
    except LockedElsewhereError as error:
        message = gettext("This claim is being processed with the supplier. Try again in a minute.")
        raise ClaimBusyError(message) from error


def submit(*, claim: SupplierClaim, now: datetime) -> SupplierClaim:
    """Submit one claim to its supplier.

    It is stored as ``submitting`` before the call. If the outcome is unknown it becomes
    ``submit_unknown``, which only ``status.look_up`` resolves.

    Raises: ClaimStateError        the claim needs no submission, or another worker has it
            ConcurrentUpdateError  it changed concurrently
            PermanentError         the supplier is not connected: nothing was sent
    """
    clock = running_clock(now)
    with exclusive(claim):
        if claim.status not in SUBMITTABLE or claim.is_manual:
            raise ClaimStateError(f"{claim}: {claim.status}")
        with open_connector(claim.purchase_order.supplier) as connector:
            request = build_request(claim)
            is_forgotten = _is_forgotten(claim)
            _mark_submitting(claim, request, now)
            if is_forgotten:
                settlement.mark_unknown(claim, retries.RESTORED, now)
            else:
                _call_supplier(claim, request, connector, clock)
    return claim


def _is_forgotten(claim: SupplierClaim) -> bool:
    """Return whether the supplier may have received it before a backup was restored."""
    database = live_database.read()
    if not database.is_live:
        raise ClaimStateError(f"{claim}: this database is a copy")
    attempts = claim.purchase_order.messages.filter(
        direction=PurchaseMessage.Direction.OUT, kind="claim", body__number=claim.number
    )
    return retries.is_forgotten(database, since=claim.opened_at, attempts=attempts)


def build_request(claim: SupplierClaim) -> ClaimRequest:
    """Return the claim request for the supplier, without data of the customer."""
    lines = claim.lines.select_related(
        "purchase_line__order_line", "purchase_line__offer"
    ).order_by("pk")
    freight = f" We also claim the freight: {claim.freight}." if claim.freight else ""
    return ClaimRequest(
        number=claim.number,
        supplier_reference=claim.purchase_order.supplier_reference,
        remedy=ClaimResolution(claim.remedy),
        claim_reason=ClaimReason(claim.claim_reason),
        message=claim.message + freight,
        lines=tuple(
            PurchaseOrderRequestLine(
                sku=line.purchase_line.offer.supplier_sku,
                quantity=line.quantity,
                reference=str(line.purchase_line.order_line_id),
                title=line.purchase_line.order_line.title,
            )
            for line in lines
        ),
        picture_urls=tuple(claim.picture_urls),
    )


@transaction.atomic(durable=True)
def _mark_submitting(claim: SupplierClaim, request: ClaimRequest, now: datetime) -> None:
    """Store the attempt and the request before the call."""
    claim.move(
        Status.SUBMITTING,
        at=now,
        expected=("attempts", "is_manual"),
        attempts=claim.attempts + 1,
        retry_at=None,
    )
    claim.purchase_order.messages.create(
        direction=PurchaseMessage.Direction.OUT, kind="claim", body=_as_logged(request), at=now
    )


def _as_logged(request: ClaimRequest) -> dict[str, Any]:
    return {
        "number": request.number,
        "remedy": request.remedy,
        "claim_reason": request.claim_reason,
        "message": request.message,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in request.lines],
        "pictures": list(request.picture_urls),
    }


def _call_supplier(
    claim: SupplierClaim, request: ClaimRequest, connector: Connector, clock: Clock
) -> None:
    failpoint("claim.before_call")
    try:
        if not request.supplier_reference:
            message = "the supplier order number is missing"
            raise PermanentError(message, code="no_reference")
        state = require(connector, Claims).open_claim(request)
        failpoint("claim.after_call")
    except ExternalServiceError as error:
        if error.is_outcome_unknown:
            settlement.mark_unknown(claim, error, clock())
        elif isinstance(error, PermanentError):
            settlement.mark_held(claim, str(error), clock())
        else:
            settlement.mark_failed(claim, error, clock())
    else:
        settlement.apply(claim=claim, state=state, now=clock())


def resubmit(*, claim: SupplierClaim, actor: str, now: datetime) -> None:
    """Queue the claim for immediate submission, after a failure or a hold.

    Raises: InvalidTransitionError, ConcurrentUpdateError  it is not failed or on hold
    """
    claim.move(
        Status.DRAFT,
        at=now,
        actor=actor,
        reason="resent by staff",
        expected=("attempts",),
        retry_at=None,
        problem="",
    )


def can_hand_over(claim: SupplierClaim) -> bool:
    """Return whether a draft for staff can be sent by the supplier's API instead."""
    supplier = claim.purchase_order.supplier
    is_draft = claim.is_manual and claim.status == Status.DRAFT
    return is_draft and supports(supplier.adapter, Capability.CLAIMS)


def hand_over(*, claim: SupplierClaim) -> None:
    """Let the workers submit a draft that staff were to send. Raises: ClaimStateError."""
    drafts = SupplierClaim.objects.filter(pk=claim.pk, status=Status.DRAFT, is_manual=True)
    if not drafts.update(is_manual=False):
        claim.refresh_from_db()
        raise ClaimStateError(describe_status(claim))


def mark_submitted_by_staff(
    *, claim: SupplierClaim, reference: str, actor: str, now: datetime
) -> None:
    """Record that staff submitted the claim; from now on staff record the answer as well.

    Raises: ClaimStateError        the supplier has it, or may have it
            ConcurrentUpdateError  a worker submits it now
    """
    if claim.status not in NOT_SUBMITTED:
        raise ClaimStateError(f"{claim}: {claim.status}")
    claim.move(
        Status.REQUESTED,
        at=now,
        actor=actor,
        reason="sent manually by staff",
        expected=("attempts",),
        is_manual=True,
        supplier_claim_reference=reference[:60],
        problem="",
    )


def withdraw(*, claim: SupplierClaim, reason: str, actor: str, now: datetime) -> None:
    """Cancel a claim that was not submitted by API, without a call.

    Raises: ClaimStateError        the supplier has or may have it, or has decided
            ConcurrentUpdateError  it was settled concurrently
    """
    with exclusive(claim):
        if claim.status in SupplierClaim.SETTLED:
            raise ClaimStateError(describe_status(claim))
        if not can_withdraw_locally(claim):
            raise ClaimStateError(
                gettext("The supplier may have received this claim. Check its status first.")
            )
        mark_canceled(claim, reason=reason, actor=actor, now=now)


def can_withdraw_locally(claim: SupplierClaim) -> bool:
    """Return whether the claim can be canceled without a call to the supplier."""
    return claim.status in NOT_SUBMITTED or (claim.status == Status.REQUESTED and claim.is_manual)


def mark_canceled(claim: SupplierClaim, *, reason: str, actor: str, now: datetime) -> None:
    """Mark the claim canceled; idempotent if the supplier's cancellation came first."""
    try:
        claim.move(
            Status.CANCELED,
            at=now,
            actor=actor,
            reason=reason,
            expected=("attempts",),
            problem="",
        )
    except ConcurrentUpdateError:
        claim.refresh_from_db()
        if claim.status != Status.CANCELED:
            raise


def describe_status(claim: SupplierClaim) -> str:
    return gettext("The status is already %(status)s.") % {"status": claim.status}
