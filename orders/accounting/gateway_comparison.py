"""Say how one payment differs from how it stands at its gateway: by sums, then by operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from orders.accounting.finding import Finding, Kind, What
from orders.models import Payment, PaymentEvent
from orders.payments.gateways.base import PaymentNews, PaymentUpdate, Standing

News = PaymentNews
Event = PaymentEvent.Kind
DISPUTES = (News.DISPUTED, News.DISPUTE_WON, News.DISPUTE_LOST)
NOTHING = Decimal(0)


def needs_history(payment: Payment, standing: Standing) -> bool:
    """Test whether single operations must be read: refunds and disputes have names."""
    if standing.is_disputed or payment.dispute_status != Payment.Dispute.NONE:
        return True
    return _is_same_money(payment, standing) and (
        payment.refunded_amount != standing.refunded.amount
    )


def absent(payment: Payment) -> Iterator[Finding]:
    """Tell of money in our book of which the gateway knows no payment."""
    if payment.authorized_amount or payment.captured_amount:
        ours = payment.captured_amount or payment.authorized_amount
        what = What.CAPTURED if payment.captured_amount else What.AUTHORIZED
        yield _finding(payment, Kind.NOT_AT_GATEWAY, what, expected=ours, found=None)


def differences(
    payment: Payment, standing: Standing, history: Sequence[PaymentUpdate]
) -> Iterator[Finding]:
    """Compare the sums of a payment, and the operations of its history, where it was read."""
    if not _is_same_money(payment, standing):
        if standing.has_money or payment.authorized_amount:
            yield _finding(
                payment,
                Kind.CURRENCY,
                What.AUTHORIZED,
                expected=payment.authorized_amount or payment.amount,
                found=standing.authorized.amount,
                found_currency=standing.authorized.currency,
            )
        return
    sums = [*_authorized(payment, standing), *_captured(payment, standing)]
    yield from sums or _held(payment, standing)
    if history:
        yield from _refunds(payment, standing, history)
        yield from _disputes(payment, history)


def _is_same_money(payment: Payment, standing: Standing) -> bool:
    return payment.currency == standing.authorized.currency


def _authorized(payment: Payment, standing: Standing) -> Iterator[Finding]:
    ours, theirs = payment.authorized_amount, standing.authorized.amount
    # What was held for a while and came to nothing is no money.
    if ours == theirs or (not ours and not standing.has_money):
        return
    yield _finding(payment, _kind(ours, theirs), What.AUTHORIZED, expected=ours, found=theirs)


def _captured(payment: Payment, standing: Standing) -> Iterator[Finding]:
    ours, theirs = payment.captured_amount, standing.captured.amount
    if ours == theirs:
        return
    kind = _kind(ours, theirs)
    more = theirs - ours
    events = payment.events.filter(amount=more)
    is_asked = events.filter(kind=Event.CAPTURE_REQUESTED, outcome__isnull=True).exists()
    if events.filter(kind=Event.CAPTURED).exists() and not is_asked:
        kind = Kind.TWICE
    yield _finding(payment, kind, What.CAPTURED, expected=ours, found=theirs)


def _held(payment: Payment, standing: Standing) -> Iterator[Finding]:
    ours, theirs = payment.open_amount.amount, standing.held.amount
    if ours != theirs:
        kind = Kind.NOT_WITH_US if theirs < ours else Kind.AMOUNT
        yield _finding(payment, kind, What.HELD, expected=ours, found=theirs)


def _refunds(
    payment: Payment, standing: Standing, history: Sequence[PaymentUpdate]
) -> Iterator[Finding]:
    """Find the refunds that one side has alone, or has otherwise; one that failed is none."""
    if payment.refunded_amount == standing.refunded.amount:
        return
    failed = {update.about for update in history if update.news is News.REFUND_FAILED}
    told = [update for update in history if update.news is News.REFUNDED]
    theirs = {update.external_id: update for update in told if update.external_id not in failed}
    booked = dict(payment.events.filter(kind=Event.REFUNDED).values_list("external_id", "amount"))
    back = payment.events.filter(kind=Event.REFUND_FAILED)
    mine = {
        name: amount
        for name, amount in booked.items()
        if not back.filter(external_id=f"{name}:failed").exists()
    }
    differing = [
        name
        for name in sorted(theirs.keys() | mine.keys())
        if name not in theirs or theirs[name].amount.amount != mine.get(name)
    ]
    if not differing:  # each agrees, and their sum does not
        ours, sum_there = payment.refunded_amount, standing.refunded.amount
        yield _finding(payment, Kind.AMOUNT, What.REFUNDED, expected=ours, found=sum_there)
    for name in differing:
        amount = theirs[name].amount.amount if name in theirs else None
        expected = mine.get(name)
        if amount is None:
            kind = Kind.NOT_WITH_US if name in failed else Kind.NOT_AT_GATEWAY
        elif expected is not None:
            kind = Kind.AMOUNT
        else:
            kind = _unbooked(payment, theirs[name])
        yield _finding(
            payment, kind, What.REFUNDED, expected=expected, found=amount, operation=name
        )


def _unbooked(payment: Payment, refund: PaymentUpdate) -> Any:
    """Tell a lost refund from one that was given twice: it answers no request that is open."""
    asked = payment.events.filter(external_id=refund.request_key, outcome__isnull=True)
    same = payment.events.filter(kind=Event.REFUNDED, amount=refund.amount.amount)
    is_lost = bool(refund.request_key) and asked.exists()
    return Kind.TWICE if same.exists() and not is_lost else Kind.REFUND_UNBOOKED


def _disputes(payment: Payment, history: Sequence[PaymentUpdate]) -> Iterator[Finding]:
    heard = set(payment.events.values_list("external_id", flat=True))
    told = {update.external_id: update for update in history if update.news in DISPUTES}
    for name, update in told.items():
        if name not in heard:
            found = update.amount.amount
            yield _finding(
                payment, Kind.NOT_WITH_US, What.DISPUTED, expected=None, found=found, operation=name
            )
    booked = payment.events.filter(kind__in=DISPUTES).values_list("external_id", "amount")
    for name, amount in booked:
        if name not in told:
            yield _finding(
                payment,
                Kind.NOT_AT_GATEWAY,
                What.DISPUTED,
                expected=amount,
                found=None,
                operation=name,
            )


def _kind(ours: Decimal, theirs: Decimal) -> Any:
    if not ours:
        return Kind.NOT_WITH_US
    return Kind.AMOUNT if theirs else Kind.NOT_AT_GATEWAY


def _finding(  # noqa: PLR0913 - one difference in its parts
    payment: Payment,
    kind: Any,
    what: Any,
    *,
    expected: Decimal | None,
    found: Decimal | None,
    found_currency: str = "",
    operation: str = "",
) -> Finding:
    return Finding(
        kind=kind,
        what=what,
        subject=f"{payment.pk}:{operation}" if operation else str(payment.pk),
        currency=payment.currency,
        expected=expected or None,
        found=found or None,
        found_currency=found_currency,
        reference=operation or payment.reference,
        order_id=payment.order_id,
        payment_id=payment.pk,
    )
