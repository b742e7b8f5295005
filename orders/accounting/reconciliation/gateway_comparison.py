"""Gateway comparison: compare each payment at its gateway with our ledger, find unknown ones.

A payment is compared by its sums. Its history is read only if refunds or disputes matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from orders import ledger
from orders.accounting.reconciliation.discrepancies import ComparisonResult, Finding, Kind, Measure
from orders.gateways import gateway_for
from orders.gateways.base import (
    Gateway,
    GatewayBalance,
    PaymentUpdate,
    TooManyPaymentsError,
    UnknownAtGatewayError,
    UpdateKind,
)
from orders.models import Discrepancy, Order, Payment, PaymentEvent

News = UpdateKind
Event = PaymentEvent.Kind
DISPUTES = (News.DISPUTED, News.DISPUTE_WON, News.DISPUTE_LOST)
NOTHING = Decimal(0)


def needs_history(payment: Payment, standing: GatewayBalance) -> bool:
    """Return whether the history must be read: refunds or disputes are involved."""
    if standing.is_disputed or payment.dispute_status != Payment.Dispute.NONE:
        return True
    return _is_same_money(payment, standing) and (
        payment.refunded_amount != standing.refunded.amount
    )


def missing_at_gateway(payment: Payment) -> Iterator[Finding]:
    """Yield a finding if our ledger has money and the gateway has no such payment."""
    if payment.authorized_amount or payment.captured_amount:
        ours = payment.captured_amount or payment.authorized_amount
        what = Measure.CAPTURED if payment.captured_amount else Measure.AUTHORIZED
        yield _finding(payment, Kind.NOT_AT_GATEWAY, what, expected=ours, found=None)


def find_differences(
    payment: Payment, standing: GatewayBalance, history: Sequence[PaymentUpdate]
) -> Iterator[Finding]:
    """Compare the sums of a payment and, if read, the events of its history."""
    if not _is_same_money(payment, standing):
        if standing.has_money or payment.authorized_amount:
            yield _finding(
                payment,
                Kind.CURRENCY,
                Measure.AUTHORIZED,
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


def _is_same_money(payment: Payment, standing: GatewayBalance) -> bool:
    return payment.currency == standing.authorized.currency


def _authorized(payment: Payment, standing: GatewayBalance) -> Iterator[Finding]:
    ours, theirs = payment.authorized_amount, standing.authorized.amount
    # An authorization that ended without a capture is no money.
    if ours == theirs or (not ours and not standing.has_money):
        return
    yield _finding(payment, _kind(ours, theirs), Measure.AUTHORIZED, expected=ours, found=theirs)


def _captured(payment: Payment, standing: GatewayBalance) -> Iterator[Finding]:
    ours, theirs = payment.captured_amount, standing.captured.amount
    if ours == theirs:
        return
    kind = _kind(ours, theirs)
    more = theirs - ours
    events = payment.events.filter(amount=more)
    is_asked = events.filter(kind=Event.CAPTURE_REQUESTED, outcome__isnull=True).exists()
    if events.filter(kind=Event.CAPTURED).exists() and not is_asked:
        kind = Kind.TWICE
    yield _finding(payment, kind, Measure.CAPTURED, expected=ours, found=theirs)


def _held(payment: Payment, standing: GatewayBalance) -> Iterator[Finding]:
    ours, theirs = payment.open_amount.amount, standing.held.amount
    if ours != theirs:
        kind = Kind.NOT_WITH_US if theirs < ours else Kind.AMOUNT
        yield _finding(payment, kind, Measure.HELD, expected=ours, found=theirs)


def _refunds(
    payment: Payment, standing: GatewayBalance, history: Sequence[PaymentUpdate]
) -> Iterator[Finding]:
    """Yield the refunds that only one side has, or that differ; failed refunds do not count."""
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
    if not differing:  # each agrees, but their sum differs
        ours, sum_there = payment.refunded_amount, standing.refunded.amount
        yield _finding(payment, Kind.AMOUNT, Measure.REFUNDED, expected=ours, found=sum_there)
    for name in differing:
        amount = theirs[name].amount.amount if name in theirs else None
        expected = mine.get(name)
        if amount is None:
            kind = Kind.NOT_WITH_US if name in failed else Kind.NOT_AT_GATEWAY
        elif expected is not None:
            kind = Kind.AMOUNT
        else:
            kind = _unrecorded_kind(payment, theirs[name])
        yield _finding(
            payment, kind, Measure.REFUNDED, expected=expected, found=amount, operation=name
        )


def _unrecorded_kind(payment: Payment, refund: PaymentUpdate) -> Any:
    """Return the kind of an unrecorded refund: lost, or a duplicate (answers no open request)."""
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
                payment,
                Kind.NOT_WITH_US,
                Measure.DISPUTED,
                expected=None,
                found=found,
                operation=name,
            )
    booked = payment.events.filter(kind__in=DISPUTES).values_list("external_id", "amount")
    for name, amount in booked:
        if name not in told:
            yield _finding(
                payment,
                Kind.NOT_AT_GATEWAY,
                Measure.DISPUTED,
                expected=amount,
                found=None,
                operation=name,
            )


def _kind(ours: Decimal, theirs: Decimal) -> Any:
    if not ours:
        return Kind.NOT_WITH_US
    return Kind.AMOUNT if theirs else Kind.NOT_AT_GATEWAY


def _finding(  # noqa: PLR0913 - the parts of one record
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


# Later events may still arrive; our requests are not overdue before.
EVENT_LAG = timedelta(minutes=15)
REQUEST_LAG = timedelta(hours=1)
MAX_PAYMENTS_READ = 5000
type Clock = Callable[[], datetime]


def counterparty_of(gateway: str) -> str:
    return f"gateway:{gateway}"


def compare(*, gateway: str, since: datetime, until: datetime, moment: Clock) -> ComparisonResult:
    """Compare all payments that moved in a period; held and differing payments always.

    Raises: TemporaryError, PermanentError  the gateway's list is incomplete: nothing is known
    """
    at = gateway_for(gateway)
    listed = {standing.name: standing for standing in at.balances(since=since, until=until)}
    for name in _differing_names(gateway):
        if name not in listed:
            with suppress(UnknownAtGatewayError):
                listed[name] = at.standing(reference=name)
    by_name = _by_any_name(listed.values())
    ours = _our_payments(gateway, by_name, since=since, until=until)
    if len(ours) > MAX_PAYMENTS_READ + len(listed):
        raise TooManyPaymentsError(
            f"{gateway}: {len(ours)} payments exceed the limit of one reconciliation"
        )
    findings: list[Finding] = []
    known: set[str] = set()
    moving: list[int] = []
    for payment in ours:
        standing = by_name.get(payment.reference) or by_name.get(payment.key)
        if standing is None:
            standing = _read_balance(at, payment)
        else:
            known.add(standing.name)
        if standing is None or not _agrees(payment, standing):
            differing = compare_payment(payment=payment, now=moment())
            if differing is None:
                moving.append(payment.pk)
            else:
                findings += differing
    strangers = [one for name, one in listed.items() if name not in known]
    findings += _unknown(strangers, moment())
    count = len(ours) + len(strangers)
    return ComparisonResult(findings=findings, count=count, left=Q(payment__in=moving))


def compare_payment(
    *, payment: Payment, now: datetime, is_settled: bool = False
) -> list[Finding] | None:
    """Compare one payment again; None while its money is moving.

    ``is_settled``: it was read just now, so no event is pending.

    Raises: TemporaryError, PermanentError  the gateway does not answer
    """
    at = gateway_for(payment.gateway)
    standing = _read_balance(at, payment)
    payment.refresh_from_db()
    if not is_settled and _is_moving(payment, standing, now):
        return None
    if standing is None:
        return list(missing_at_gateway(payment))
    history = needs_history(payment, standing)
    updates = at.history(reference=payment.reference) if history else ()
    return list(find_differences(payment, standing, updates))


def _agrees(payment: Payment, standing: GatewayBalance) -> bool:
    return not needs_history(payment, standing) and not any(find_differences(payment, standing, ()))


def _by_any_name(listed: Iterable[GatewayBalance]) -> dict[str, GatewayBalance]:
    found: dict[str, GatewayBalance] = {}
    for standing in listed:
        found |= {name: standing for name in (standing.reference, standing.key) if name}
    return found


def _our_payments(
    gateway: str, names: Iterable[str], *, since: datetime, until: datetime
) -> Sequence[Payment]:
    """Return our payments that the gateway listed, and those that it should have listed."""
    mine = Payment.objects.filter(gateway=gateway).exclude(reference="")
    named = list(names)
    heard = Q(events__received_at__gte=since, events__received_at__lt=until)
    heard &= ~Q(events__kind__in=ledger.REQUESTS)
    rows = mine.filter(
        Q(reference__in=named)
        | Q(key__in=named)
        | Q(status=Payment.Status.AUTHORIZED)
        | Q(pk__in=mine.filter(heard).values("pk"))
        | Q(pk__in=_open(gateway).values("payment"))
    )
    return list(rows.select_related("order").order_by("pk"))


def _open(gateway: str) -> QuerySet[Discrepancy]:
    return Discrepancy.objects.filter(part=counterparty_of(gateway), status=Discrepancy.Status.OPEN)


def _differing_names(gateway: str) -> list[str]:
    strangers = _open(gateway).filter(payment__isnull=True)
    return list(strangers.values_list("reference", flat=True))


def _read_balance(at: Gateway, payment: Payment) -> GatewayBalance | None:
    try:
        return at.standing(reference=payment.reference)
    except UnknownAtGatewayError:
        return None


def _is_moving(payment: Payment, standing: GatewayBalance | None, now: datetime) -> bool:
    if standing is not None and standing.moved_at > now - EVENT_LAG:
        return True
    if payment.events.filter(received_at__gt=now - EVENT_LAG).exists():
        return True
    asked = payment.events.filter(kind__in=ledger.REQUESTS, outcome__isnull=True)
    return asked.filter(received_at__gt=now - REQUEST_LAG).exists()


def _unknown(strangers: Sequence[GatewayBalance], now: datetime) -> Iterator[Finding]:
    """Yield findings for money at the gateway that belongs to none of our payments."""
    numbers = {standing.order for standing in strangers if standing.order}
    orders = dict(Order.objects.filter(number__in=numbers).values_list("number", "pk"))
    for standing in strangers:
        left = standing.held + standing.captured - standing.refunded
        if left and standing.moved_at <= now - EVENT_LAG:
            yield Finding(
                kind=Kind.NOT_WITH_US,
                what=Measure.CAPTURED if standing.captured else Measure.HELD,
                subject=standing.name,
                currency=left.currency,
                expected=None,
                found=left.amount,
                reference=standing.name,
                order_id=orders.get(standing.order),
            )
