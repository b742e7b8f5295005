"""Follow a claim at its supplier: find what a lost answer left open, read it, take it back."""

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

# Younger than this it may have been begun a moment ago, by somebody whose line just broke.
SAYING_TAKES = timedelta(seconds=90)
ASKABLE = (Status.SUBMITTING, Status.SUBMIT_UNKNOWN, Status.ON_HOLD, Status.REQUESTED)


def look_up(*, claim: SupplierClaim, now: datetime) -> SupplierClaim:
    """Ask the supplier for our number, and follow what he says of it.

    Found: adopted as it stands. Absent after a lost answer: it may be told again. A call that
    may still be under way is not looked up: who died may have begun it a moment ago.

    Raises: OutsideError       the supplier does not answer; it stays as it is
            ClaimStoppedError  there is nothing to ask, or another worker asks
            LostRaceError      it was settled meanwhile
    """
    with alone(claim):
        if claim.status not in ASKABLE or claim.is_by_hand:
            raise ClaimStoppedError(f"{claim}: {claim.status}")
        if claim.status == Status.SUBMITTING:
            if claim.status_since <= now - SAYING_TAKES:
                settlement.unknown(claim, "The worker that was telling it died.", now)
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
    """Test whether what was said of it may not have arrived: to look it up would prove nothing."""
    is_unknown = claim.status == Status.SUBMIT_UNKNOWN
    return is_unknown and claim.status_since > now - retries.CALLS_END_WITHIN


def _read(claim: SupplierClaim, connector: Connector, now: datetime) -> None:
    his = able(connector, Claims).claims(supplier_reference=claim.purchase_order.supplier_reference)
    state = next((state for state in his if state.number == claim.number), None)
    if state is not None:
        settlement.apply(claim=claim, state=state, now=now)
    elif claim.status == Status.SUBMIT_UNKNOWN:
        settlement.failed(claim, "The supplier does not have it: it will be told again.", now)
    elif claim.status == Status.REQUESTED:
        _note(claim, "He does not list it any more.")


def look_up_for_staff(*, claim: SupplierClaim, now: datetime) -> None:
    """Look it up because staff ask: what comes of it stands on its page, or why nothing does.

    Raises: ClaimStoppedError, LostRaceError  as ``look_up``
    """
    try:
        look_up(claim=claim, now=now)
    except OutsideError as error:
        _note(claim, f"He does not tell: {error}")


def insist_ended(*, claim: SupplierClaim, now: datetime) -> None:
    """Refuse to ask about it while a call may still be under way: what he says proves nothing.

    Raises: ClaimStoppedError  the words say why; a sweep looks it up when it has ended
    """
    with alone(claim):
        if claim.status == Status.SUBMITTING or may_be_under_way(claim, now=now):
            raise ClaimStoppedError(retries.still_calling())


def take_back(*, claim: SupplierClaim, reason: str, actor: str, now: datetime) -> None:
    """Give up a claim that he has from a program: he is told so. Why he refuses is noted.

    Raises: ClaimStoppedError  he decided first, or nobody knows yet whether he has it
            OutsideError       he does not take it back; it stays open
            LostRaceError      it was settled meanwhile
    """
    with alone(claim):
        if claim.status in SupplierClaim.SETTLED:
            raise ClaimStoppedError(already(claim))
        if claim.status != Status.REQUESTED or claim.is_by_hand:
            raise ClaimStoppedError(gettext("Look it up first: he may have it."))
        try:
            _ask_back(claim, now)
        except OutsideError as error:
            _note(claim, f"He does not take it back: {error}")
            raise
        if claim.status != Status.CANCELED:  # else he told us already that it is
            end(claim, reason=reason, actor=actor, now=now)


def _ask_back(claim: SupplierClaim, now: datetime) -> None:
    """Have him take it back; who refuses may have decided, or taken it back before."""
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
