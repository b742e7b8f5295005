"""Claim submission: submit a claim exactly once, resubmit it, withdraw it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from orders.claims import settlement
from orders.models import PurchaseMessage, SupplierClaim
from storefront.lib.clock import elapsing
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import OutsideError, PermanentError
from storefront.lib.state_machine import LostRaceError
from suppliers.connections.factory import adapter_for
from suppliers.connectors.capabilities import Claims, Connector, able
from suppliers.connectors.records import ClaimRequest, Remedy, RequestLine, Trouble
from suppliers.resilience.bulkheads import InHandError, in_hand

Status = SupplierClaim.Status
Clock = Callable[[], datetime]

SAYABLE = (Status.DRAFT, Status.SUBMIT_FAILED)
WITH_US = (Status.DRAFT, Status.SUBMIT_FAILED, Status.ON_HOLD)


class ClaimStoppedError(Exception):
    """The claim's state does not allow the operation; the message gives the reason."""


class ClaimBusyError(ClaimStoppedError):
    """Another worker has the claim; try again later."""


@contextmanager
def alone(claim: SupplierClaim) -> Iterator[None]:
    """Hold the session lock of a claim, so that no other worker calls the supplier about it.

    The lock ends with the session: a dead worker releases it.

    Raises: ClaimBusyError  another worker has it
    """
    try:
        with in_hand(f"claim {claim.pk}"):
            claim.refresh_from_db()
            yield
    except InHandError as error:
        words = gettext("This claim is being processed with the supplier. Try again in a minute.")
        raise ClaimBusyError(words) from error


def submit(*, claim: SupplierClaim, now: datetime) -> SupplierClaim:
    """Submit one claim to its supplier.

    It is stored as ``submitting`` before the call. If the outcome is unknown it becomes
    ``submit_unknown``, which only ``status.look_up`` resolves.

    Raises: ClaimStoppedError  nothing to submit, or another worker has it
            LostRaceError      it changed concurrently
            PermanentError     the supplier is not connected: nothing was sent
    """
    moment = elapsing(now)
    with alone(claim):
        if claim.status not in SAYABLE or claim.is_by_hand:
            raise ClaimStoppedError(f"{claim}: {claim.status}")
        with adapter_for(claim.purchase_order.supplier) as connector:
            request = request_for(claim)
            _write_down(claim, request, now)
            _call(claim, request, connector, moment)
    return claim


def request_for(claim: SupplierClaim) -> ClaimRequest:
    """Return the claim request for the supplier, without data of the customer."""
    lines = claim.lines.select_related(
        "purchase_line__order_line", "purchase_line__offer"
    ).order_by("pk")
    freight = f" We also claim the freight: {claim.freight}." if claim.freight else ""
    return ClaimRequest(
        number=claim.number,
        supplier_reference=claim.purchase_order.supplier_reference,
        remedy=Remedy(claim.remedy),
        trouble=Trouble(claim.trouble),
        message=claim.message + freight,
        lines=tuple(
            RequestLine(
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
def _write_down(claim: SupplierClaim, request: ClaimRequest, now: datetime) -> None:
    """Store the attempt and the request before the call."""
    claim.move(
        Status.SUBMITTING,
        at=now,
        as_seen=("attempts", "is_by_hand"),
        attempts=claim.attempts + 1,
        try_after=None,
    )
    PurchaseMessage.objects.create(
        purchase_order=claim.purchase_order,
        direction=PurchaseMessage.Direction.OUT,
        kind="claim",
        body=_spoken(request),
        at=now,
    )


def _spoken(request: ClaimRequest) -> dict[str, Any]:
    return {
        "number": request.number,
        "remedy": request.remedy,
        "trouble": request.trouble,
        "message": request.message,
        "lines": [{"sku": line.sku, "quantity": line.quantity} for line in request.lines],
        "pictures": list(request.picture_urls),
    }


def _call(claim: SupplierClaim, request: ClaimRequest, connector: Connector, moment: Clock) -> None:
    failpoint("claim.before_call")
    try:
        if not request.supplier_reference:
            message = "the supplier order number is missing"
            raise PermanentError(message, code="no_reference")
        state = able(connector, Claims).open_claim(request)
        failpoint("claim.after_call")
    except OutsideError as error:
        if error.may_have_happened:
            settlement.unknown(claim, error, moment())
        elif isinstance(error, PermanentError):
            settlement.held(claim, str(error), moment())
        else:
            settlement.failed(claim, error, moment())
    else:
        settlement.apply(claim=claim, state=state, now=moment())


def submit_again(*, claim: SupplierClaim, actor: str, now: datetime) -> None:
    """Queue the claim for immediate submission, after a failure or a hold.

    Raises: IllegalMoveError, LostRaceError  it did not fail
    """
    claim.move(
        Status.DRAFT,
        at=now,
        actor=actor,
        reason="resent by staff",
        as_seen=("attempts",),
        try_after=None,
        problem="",
    )


def tell_by_hand(*, claim: SupplierClaim, reference: str, actor: str, now: datetime) -> None:
    """Record that staff submitted the claim; from now on staff record the answer as well.

    Raises: ClaimStoppedError  the supplier has it, or may have it
            LostRaceError      a worker submits it now
    """
    if claim.status not in WITH_US:
        raise ClaimStoppedError(f"{claim}: {claim.status}")
    claim.move(
        Status.REQUESTED,
        at=now,
        actor=actor,
        reason="sent manually by staff",
        as_seen=("attempts",),
        is_by_hand=True,
        supplier_claim=reference[:60],
        problem="",
    )


def withdraw(*, claim: SupplierClaim, reason: str, actor: str, now: datetime) -> None:
    """Cancel a claim that was not submitted by API, without a call.

    Raises: ClaimStoppedError  the supplier has it, may have it, or decided
            LostRaceError      it was settled concurrently
    """
    with alone(claim):
        if claim.status in SupplierClaim.SETTLED:
            raise ClaimStoppedError(already(claim))
        if not is_ours(claim):
            raise ClaimStoppedError(
                gettext("The supplier may have received this claim. Check its status first.")
            )
        end(claim, reason=reason, actor=actor, now=now)


def is_ours(claim: SupplierClaim) -> bool:
    """Return whether the claim can be canceled without a call to the supplier."""
    return claim.status in WITH_US or (claim.status == Status.REQUESTED and claim.is_by_hand)


def end(claim: SupplierClaim, *, reason: str, actor: str, now: datetime) -> None:
    """Mark the claim canceled; idempotent if the supplier's cancellation came first."""
    try:
        claim.move(
            Status.CANCELED,
            at=now,
            actor=actor,
            reason=reason,
            as_seen=("attempts",),
            problem="",
        )
    except LostRaceError:
        claim.refresh_from_db()
        if claim.status != Status.CANCELED:
            raise


def already(claim: SupplierClaim) -> str:
    return gettext("The status is already %(status)s.") % {"status": claim.status}
