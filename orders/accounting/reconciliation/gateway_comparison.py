"""Gateway comparison: compare payments at the gateway with our ledger, in both directions."""

from collections.abc import Iterable, Iterator, Sequence
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
from orders.payments.captures import unreachable_payments
from storefront.lib.clock import Clock

Event = PaymentEvent.Kind
DISPUTES = (UpdateKind.DISPUTED, UpdateKind.DISPUTE_WON, UpdateKind.DISPUTE_LOST)
NOTHING = Decimal(0)


def needs_history(payment: Payment, balance: GatewayBalance) -> bool:
    """Return whether the history must be read: refunds or disputes are involved."""
    if balance.is_disputed or payment.dispute_status != Payment.Dispute.NONE:
        return True
    return _is_same_money(payment, balance) and (payment.refunded_amount != balance.refunded.amount)


def missing_at_gateway(payment: Payment) -> Iterator[Finding]:
    """Yield a finding if our ledger has money and the gateway has no such payment."""
    if payment.authorized_amount or payment.captured_amount:
        ours = payment.captured_amount or payment.authorized_amount
        measure = Measure.CAPTURED if payment.captured_amount else Measure.AUTHORIZED
        yield _finding(payment, Kind.NOT_AT_GATEWAY, measure, expected=ours, found=None)


def find_differences(
    payment: Payment, balance: GatewayBalance, history: Sequence[PaymentUpdate]
) -> Iterator[Finding]:
    """Compare the sums of a payment and, if read, the events of its history."""
    if not _is_same_money(payment, balance):
        if balance.has_money or payment.authorized_amount:
            yield _finding(
                payment,
                Kind.CURRENCY,
                Measure.AUTHORIZED,
                expected=payment.authorized_amount or payment.amount,
                found=balance.authorized.amount,
                found_currency=balance.authorized.currency,
            )
        return
    sums = [*_authorized(payment, balance), *_captured(payment, balance)]
    yield from sums or _held(payment, balance)
    if history:
        yield from _refunds(payment, balance, history)
        yield from _disputes(payment, history)


def _is_same_money(payment: Payment, balance: GatewayBalance) -> bool:
    return payment.currency == balance.authorized.currency


def _authorized(payment: Payment, balance: GatewayBalance) -> Iterator[Finding]:
    ours, theirs = payment.authorized_amount, balance.authorized.amount
    # An authorization that ended without a capture is no money.
    if ours == theirs or (not ours and not balance.has_money):
        return
    yield _finding(payment, _kind(ours, theirs), Measure.AUTHORIZED, expected=ours, found=theirs)


def _captured(payment: Payment, balance: GatewayBalance) -> Iterator[Finding]:
    ours, theirs = payment.captured_amount, balance.captured.amount
    if ours == theirs:
        return
    kind = _kind(ours, theirs)
    difference = theirs - ours
    events = payment.events.filter(amount=difference)
    is_capture_requested = events.filter(
        kind=Event.CAPTURE_REQUESTED, outcome__isnull=True
    ).exists()
    if events.filter(kind=Event.CAPTURED).exists() and not is_capture_requested:
        kind = Kind.TWICE
    yield _finding(payment, kind, Measure.CAPTURED, expected=ours, found=theirs)


def _held(payment: Payment, balance: GatewayBalance) -> Iterator[Finding]:
    ours, theirs = payment.open_amount.amount, balance.held.amount
    if ours != theirs:
        kind = Kind.NOT_WITH_US if theirs < ours else Kind.AMOUNT
        yield _finding(payment, kind, Measure.HELD, expected=ours, found=theirs)


def _refunds(
    payment: Payment, balance: GatewayBalance, history: Sequence[PaymentUpdate]
) -> Iterator[Finding]:
    """Yield the refunds that only one side has, or that differ; failed refunds do not count."""
    if payment.refunded_amount == balance.refunded.amount:
        return
    failed = {update.about for update in history if update.kind is UpdateKind.REFUND_FAILED}
    refunds = [update for update in history if update.kind is UpdateKind.REFUNDED]
    theirs = {update.external_id: update for update in refunds if update.external_id not in failed}
    recorded = dict(payment.events.filter(kind=Event.REFUNDED).values_list("external_id", "amount"))
    failures = payment.events.filter(kind=Event.REFUND_FAILED)
    ours_by_id = {
        name: amount
        for name, amount in recorded.items()
        if not failures.filter(external_id=f"{name}:failed").exists()
    }
    differing = [
        name
        for name in sorted(theirs.keys() | ours_by_id.keys())
        if name not in theirs or theirs[name].amount.amount != ours_by_id.get(name)
    ]
    if not differing:  # each agrees, but their sum differs
        ours, theirs_total = payment.refunded_amount, balance.refunded.amount
        yield _finding(payment, Kind.AMOUNT, Measure.REFUNDED, expected=ours, found=theirs_total)
    for name in differing:
        amount = theirs[name].amount.amount if name in theirs else None
        expected = ours_by_id.get(name)
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
    """Return ``TWICE`` if a refund of this amount is recorded and no request of ours is open."""
    open_requests = payment.events.filter(external_id=refund.request_key, outcome__isnull=True)
    same = payment.events.filter(kind=Event.REFUNDED, amount=refund.amount.amount)
    is_lost = bool(refund.request_key) and open_requests.exists()
    return Kind.TWICE if same.exists() and not is_lost else Kind.REFUND_UNBOOKED


def _disputes(payment: Payment, history: Sequence[PaymentUpdate]) -> Iterator[Finding]:
    known = set(payment.events.values_list("external_id", flat=True))
    disputes = {update.external_id: update for update in history if update.kind in DISPUTES}
    for name, update in disputes.items():
        if name not in known:
            yield _finding(
                payment,
                Kind.NOT_WITH_US,
                Measure.DISPUTED,
                expected=None,
                found=update.amount.amount,
                operation=name,
            )
    recorded = payment.events.filter(kind__in=DISPUTES).values_list("external_id", "amount")
    for name, amount in recorded:
        if name not in disputes:
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


EVENT_LAG = timedelta(minutes=15)  # a webhook may arrive this long after its event
REQUEST_LAG = timedelta(hours=1)  # our request may be pending this long
MAX_PAYMENTS_READ = 5000


def counterparty_of(gateway: str) -> str:
    return f"gateway:{gateway}"


def compare(*, gateway: str, since: datetime, until: datetime, clock: Clock) -> ComparisonResult:
    """Compare the payments that changed in a period with the gateway's balances.

    Authorized payments and those with open discrepancies are always compared.

    Raises: TemporaryError, PermanentError  the gateway's list is incomplete
    """
    client = gateway_for(gateway)
    listed = {balance.name: balance for balance in client.balances(since=since, until=until)}
    for name in _differing_names(gateway):
        if name not in listed:
            with suppress(UnknownAtGatewayError):
                listed[name] = client.balance(reference=name)
    by_name = _by_any_name(listed.values())
    ours = _our_payments(gateway, by_name, since=since, until=until)
    if len(ours) > MAX_PAYMENTS_READ + len(listed):
        raise TooManyPaymentsError(
            f"{gateway}: {len(ours)} payments exceed the limit of one reconciliation"
        )
    findings: list[Finding] = []
    known: set[str] = set()
    undecided: list[int] = []
    for payment in ours:
        balance = by_name.get(payment.reference) or by_name.get(payment.key)
        if balance is None:
            balance = _read_balance(client, payment)
        else:
            known.add(balance.name)
        if balance is None or not _agrees(payment, balance):
            differing = compare_payment(payment=payment, now=clock())
            if differing is None:
                undecided.append(payment.pk)
            else:
                findings += differing
    unknown = [balance for name, balance in listed.items() if name not in known]
    findings += _unknown(unknown, clock())
    count = len(ours) + len(unknown)
    undecided_payments = Q(payment__in=undecided) | Q(payment__in=unreachable_payments())
    return ComparisonResult(findings=findings, count=count, undecided=undecided_payments)


def compare_payment(
    *, payment: Payment, now: datetime, is_settled: bool = False
) -> list[Finding] | None:
    """Compare one payment again; None while its money is moving.

    ``is_settled``: the caller just read all events, so none is pending.

    Raises: TemporaryError, PermanentError  the gateway does not answer
    """
    client = gateway_for(payment.gateway)
    balance = _read_balance(client, payment)
    payment.refresh_from_db()
    if not is_settled and _is_moving(payment, balance, now):
        return None
    if balance is None:
        return list(missing_at_gateway(payment))
    history = needs_history(payment, balance)
    updates = client.history(reference=payment.reference) if history else ()
    return list(find_differences(payment, balance, updates))


def _agrees(payment: Payment, balance: GatewayBalance) -> bool:
    return not needs_history(payment, balance) and not any(find_differences(payment, balance, ()))


def _by_any_name(listed: Iterable[GatewayBalance]) -> dict[str, GatewayBalance]:
    by_name: dict[str, GatewayBalance] = {}
    for balance in listed:
        by_name |= {name: balance for name in (balance.reference, balance.key) if name}
    return by_name


def _our_payments(
    gateway: str, names: Iterable[str], *, since: datetime, until: datetime
) -> Sequence[Payment]:
    """Return our payments that the gateway listed, and those that it should have listed."""
    payments = Payment.objects.filter(gateway=gateway).exclude(reference="")
    payments = payments.exclude(pk__in=unreachable_payments())
    named = list(names)
    moved = Q(events__received_at__gte=since, events__received_at__lt=until)
    moved &= ~Q(events__kind__in=ledger.REQUESTS)
    rows = payments.filter(
        Q(reference__in=named)
        | Q(key__in=named)
        | Q(status=Payment.Status.AUTHORIZED)
        | Q(pk__in=payments.filter(moved).values("pk"))
        | Q(pk__in=_open(gateway).values("payment"))
    )
    return list(rows.select_related("order").order_by("pk"))


def _open(gateway: str) -> QuerySet[Discrepancy]:
    return Discrepancy.objects.filter(part=counterparty_of(gateway), status=Discrepancy.Status.OPEN)


def _differing_names(gateway: str) -> list[str]:
    unknown = _open(gateway).filter(payment__isnull=True)
    return list(unknown.values_list("reference", flat=True))


def _read_balance(client: Gateway, payment: Payment) -> GatewayBalance | None:
    try:
        return client.balance(reference=payment.reference)
    except UnknownAtGatewayError:
        return None


def _is_moving(payment: Payment, balance: GatewayBalance | None, now: datetime) -> bool:
    if balance is not None and balance.moved_at > now - EVENT_LAG:
        return True
    if payment.events.filter(received_at__gt=now - EVENT_LAG).exists():
        return True
    open_requests = payment.events.filter(kind__in=ledger.REQUESTS, outcome__isnull=True)
    return open_requests.filter(received_at__gt=now - REQUEST_LAG).exists()


def _unknown(balances: Sequence[GatewayBalance], now: datetime) -> Iterator[Finding]:
    """Yield findings for money at the gateway that belongs to none of our payments."""
    numbers = {balance.order for balance in balances if balance.order}
    orders = dict(Order.objects.filter(number__in=numbers).values_list("number", "pk"))
    for balance in balances:
        remaining = balance.held + balance.captured - balance.refunded
        if remaining and balance.moved_at <= now - EVENT_LAG:
            yield Finding(
                kind=Kind.NOT_WITH_US,
                what=Measure.CAPTURED if balance.captured else Measure.HELD,
                subject=balance.name,
                currency=remaining.currency,
                expected=None,
                found=remaining.amount,
                reference=balance.name,
                order_id=orders.get(balance.order),
            )
