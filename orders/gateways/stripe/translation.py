"""Stripe translation: convert the state of a payment to payment updates. Pure.

Stripe reports states, not operations: captured and refunded amounts are sums. The same state
always gives the same ids, so the order of webhooks does not matter.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from orders.gateways.base import CaptureMode, PaymentUpdate, UpdateKind
from orders.gateways.stripe.objects import (
    Charge,
    Dispute,
    FraudWarning,
    Intent,
    Refund,
    Review,
    Session,
)
from storefront.lib.money import Money

WAS_AUTHORIZED = frozenset({"requires_capture", "succeeded"})
FINAL = frozenset({"succeeded", "canceled"})
EXPIRED_REASONS = frozenset({"automatic", "expired"})
# The shortest hold of any card, for a payment method that does not report when its hold ends.
DEFAULT_HOLD = timedelta(days=4, hours=18)
EXPIRED_HOLD = "expired_uncaptured_charge"  # Stripe records an expired hold as a refund
FAILED = frozenset({"failed", "canceled"})
INQUIRIES = frozenset(
    {"warning_needs_response", "warning_under_review", "warning_closed", "prevented"}
)
# Why a review closed. Any other reason may be our own refund or void, and is left to staff.
APPROVED = frozenset({"approved"})
REFUSED = frozenset({"refunded_as_fraud"})
REQUEST_KEY = "request_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentState:
    """The objects of one payment at Stripe."""

    session: Session
    refunds: Sequence[Refund] = ()
    disputes: Sequence[Dispute] = ()
    warnings: Sequence[FraudWarning] = ()


def to_updates(state: PaymentState) -> tuple[PaymentUpdate, ...]:
    """Return a state as updates, each after those it builds on.

    A declined card yields no update: the page stays open for another card.
    """
    return tuple(_updates(state))


def _updates(state: PaymentState) -> Iterator[PaymentUpdate]:
    session, intent = state.session, state.session.intent
    if intent is None or intent.charge is None or not _was_authorized(intent):
        yield from _unpaid_updates(session, intent)
        return
    yield from _authorization_updates(session.id, intent, intent.charge)
    for refund in state.refunds:
        yield from _refund_updates(session.id, refund)
    for dispute in state.disputes:
        yield from _dispute_updates(session.id, dispute)
    for warning in state.warnings:
        yield PaymentUpdate(
            reference=session.id,
            external_id=warning.id,
            kind=UpdateKind.FRAUD_WARNING,
            amount=_money(intent.amount, intent.currency),
            occurred_at=_moment(warning.created),
            reason=warning.fraud_type.replace("_", " "),
        )
    if isinstance(intent.review, Review):
        yield from _review_updates(session.id, intent, intent.review)


def _was_authorized(intent: Intent) -> bool:
    return intent.status in WAS_AUTHORIZED or intent.status == "canceled"


def _unpaid_updates(session: Session, intent: Intent | None) -> Iterator[PaymentUpdate]:
    is_over = session.status == "expired" or (intent is not None and intent.status == "canceled")
    if is_over and session.currency:
        yield PaymentUpdate(
            reference=session.id,
            external_id=f"{session.id}:expired",
            kind=UpdateKind.EXPIRED,
            amount=_money(session.amount_total or 0, session.currency),
            occurred_at=None,
            reason="the payment page expired",
        )


def captured_amount(intent: Intent) -> int:
    captured = intent.charge.amount_captured if intent.charge else 0
    return max(intent.amount_received, captured)


def captured_update(reference: str, intent: Intent, *, request_key: str = "") -> PaymentUpdate:
    """Return the sum captured so far as an update."""
    return PaymentUpdate(
        reference=reference,
        external_id=f"{intent.id}:captured",
        kind=UpdateKind.CAPTURED,
        amount=_money(captured_amount(intent), intent.currency),
        occurred_at=None,
        request_key=request_key,
        is_total=True,
    )


def voided_update(reference: str, intent: Intent) -> PaymentUpdate:
    """Return the uncaptured amount of an ended payment as an update: expired or voided."""
    is_expired = intent.status == "canceled" and intent.cancellation_reason in EXPIRED_REASONS
    return PaymentUpdate(
        reference=reference,
        external_id=f"{intent.id}:{'expired' if is_expired else 'voided'}",
        kind=UpdateKind.EXPIRED if is_expired else UpdateKind.VOIDED,
        amount=_money(intent.amount - captured_amount(intent), intent.currency),
        occurred_at=None,
        reason=(intent.cancellation_reason or "").replace("_", " "),
        is_total=not is_expired,
    )


def _authorization_updates(
    reference: str, intent: Intent, charge: Charge
) -> Iterator[PaymentUpdate]:
    if intent.status in WAS_AUTHORIZED or captured_amount(intent):
        card = charge.payment_method_details.card if charge.payment_method_details else None
        until = card.capture_before if card else None
        multicapture = card.multicapture if card else None
        authorized_at = datetime.fromtimestamp(charge.created, UTC)
        yield PaymentUpdate(
            reference=reference,
            external_id=f"{charge.id}:authorized",
            kind=UpdateKind.AUTHORIZED,
            amount=_money(intent.amount, intent.currency),
            occurred_at=authorized_at,
            capture_before=_moment(until) or authorized_at + DEFAULT_HOLD,
            capture_mode=CaptureMode.MULTIPLE
            if multicapture and multicapture.status == "available"
            else CaptureMode.SINGLE,
        )
    if captured_amount(intent):
        yield captured_update(reference, intent)
    if intent.status in FINAL and captured_amount(intent) < intent.amount:
        yield voided_update(reference, intent)


def refund_update(reference: str, refund: Refund) -> PaymentUpdate | None:
    """Return one refund as an update; None while it is pending."""
    is_failed = refund.status in FAILED
    if refund.reason == EXPIRED_HOLD or not (is_failed or refund.status == "succeeded"):
        return None
    return PaymentUpdate(
        reference=reference,
        external_id=f"{refund.id}:failed" if is_failed else refund.id,
        kind=UpdateKind.REFUND_FAILED if is_failed else UpdateKind.REFUNDED,
        amount=_money(refund.amount, refund.currency),
        occurred_at=_moment(refund.created),
        request_key=(refund.metadata or {}).get(REQUEST_KEY, ""),
        reason=(refund.failure_reason or "").replace("_", " "),
        about=refund.id,
    )


def _refund_updates(reference: str, refund: Refund) -> Iterator[PaymentUpdate]:
    if (update := refund_update(reference, refund)) is not None:
        yield update


def _dispute_updates(reference: str, dispute: Dispute) -> Iterator[PaymentUpdate]:
    """Yield the updates of one dispute; an inquiry moves no money and is a warning."""
    is_inquiry = dispute.status in INQUIRIES

    def new_update(kind: UpdateKind, suffix: str) -> PaymentUpdate:
        return PaymentUpdate(
            reference=reference,
            external_id=f"{dispute.id}{suffix}",
            kind=kind,
            amount=_money(dispute.amount, dispute.currency),
            occurred_at=_moment(dispute.created),
            reason=dispute.reason.replace("_", " "),
        )

    if is_inquiry:
        yield new_update(UpdateKind.FRAUD_WARNING, ":inquiry")
        return
    yield new_update(UpdateKind.DISPUTED, "")
    if dispute.status == "won":
        yield new_update(UpdateKind.DISPUTE_WON, ":won")
    elif dispute.status == "lost":
        yield new_update(UpdateKind.DISPUTE_LOST, ":lost")


def _review_updates(reference: str, intent: Intent, review: Review) -> Iterator[PaymentUpdate]:
    """Yield the updates of a review; any other reason to close it is left to staff."""
    ends = {
        **dict.fromkeys(APPROVED, UpdateKind.REVIEW_APPROVED),
        **dict.fromkeys(REFUSED, UpdateKind.REVIEW_REJECTED),
    }
    reason_text = (review.closed_reason or review.opened_reason).replace("_", " ")

    def new_update(kind: UpdateKind, suffix: str, reason: str) -> PaymentUpdate:
        return PaymentUpdate(
            reference=reference,
            external_id=f"{review.id}{suffix}",
            kind=kind,
            amount=_money(intent.amount, intent.currency),
            occurred_at=None if suffix else _moment(review.created),
            reason=reason,
        )

    yield new_update(UpdateKind.UNDER_REVIEW, "", review.opened_reason)
    if not review.open and (end := ends.get(review.closed_reason or "")):
        yield new_update(end, ":closed", reason_text)


def _money(minor: int, currency: str) -> Money:
    return Money.from_minor(minor, currency.upper())


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
