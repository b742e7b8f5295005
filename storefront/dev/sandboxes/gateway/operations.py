"""Test gateway operations: authorize, capture, release, refund and expire payments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from storefront.dev.sandboxes.gateway.messages import RefusedError
from storefront.dev.sandboxes.gateway.state.card_numbers import Outcome, outcome_of
from storefront.dev.sandboxes.gateway.state.ledger import Event, Ledger, Payment

PAGE_S = 24 * 3600
HOLD_S = 7 * 24 * 3600


class Status(StrEnum):
    OPEN = "open"  # the shopper may pay
    CONFIRMING = "confirming"  # the bank asks whether it is him
    PROCESSING = "processing"  # the bank takes its time
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    VOIDED = "voided"
    DECLINED = "declined"
    CANCELED = "canceled"
    EXPIRED = "expired"


UNPAID = frozenset({Status.OPEN, Status.CONFIRMING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the shop asks to be paid."""

    amount: int
    currency: str
    description: str
    return_url: str
    locale: str


def open_payment(ledger: Ledger, order: Order, *, now: float) -> Payment:
    return ledger.add_payment(
        status=Status.OPEN,
        amount=order.amount,
        currency=order.currency,
        description=order.description,
        return_url=order.return_url,
        locale=order.locale,
        created_at=now,
        acts_at=now + PAGE_S,
    )


def pay(ledger: Ledger, payment: Payment, *, typed: str, late_s: float, now: float) -> Payment:
    """Present a card to the bank; a payment that is not open any more stays as it is.

    Raises: BadNumberError  nothing is asked of the bank
    """
    if payment.status != Status.OPEN:
        return payment
    outcome, last4 = outcome_of(typed)
    payment = ledger.change(payment, last4=last4)
    match outcome:
        case Outcome.AUTHORIZES:
            return _authorize(ledger, payment, now=now)
        case Outcome.DECLINES:
            return _end(ledger, payment, Status.DECLINED, reason="card_declined", now=now)
        case Outcome.ASKS:
            return ledger.change(payment, status=Status.CONFIRMING)
        case Outcome.LATE:
            return ledger.change(payment, status=Status.PROCESSING, acts_at=now + late_s)


def confirm(ledger: Ledger, payment: Payment, *, is_him: bool, now: float) -> Payment:
    """Hear from the shopper what his bank asked him."""
    if payment.status != Status.CONFIRMING:
        return payment
    if is_him:
        return _authorize(ledger, payment, now=now)
    return _end(ledger, payment, Status.DECLINED, reason="authentication_failed", now=now)


def cancel(ledger: Ledger, payment: Payment, *, now: float) -> Payment:
    if payment.status not in UNPAID:
        return payment
    return _end(ledger, payment, Status.CANCELED, reason="canceled_by_shopper", now=now)


def capture(ledger: Ledger, payment: Payment, *, amount: int, key: str, now: float) -> Event:
    """Take a part, or all, of what is held; several times, until nothing is held."""
    _need_hold(payment, now=now)
    _need(amount <= payment.held, "amount_too_large", f"Only {payment.held} is held.")
    payment = ledger.change(payment, captured=payment.captured + amount)
    _settle_status(ledger, payment)
    return ledger.append(payment, "captured", amount, at=now, request_key=key)


def release(ledger: Ledger, payment: Payment, *, amount: int, key: str, now: float) -> Event:
    _need_hold(payment, now=now)
    _need(amount <= payment.held, "amount_too_large", f"Only {payment.held} is held.")
    payment = ledger.change(payment, released=payment.released + amount)
    _settle_status(ledger, payment)
    return ledger.append(payment, "released", amount, at=now, request_key=key)


def refund(ledger: Ledger, payment: Payment, *, amount: int, key: str, now: float) -> Event:
    left = payment.captured - payment.refunded
    _need(payment.captured > 0, "not_captured", "Nothing of this payment was captured.")
    _need(amount <= left, "amount_too_large", f"Only {left} is left to refund.")
    payment = ledger.change(payment, refunded=payment.refunded + amount)
    _settle_status(ledger, payment)
    return ledger.append(payment, "refunded", amount, at=now, request_key=key)


def expire(ledger: Ledger, payment: Payment, *, now: float) -> Payment:
    """Close a page that nobody paid at, or give back what was held too long."""
    if payment.status in UNPAID:
        return _end(ledger, payment, Status.EXPIRED, reason="page_expired", now=now)
    if payment.status == Status.AUTHORIZED:
        return _end(ledger, payment, Status.EXPIRED, reason="hold_expired", now=now)
    return payment


def abandon(ledger: Ledger, payment: Payment, *, now: float) -> Payment:
    """Close the page for the shop: it waits no longer for the shopper."""
    return expire(ledger, payment, now=now) if payment.status in UNPAID else payment


def run_clock(ledger: Ledger, *, now: float) -> float | None:
    """Let happen what happens by itself: the bank answers late, a page or a hold expires.

    Returns when something will next.
    """
    for payment in ledger.due(now):
        if payment.status == Status.PROCESSING:
            _authorize(ledger, payment, now=now)
        else:
            expire(ledger, payment, now=now)
    return ledger.next_due()


def _authorize(ledger: Ledger, payment: Payment, *, now: float) -> Payment:
    capture_before = now + HOLD_S
    payment = ledger.change(
        payment,
        status=Status.AUTHORIZED,
        authorized=payment.amount,
        capture_before=capture_before,
        acts_at=capture_before,
    )
    ledger.append(payment, "authorized", payment.amount, at=now, capture_before=capture_before)
    return payment


NEWS = {Status.DECLINED: "declined", Status.CANCELED: "failed", Status.EXPIRED: "expired"}


def _end(ledger: Ledger, payment: Payment, to: Status, *, reason: str, now: float) -> Payment:
    amount = payment.held if payment.authorized else payment.amount
    payment = ledger.change(payment, status=to, acts_at=None)
    ledger.append(payment, NEWS[to], amount, at=now, reason=reason)
    return payment


def _settle_status(ledger: Ledger, payment: Payment) -> None:
    if payment.status == Status.AUTHORIZED and not payment.held:
        to = Status.CAPTURED if payment.captured else Status.VOIDED
        payment = ledger.change(payment, status=to, acts_at=None)
    if payment.status == Status.CAPTURED and payment.refunded == payment.captured:
        ledger.change(payment, status=Status.REFUNDED)


def _need_hold(payment: Payment, *, now: float) -> None:
    is_held = payment.status == Status.AUTHORIZED
    _need(is_held, "not_authorized", f"This payment is {payment.status}; nothing is held.")
    is_fresh = payment.capture_before is not None and now < payment.capture_before
    _need(is_fresh, "hold_expired", "The hold on the card has expired.")


def _need(fact: bool, code: str, message: str) -> None:  # noqa: FBT001 - reads as "need that"
    if not fact:
        raise RefusedError(code, message)
