"""Claim settlement: apply the supplier's answer, or record an answer that staff received."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from orders.models import PurchaseMessage, SupplierClaim
from orders.purchasing import retries
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.money import Money
from suppliers.connectors.records import ClaimReport, ClaimStatus

Status = SupplierClaim.Status

ANSWER_STATUS = {
    ClaimStatus.OPEN: Status.REQUESTED,
    ClaimStatus.REFUNDED: Status.CREDITED,
    ClaimStatus.RESENT: Status.RESENT,
    ClaimStatus.REFUSED: Status.DENIED,
    ClaimStatus.CANCELED: Status.CANCELED,
}
FIRST_RETRY_AFTER = timedelta(minutes=1)
MAX_RETRY_AFTER = timedelta(hours=1)


class CannotRecordError(Exception):
    """The answer cannot be recorded; the message gives the reason."""


@transaction.atomic(durable=True)
def apply(*, claim: SupplierClaim, state: ClaimReport, now: datetime) -> None:
    """Apply the claim state that the supplier reports, as the answer to our call or from a poll.

    Idempotent. An implausible answer leaves the claim open for staff.

    Raises: ConcurrentUpdateError  it was settled concurrently
    """
    if claim.status in SupplierClaim.SETTLED:
        return
    problem = _answer_problem(claim, state)
    to = Status.REQUESTED if problem else ANSWER_STATUS[state.answer]
    fields: dict[str, Any] = {
        "supplier_claim_reference": state.supplier_claim_reference[:60],
        "problem": problem[:300],
        "polled_at": now,
    }
    if to == claim.status:
        SupplierClaim.objects.filter(pk=claim.pk, status=to).update(**fields)
        claim.refresh_from_db()
        return
    amount = state.amount.rounded().amount if state.amount and to == Status.CREDITED else None
    claim.move(
        to, at=now, actor=claim.purchase_order.supplier.code, credited_amount=amount, **fields
    )
    failpoint("claim.storing_answer")
    _log_answer(claim, reference=state.supplier_claim_reference, amount=state.amount, now=now)


def _answer_problem(claim: SupplierClaim, state: ClaimReport) -> str:
    """Return why an answer with a credit is implausible; empty if it is plausible."""
    if state.answer is not ClaimStatus.REFUNDED:
        return ""
    if state.amount is None:
        return "The supplier refunds the claim without an amount. Record the response manually."
    if state.amount.currency != claim.currency:
        return f"The supplier refunds {state.amount}, in another currency. Record it manually."
    if claim.expected < state.amount.rounded():
        return f"The supplier refunds {state.amount}, more than claimed. Record it manually."
    return ""


@transaction.atomic(durable=True)
def record_answer(  # noqa: PLR0913 - the parts of one record
    *,
    claim: SupplierClaim,
    answer: SupplierClaim.Status,
    credited: Money | None,
    reason: str,
    actor: str,
    now: datetime,
) -> None:
    """Record the answer that the supplier gave to staff.

    Shape:  ``answer`` is credited, resent or denied; ``credited``: only if credited
    Raises: CannotRecordError                              nothing is written
            InvalidTransitionError, ConcurrentUpdateError  it is settled already
    """
    if claim.status == Status.SUBMITTING:
        raise CannotRecordError(
            gettext("This claim is being processed with the supplier. Try again in a minute.")
        )
    if claim.status == Status.SUBMIT_UNKNOWN:
        raise CannotRecordError(
            gettext("The supplier may have received this claim. Check its status first.")
        )
    if (answer == Status.CREDITED) != (credited is not None):
        raise CannotRecordError(gettext("Enter an amount only if the supplier refunded us."))
    claim.move(
        answer,
        at=now,
        actor=actor,
        reason=reason,
        credited_amount=credited.rounded().amount if credited else None,
        recorded_by=actor[:100],
        problem="",
    )
    _log_answer(
        claim, reference=claim.supplier_claim_reference, amount=credited, now=now, reason=reason
    )


def _log_answer(
    claim: SupplierClaim,
    *,
    reference: str,
    amount: Money | None,
    now: datetime,
    reason: str = "",
) -> None:
    claim.purchase_order.messages.create(
        direction=PurchaseMessage.Direction.IN,
        kind=f"claim_{claim.status}",
        body={
            "number": claim.number,
            "reference": reference,
            "amount": str(amount) if amount else "",
            "reason": reason,
        },
        at=now,
    )


def mark_unknown(claim: SupplierClaim, problem: ExternalServiceError | str, now: datetime) -> None:
    """Record that the effect of a call is unknown: the claim must be looked up first."""
    retry_at = retries.retry_after(problem, now=now)
    retries.end_attempt(claim, Status.SUBMIT_UNKNOWN, problem, now=now, retry_at=retry_at)


def mark_held(claim: SupplierClaim, problem: str, now: datetime) -> None:
    """Hold the claim for staff: the supplier rejects the format, or has no claims API."""
    retries.end_attempt(claim, Status.ON_HOLD, problem, now=now)


def mark_failed(claim: SupplierClaim, problem: ExternalServiceError | str, now: datetime) -> None:
    """Record that a call had no effect: it is retried when ``retries.next_retry`` says."""
    retry = retries.next_retry(
        claim, problem, first=FIRST_RETRY_AFTER, longest=MAX_RETRY_AFTER, now=now
    )
    retries.end_attempt(claim, Status.SUBMIT_FAILED, problem, now=now, **retry)


def defer(claim: SupplierClaim, error: ExternalServiceError, *, now: datetime) -> None:
    """Defer a look-up as the supplier asks (``Retry-After``), unless the claim has changed."""
    if (until := retries.retry_after(error, now=now)) is not None:
        expected = SupplierClaim.objects.filter(pk=claim.pk, status=claim.status)
        expected.update(retry_at=until)
