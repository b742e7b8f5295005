"""Login throttling: count failed sign-ins, delay further attempts.

Failures are counted per account, per network, and per account in a network. Each counter leaks, so
that old failures stop counting. The counter of an account in one network blocks first. The counter
of an account in all networks has a higher limit. It is ignored in networks from which the account
has signed in before, so that an attacker cannot lock the owner out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from storefront.accounts.models import LoginAttempts
from storefront.lib.db.transactions import requires_transaction

FIRST_WAIT = timedelta(seconds=15)
MAX_WAIT = timedelta(minutes=15)
RETENTION = timedelta(hours=12)  # longer than any counter takes to leak to zero
KNOWN_NETWORK_TTL = timedelta(days=90)  # how long a network stays known to an account


@dataclass(frozen=True, slots=True)
class Limit:
    """A leaky bucket: ``free`` failures without a delay; the count falls by one per ``leak``."""

    free: int
    leak: timedelta


ACCOUNT_IN_NETWORK = Limit(free=5, leak=timedelta(minutes=15))
ACCOUNT = Limit(free=20, leak=timedelta(minutes=15))
NETWORK = Limit(free=40, leak=timedelta(minutes=1))
FACTOR = Limit(free=5, leak=timedelta(minutes=15))


class TooManyAttemptsError(Exception):
    """The account or its network must wait. The password is not checked."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"no more tries until {until:%H:%M:%S}")
        self.until = until


@transaction.atomic(durable=True)
def count_attempt(*, account: str, network: str, now: datetime, kind: str = "account") -> None:
    """Count an attempt as failed before the password is checked, so that parallel ones count too.

    ``record_success`` with the same ``now`` reverts the count. An attempt during a wait is not
    counted.
    ``kind`` is ``"account"`` or ``"factor"``; a factor has no network.

    Locks: the counters of the attempt, in key order.

    Raises: TooManyAttemptsError: the password must not be checked.
    """
    limits = _limits(kind, account, network)
    LoginAttempts.objects.bulk_create(
        [LoginAttempts(key=key, last_at=now) for key in sorted(limits)], ignore_conflicts=True
    )
    counters = _blocking_counters(_lock(limits), limits, now)
    waits = [row.blocked_until for row in counters if row.blocked_until and row.blocked_until > now]
    if waits:
        raise TooManyAttemptsError(max(waits))
    for row in counters:
        limit = limits[row.key]
        leaked = Decimal(max(now - row.last_at, timedelta(0)) / limit.leak)
        row.count = max(row.count - leaked, Decimal(0)) + 1
        row.last_at = now
        over = round(row.count) - limit.free
        row.blocked_until = now + _wait(over) if over >= 0 else None
    LoginAttempts.objects.bulk_update(counters, ["count", "last_at", "blocked_until"])


@transaction.atomic(durable=True)
def record_success(*, account: str, network: str, now: datetime, kind: str = "account") -> None:
    """Revert the attempt that ``count_attempt`` counted at ``now``; mark the network as known.

    The account's counter in this network is reset. The other counters keep earlier failures: a
    sign-in to one account does not erase guesses at others from the counter of the network.

    Locks: the counters of the attempt, in key order.
    """
    limits = _limits(kind, account, network)
    first_key, counters = next(iter(limits)), _blocking_counters(_lock(limits), limits, now)
    for row in counters:
        if row.last_at == now:
            row.count, row.blocked_until = max(row.count - 1, Decimal(0)), None
        if row.key == first_key:
            row.count, row.blocked_until, row.succeeded_at = Decimal(0), None, now
    LoginAttempts.objects.bulk_update(counters, ["count", "blocked_until", "succeeded_at"])


def blocked_until(*, account: str, network: str, now: datetime) -> datetime | None:
    """Return the end of the account's wait in this network, or None."""
    limits = _limits("account", account, network)
    rows = _blocking_counters(list(LoginAttempts.objects.filter(key__in=limits)), limits, now)
    ends = [row.blocked_until for row in rows if row.blocked_until and row.blocked_until > now]
    return max(ends, default=None)


def delete_account_counters(account: str) -> None:
    """Delete all counters of an account."""
    LoginAttempts.objects.filter(key__startswith=_digest(f"account:{account}")).delete()


@requires_transaction
def reset_failures(account: str) -> None:
    """Reset the failures of an account whose owner verified its address; known networks stay.

    Locks: the counters of the account, in key order.
    """
    counters = LoginAttempts.objects.filter(key__startswith=_digest(f"account:{account}"))
    ids = [row.pk for row in counters.order_by("key").select_for_update(of=["self"])]
    LoginAttempts.objects.filter(pk__in=ids).update(count=0, blocked_until=None)


def delete_expired(*, now: datetime) -> None:
    """Delete counters that have leaked to zero, and expired sessions."""
    known = Q(succeeded_at__gte=now - KNOWN_NETWORK_TTL)
    LoginAttempts.objects.filter(last_at__lt=now - RETENTION).exclude(known).delete()
    Session.objects.filter(expire_date__lt=now).delete()


def _limits(kind: str, account: str, network: str) -> dict[str, Limit]:
    """Map each counter key to its limit; the first is that of the account in this network."""
    account_key = _digest(f"{kind}:{account}")
    if kind == "factor":
        return {account_key: FACTOR}
    if not network:
        return {account_key: ACCOUNT_IN_NETWORK}
    network_key = _digest(f"network:{network}")
    return {
        account_key + network_key: ACCOUNT_IN_NETWORK,
        account_key: ACCOUNT,
        network_key: NETWORK,
    }


@requires_transaction
def _lock(limits: Iterable[str]) -> list[LoginAttempts]:
    rows = LoginAttempts.objects.filter(key__in=list(limits)).order_by("key")
    return list(rows.select_for_update(of=["self"]))


def _blocking_counters(
    rows: list[LoginAttempts], limits: dict[str, Limit], now: datetime
) -> list[LoginAttempts]:
    """Return the counters to enforce; in a known network, only that of the account in it."""
    first_key = next(iter(limits))
    for row in rows:
        if row.key == first_key and row.succeeded_at and row.succeeded_at > now - KNOWN_NETWORK_TTL:
            return [row]
    return rows


def _wait(over: int) -> timedelta:
    wait: timedelta = FIRST_WAIT * 2 ** min(over, 20)
    return min(wait, MAX_WAIT)


def _digest(name: str) -> str:
    # A password is sometimes typed into the name field: only a digest is stored. It is truncated
    # so that account key + network key fit the column; all keys of an account start with its key.
    text = name.strip().lower()
    return salted_hmac("sign-in", text, algorithm="sha256").hexdigest()[:32]
