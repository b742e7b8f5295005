"""Follow a claim at its supplier: find what a lost answer left open, read it, take it back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext

from orders import pausing, settling
from orders.claiming import WITH_US, ClaimStoppedError, alone
from orders.models import SupplierClaim
from storefront.lib.failures import OutsideError
from storefront.lib.states import LostRaceError
from suppliers.adapters.abilities import Connector, able
from suppliers.adapters.claiming import Claims
from suppliers.connecting import adapter_for

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
                settling.unknown(claim, "The worker that was telling it died.", now)
            return claim
        if looked_up_from(claim) > now:
            return claim
        SupplierClaim.objects.filter(pk=claim.pk).update(polled_at=now)
        try:
            with adapter_for(claim.purchase_order.supplier) as connector:
                _read(claim, connector, now)
        except OutsideError as error:
            settling.rest(claim, error, now=now)
            raise
    return claim


def looked_up_from(claim: SupplierClaim) -> datetime:
    """Return the moment from which he is asked about it: what is said before may still arrive."""
    if claim.status == Status.SUBMITTING:
        return claim.status_since + SAYING_TAKES + pausing.CALLS_END_WITHIN
    if claim.status == Status.SUBMIT_UNKNOWN:
        return claim.status_since + pausing.CALLS_END_WITHIN
    return claim.status_since


def _read(claim: SupplierClaim, connector: Connector, now: datetime) -> None:
    his = able(connector, Claims).claims(supplier_reference=claim.purchase_order.supplier_reference)
    state = next((state for state in his if state.number == claim.number), None)
    if state is not None:
        settling.apply(claim=claim, state=state, now=now)
    elif claim.status == Status.SUBMIT_UNKNOWN:
        settling.failed(claim, "The supplier does not have it: it will be told again.", now)
    elif claim.status == Status.REQUESTED:
        missing = "He does not list it any more."
        SupplierClaim.objects.filter(pk=claim.pk, status=claim.status).update(problem=missing)


def take_back(*, claim: SupplierClaim, reason: str, actor: str, now: datetime) -> None:
    """Give a claim up: at the supplier too, if he has it from a program.

    Raises: ClaimStoppedError  he decided first, or nobody knows yet whether he has it
            OutsideError       he does not take it back; it stays open
            LostRaceError      it was settled meanwhile
    """
    with alone(claim):
        if claim.status in WITH_US or (claim.status == Status.REQUESTED and claim.is_by_hand):
            _cancel(claim, reason=reason, actor=actor, now=now)
            return
        if claim.status in SupplierClaim.SETTLED:
            raise ClaimStoppedError(_already(claim))
        if claim.status != Status.REQUESTED:
            raise ClaimStoppedError(gettext("Look it up first: he may have it."))
        with adapter_for(claim.purchase_order.supplier) as connector:
            try:
                able(connector, Claims).cancel_claim(
                    supplier_reference=claim.purchase_order.supplier_reference,
                    supplier_claim=claim.supplier_claim,
                )
            except OutsideError:
                _read(claim, connector, now)
                if claim.status == Status.CANCELED:
                    return
                if claim.status in SupplierClaim.SETTLED:
                    raise ClaimStoppedError(_already(claim)) from None
                raise
        _cancel(claim, reason=reason, actor=actor, now=now)


def _cancel(claim: SupplierClaim, *, reason: str, actor: str, now: datetime) -> None:
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


def _already(claim: SupplierClaim) -> str:
    return gettext("It is %(status)s already.") % {"status": claim.status}
