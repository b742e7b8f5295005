"""Compare what a gateway's own books say of payments with our book of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from orders.accounting import gateway_comparison
from orders.accounting.finding import Compared, Finding, Kind, What
from orders.models import MoneyDifference, Order, Payment
from orders.payments import ledger
from orders.payments.gateways import gateway_for
from orders.payments.gateways.base import Gateway, Standing, TooMuchError, UnknownAtGatewayError

# Younger news may still be on its way; what we asked for is not overdue before.
QUIET = timedelta(minutes=15)
UNDER_WAY = timedelta(hours=1)
MOST_ASKED = 5000
type Clock = Callable[[], datetime]


def part_of(gateway: str) -> str:
    return f"gateway:{gateway}"


def compare(*, gateway: str, since: datetime, until: datetime, moment: Clock) -> Compared:
    """Return the differences of all payments that moved in a time, and how many were compared.

    Payments that are still held, and those that differ already, are compared whenever.

    Raises: TemporaryError, PermanentError  it does not tell all: nothing is known
    """
    at = gateway_for(gateway)
    listed = {standing.name: standing for standing in at.standings(since=since, until=until)}
    for name in _differing_names(gateway):
        if name not in listed:
            with suppress(UnknownAtGatewayError):
                listed[name] = at.standing(reference=name)
    by_name = _by_any_name(listed.values())
    ours = _ours(gateway, by_name, since=since, until=until)
    if len(ours) > MOST_ASKED + len(listed):
        raise TooMuchError(f"{gateway}: {len(ours)} payments are to be compared")
    findings: list[Finding] = []
    known: set[str] = set()
    moving: list[int] = []
    for payment in ours:
        standing = by_name.get(payment.reference) or by_name.get(payment.key)
        if standing is None:
            standing = _ask(at, payment)
        else:
            known.add(standing.name)
        if standing is None or not _agrees(payment, standing):
            differing = of_payment(payment=payment, now=moment())
            if differing is None:
                moving.append(payment.pk)
            else:
                findings += differing
    strangers = [one for name, one in listed.items() if name not in known]
    findings += _unknown(strangers, moment())
    count = len(ours) + len(strangers)
    return Compared(findings=findings, count=count, left=Q(payment__in=moving))


def of_payment(
    *, payment: Payment, now: datetime, is_settled: bool = False
) -> list[Finding] | None:
    """Compare one payment anew; None while its money moves: nobody can tell yet.

    ``is_settled``: its news was read this moment, so that none is on its way.

    Raises: TemporaryError, PermanentError  the gateway does not tell
    """
    at = gateway_for(payment.gateway)
    standing = _ask(at, payment)
    payment.refresh_from_db()
    if not is_settled and _is_moving(payment, standing, now):
        return None
    if standing is None:
        return list(gateway_comparison.absent(payment))
    history = gateway_comparison.needs_history(payment, standing)
    updates = at.history(reference=payment.reference) if history else ()
    return list(gateway_comparison.differences(payment, standing, updates))


def _agrees(payment: Payment, standing: Standing) -> bool:
    return not gateway_comparison.needs_history(payment, standing) and not any(
        gateway_comparison.differences(payment, standing, ())
    )


def _by_any_name(listed: Iterable[Standing]) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    for standing in listed:
        found |= {name: standing for name in (standing.reference, standing.key) if name}
    return found


def _ours(
    gateway: str, names: Iterable[str], *, since: datetime, until: datetime
) -> Sequence[Payment]:
    """Find the payments that it listed, and those of which we believe that it should have."""
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


def _open(gateway: str) -> QuerySet[MoneyDifference]:
    return MoneyDifference.objects.filter(part=part_of(gateway), status=MoneyDifference.Status.OPEN)


def _differing_names(gateway: str) -> list[str]:
    strangers = _open(gateway).filter(payment__isnull=True)
    return list(strangers.values_list("reference", flat=True))


def _ask(at: Gateway, payment: Payment) -> Standing | None:
    try:
        return at.standing(reference=payment.reference)
    except UnknownAtGatewayError:
        return None


def _is_moving(payment: Payment, standing: Standing | None, now: datetime) -> bool:
    if standing is not None and standing.moved_at > now - QUIET:
        return True
    if payment.events.filter(received_at__gt=now - QUIET).exists():
        return True
    asked = payment.events.filter(kind__in=ledger.REQUESTS, outcome__isnull=True)
    return asked.filter(received_at__gt=now - UNDER_WAY).exists()


def _unknown(strangers: Sequence[Standing], now: datetime) -> Iterator[Finding]:
    """Tell of money at the gateway that belongs to no payment of ours."""
    numbers = {standing.order for standing in strangers if standing.order}
    orders = dict(Order.objects.filter(number__in=numbers).values_list("number", "pk"))
    for standing in strangers:
        left = standing.held + standing.captured - standing.refunded
        if left and standing.moved_at <= now - QUIET:
            yield Finding(
                kind=Kind.NOT_WITH_US,
                what=What.CAPTURED if standing.captured else What.HELD,
                subject=standing.name,
                currency=left.currency,
                expected=None,
                found=left.amount,
                reference=standing.name,
                order_id=orders.get(standing.order),
            )
