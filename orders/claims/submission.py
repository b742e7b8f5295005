"""Claim submission: send a claim to its supplier exactly once, send it again, withdraw it."""

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
    """Nothing is to be done with it now: the words say why."""


class ClaimBusyError(ClaimStoppedError):
    """Another worker has it in its hands: a little later it may be spoken of."""


@contextmanager
def alone(claim: SupplierClaim) -> Iterator[None]:
    """Keep other workers from asking about a claim while one of us speaks of it.

    Its end is exact: who dies lets go of it.

    Raises: ClaimBusyError  another worker has it
    """
    try:
        with in_hand(f"claim {claim.pk}"):
            claim.refresh_from_db()
            yield
    except InHandError as error:
        words = gettext("A worker speaks to the supplier about it just now.")
        raise ClaimBusyError(words) from error


def submit(*, claim: SupplierClaim, now: datetime) -> SupplierClaim:
    """Tell its supplier of one claim.

    It is stored as ``submitting`` before the call. What the call left open becomes
    ``submit_unknown``, which only ``status.look_up`` may end.

    Raises: ClaimStoppedError  there is nothing to tell, or another worker tells it
            LostRaceError      it was changed meanwhile
            PermanentError     the supplier is not connected: nothing was said
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
    """Word a claim for its supplier; who the shopper is stays with us."""
    lines = claim.lines.select_related(
        "purchase_line__order_line", "purchase_line__offer"
    ).order_by("pk")
    freight = f" We claim the freight too: {claim.freight}." if claim.freight else ""
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
    """Say in the database what we are about to say to the supplier."""
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
            message = "he never told us his own number of this order"
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
    """Let what he surely does not have be told at once, after it failed or he refused it.

    Raises: IllegalMoveError, LostRaceError  it did not fail
    """
    claim.move(
        Status.DRAFT,
        at=now,
        actor=actor,
        reason="staff want it told again",
        as_seen=("attempts",),
        try_after=None,
        problem="",
    )


def tell_by_hand(*, claim: SupplierClaim, reference: str, actor: str, now: datetime) -> None:
    """Note that a person told him of it; from now on his answer is written down by hand.

    Raises: ClaimStoppedError  he has it already, or may have it
            LostRaceError      a worker tells it just now
    """
    if claim.status not in WITH_US:
        raise ClaimStoppedError(f"{claim}: {claim.status}")
    claim.move(
        Status.REQUESTED,
        at=now,
        actor=actor,
        reason="told by hand",
        as_seen=("attempts",),
        is_by_hand=True,
        supplier_claim=reference[:60],
        problem="",
    )


def withdraw(*, claim: SupplierClaim, reason: str, actor: str, now: datetime) -> None:
    """Give up a claim of which no program told him: nothing is said to him.

    Raises: ClaimStoppedError  he has it, or may have it, or decided
            LostRaceError      it was settled meanwhile
    """
    with alone(claim):
        if claim.status in SupplierClaim.SETTLED:
            raise ClaimStoppedError(already(claim))
        if not is_ours(claim):
            raise ClaimStoppedError(gettext("Look it up first: he may have it."))
        end(claim, reason=reason, actor=actor, now=now)


def is_ours(claim: SupplierClaim) -> bool:
    """Test whether it can be given up without a word to him."""
    return claim.status in WITH_US or (claim.status == Status.REQUESTED and claim.is_by_hand)


def end(claim: SupplierClaim, *, reason: str, actor: str, now: datetime) -> None:
    """Note that it is given up; that he noted it first comes to the same."""
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
    return gettext("It is %(status)s already.") % {"status": claim.status}
