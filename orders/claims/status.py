"""Claim status: look up lost answers, poll open claims, withdraw them at the supplier."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext

from orders.claims import settlement
from orders.claims.submission import ClaimStoppedError, alone, already, end
from orders.models import SupplierClaim
from orders.purchasing import retries
from storefront.lib.http.errors import OutsideError
from suppliers.connections.factory import adapter_for
from suppliers.connectors.capabilities import Claims, Connector, able

Status = SupplierClaim.Status

# A younger attempt may still be running in a worker that lost its lock.
SAYING_TAKES = timedelta(seconds=90)
ASKABLE = (Status.SUBMITTING, Status.SUBMIT_UNKNOWN, Status.ON_HOLD, Status.REQUESTED)


def look_up(*, claim: SupplierClaim, now: datetime) -> SupplierClaim:
    """Look the claim up at the supplier by our number, and apply its state.

    If it is absent after a lost answer, it may be resubmitted. A call that may still be in
    flight is not looked up, even if its worker died.

    Raises: OutsideError       the supplier does not answer; nothing changes
            ClaimStoppedError  nothing to look up, or another worker has it
            LostRaceError      it was settled concurrently
    """
    with alone(claim):
        if claim.status not in ASKABLE or claim.is_by_hand:
            raise ClaimStoppedError(f"{claim}: {claim.status}")
        if claim.status == Status.SUBMITTING:
            if claim.status_since <= now - SAYING_TAKES:
                settlement.unknown(
                    claim,
                    "The submission was interrupted. The supplier may have received the claim.",
                    now,
                )
            return claim
        if may_be_under_way(claim, now=now):
            return claim
        SupplierClaim.objects.filter(pk=claim.pk).update(polled_at=now)
        try:
            with adapter_for(claim.purchase_order.supplier) as connector:
                _read(claim, connector, now)
        except OutsideError as error:
            settlement.rest(claim, error, now=now)
            raise
    return claim


def may_be_under_way(claim: SupplierClaim, *, now: datetime) -> bool:
    """Return whether a call may still be in flight: a look-up would then prove nothing."""
    is_unknown = claim.status == Status.SUBMIT_UNKNOWN
    return is_unknown and claim.status_since > now - retries.CALLS_END_WITHIN


def _read(claim: SupplierClaim, connector: Connector, now: datetime) -> None:
    claims = able(connector, Claims).claims(
        supplier_reference=claim.purchase_order.supplier_reference
    )
    state = next((state for state in claims if state.number == claim.number), None)
    if state is not None:
        settlement.apply(claim=claim, state=state, now=now)
    elif claim.status == Status.SUBMIT_UNKNOWN:
        settlement.failed(claim, "The supplier does not have the claim. It will be resent.", now)
    elif claim.status == Status.REQUESTED:
        _note(claim, "The supplier no longer lists this claim.")


def look_up_for_staff(*, claim: SupplierClaim, now: datetime) -> None:
    """Look the claim up on request of staff; its page shows the result or the error.

    Raises: ClaimStoppedError, LostRaceError  as ``look_up``
    """
    try:
        look_up(claim=claim, now=now)
    except OutsideError as error:
        _note(claim, f"Status check failed: {error}")


def insist_ended(*, claim: SupplierClaim, now: datetime) -> None:
    """Require that no call is in flight: until then a look-up proves nothing.

    Raises: ClaimStoppedError  with the reason; the sweep looks it up when the call has ended
    """
    with alone(claim):
        if claim.status == Status.SUBMITTING or may_be_under_way(claim, now=now):
            raise ClaimStoppedError(retries.still_calling())


def take_back(*, claim: SupplierClaim, reason: str, actor: str, now: datetime) -> None:
    """Withdraw a submitted claim at the supplier. A refusal is noted on the claim.

    Raises: ClaimStoppedError  it is decided, or it is unknown whether the supplier has it
            OutsideError       the supplier does not withdraw it; it stays open
            LostRaceError      it was settled concurrently
    """
    with alone(claim):
        if claim.status in SupplierClaim.SETTLED:
            raise ClaimStoppedError(already(claim))
        if claim.status != Status.REQUESTED or claim.is_by_hand:
            raise ClaimStoppedError(
                gettext("The supplier may have received this claim. Check its status first.")
            )
        try:
            _ask_back(claim, now)
        except OutsideError as error:
            _note(claim, f"Withdrawal failed: {error}")
            raise
        if claim.status != Status.CANCELED:  # else the supplier had canceled it before
            end(claim, reason=reason, actor=actor, now=now)


def _ask_back(claim: SupplierClaim, now: datetime) -> None:
    """Withdraw it at the supplier; after a refusal, check whether it has ended there."""
    reference = claim.purchase_order.supplier_reference
    with adapter_for(claim.purchase_order.supplier) as connector:
        try:
            able(connector, Claims).cancel_claim(
                supplier_reference=reference, supplier_claim=claim.supplier_claim
            )
        except OutsideError:
            _read(claim, connector, now)
            if claim.status not in SupplierClaim.SETTLED:
                raise
            if claim.status != Status.CANCELED:
                raise ClaimStoppedError(already(claim)) from None


def _note(claim: SupplierClaim, problem: str) -> None:
    as_seen = SupplierClaim.objects.filter(pk=claim.pk, status=claim.status)
    as_seen.update(problem=problem[:300])
