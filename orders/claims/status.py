"""Claim status: look up lost answers, poll open claims, withdraw them at the supplier."""

from datetime import datetime

from django.utils.translation import gettext

from orders.claims import settlement
from orders.claims.submission import ClaimStateError, describe_status, exclusive, mark_canceled
from orders.models import SupplierClaim
from orders.purchasing import retries
from storefront.lib.http.errors import ExternalServiceError
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import Claims, Connector, require

Status = SupplierClaim.Status

LOOKUP_STATES = (Status.SUBMITTING, Status.SUBMIT_UNKNOWN, Status.ON_HOLD, Status.REQUESTED)


def look_up(*, claim: SupplierClaim, now: datetime) -> SupplierClaim:
    """Look the claim up at the supplier by our number, and apply its state.

    If the supplier does not have it after a lost answer, it is resubmitted. While a call may be in
    flight, nothing is looked up, even if the worker died.

    Raises: ExternalServiceError   the supplier does not answer; nothing changes
            ClaimStateError        the claim needs no look-up, or another worker has it
            ConcurrentUpdateError  it was settled concurrently
    """
    with exclusive(claim):
        if claim.status not in LOOKUP_STATES or claim.is_manual:
            raise ClaimStateError(f"{claim}: {claim.status}")
        if claim.status == Status.SUBMITTING:
            if claim.status_since <= now - retries.SUBMISSION_TIMEOUT:
                settlement.mark_unknown(
                    claim,
                    "The submission was interrupted. The supplier may have received the claim.",
                    now,
                )
            return claim
        if may_be_in_flight(claim, now=now):
            return claim
        SupplierClaim.objects.filter(pk=claim.pk).update(polled_at=now)
        try:
            with open_connector(claim.purchase_order.supplier) as connector:
                _apply_listed(claim, connector, now)
        except ExternalServiceError as error:
            settlement.defer(claim, error, now=now)
            raise
    return claim


def may_be_in_flight(claim: SupplierClaim, *, now: datetime) -> bool:
    """Return whether a call may still be in flight: a look-up would then prove nothing."""
    is_unknown = claim.status == Status.SUBMIT_UNKNOWN
    return is_unknown and claim.status_since > now - retries.MAX_CALL_TIME


def _apply_listed(claim: SupplierClaim, connector: Connector, now: datetime) -> None:
    claims = require(connector, Claims).claims(
        supplier_reference=claim.purchase_order.supplier_reference
    )
    state = next((state for state in claims if state.number == claim.number), None)
    if state is not None:
        settlement.apply(claim=claim, state=state, now=now)
    elif claim.status == Status.SUBMIT_UNKNOWN:
        settlement.mark_failed(
            claim, "The supplier does not have the claim. It will be resent.", now
        )
    elif claim.status == Status.REQUESTED:
        _set_problem(claim, "The supplier no longer lists this claim.")


def look_up_for_staff(*, claim: SupplierClaim, now: datetime) -> None:
    """Look the claim up on request of staff; the claim's page shows the result or error.

    Raises: ClaimStateError, ConcurrentUpdateError  as ``look_up``
    """
    try:
        look_up(claim=claim, now=now)
    except ExternalServiceError as error:
        _set_problem(claim, f"Status check failed: {error}")


def require_no_call_in_flight(*, claim: SupplierClaim, now: datetime) -> None:
    """Raise ClaimStateError while a call may be in flight: a look-up would prove nothing."""
    with exclusive(claim):
        if claim.status == Status.SUBMITTING or may_be_in_flight(claim, now=now):
            raise ClaimStateError(retries.call_in_progress_message())


def withdraw_at_supplier(*, claim: SupplierClaim, reason: str, actor: str, now: datetime) -> None:
    """Withdraw a submitted claim at the supplier. A refusal is noted on the claim.

    Raises: ClaimStateError        the claim is decided, or its submission is unconfirmed
            ExternalServiceError   the supplier does not withdraw it; it stays open
            ConcurrentUpdateError  it was settled concurrently
    """
    with exclusive(claim):
        if claim.status in SupplierClaim.SETTLED:
            raise ClaimStateError(describe_status(claim))
        if claim.status != Status.REQUESTED or claim.is_manual:
            raise ClaimStateError(
                gettext("The supplier may have received this claim. Check its status first.")
            )
        try:
            _request_withdrawal(claim, now)
        except ExternalServiceError as error:
            _set_problem(claim, f"Withdrawal failed: {error}")
            raise
        if claim.status != Status.CANCELED:  # else the supplier had canceled it before
            mark_canceled(claim, reason=reason, actor=actor, now=now)


def _request_withdrawal(claim: SupplierClaim, now: datetime) -> None:
    """Withdraw the claim at the supplier; after a refusal, check whether it has ended there."""
    reference = claim.purchase_order.supplier_reference
    with open_connector(claim.purchase_order.supplier) as connector:
        try:
            require(connector, Claims).cancel_claim(
                supplier_reference=reference,
                supplier_claim_reference=claim.supplier_claim_reference,
            )
        except ExternalServiceError:
            _apply_listed(claim, connector, now)
            if claim.status not in SupplierClaim.SETTLED:
                raise
            if claim.status != Status.CANCELED:
                raise ClaimStateError(describe_status(claim)) from None


def _set_problem(claim: SupplierClaim, problem: str) -> None:
    expected = SupplierClaim.objects.filter(pk=claim.pk, status=claim.status)
    expected.update(problem=problem[:300])
