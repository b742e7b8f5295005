"""Login throttling: count attempts by account, second factor and network, delay further ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.crypto import salted_hmac

from storefront.accounts.models import SignInTries

# What is counted: a name that anybody may type, a second factor, where the tries come from.
FREE_TRIES = {"account": 5, "factor": 5, "network": 40}
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


class TooManyTriesError(Exception):
    """An account or its network must wait, whatever the password is."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"no more tries until {until:%H:%M:%S}")
        self.until = until


@transaction.atomic(durable=True)
def knock(*, account: str, network: str, now: datetime, kind: str = "account") -> None:
    """Count a try, before the password is looked at, so that many at once gain nothing.

    A try while waiting is not counted: nobody can be locked out for ever. Without a network,
    only those of the account count.

    Shape:  ``kind`` as in ``FREE_TRIES``: what is counted under one is not under another
    Locks:  the counters of the account and of the network, in key order
    Raises: TooManyTriesError  the password must not even be looked at
    """
    free = {_key(each, name): FREE_TRIES[each] for each, name in _names(kind, account, network)}
    SignInTries.objects.bulk_create(
        [SignInTries(key=key, last_at=now) for key in sorted(free)], ignore_conflicts=True
    )
    rows = SignInTries.objects.filter(key__in=free).order_by("key")
    counters = list(rows.select_for_update(of=["self"]))
    waits = [row.blocked_until for row in counters if row.blocked_until and row.blocked_until > now]
    if waits:
        raise TooManyTriesError(max(waits))
    for row in counters:
        is_old = row.last_at <= now - FORGOTTEN_AFTER
        row.count = 1 if is_old else row.count + 1
        row.last_at = now
        over = row.count - free[row.key]
        row.blocked_until = now + _wait(over) if over >= 0 else None
    SignInTries.objects.bulk_update(counters, ["count", "last_at", "blocked_until"])


def welcome(*, account: str, kind: str = "account") -> None:
    """Forget the tries of an account whose owner came in; those of the network stay."""
    SignInTries.objects.filter(key=_key(kind, account)).delete()


def waits_until(*, account: str, network: str, now: datetime) -> datetime | None:
    """Return until when an account or a network must wait, if it must."""
    keys = [_key(kind, name) for kind, name in _names("account", account, network)]
    blocked = SignInTries.objects.filter(key__in=keys, blocked_until__gt=now)
    return blocked.order_by("-blocked_until").values_list("blocked_until", flat=True).first()


def forget_old(*, now: datetime) -> None:
    """Delete tries that count no more, and sessions that have ended."""
    SignInTries.objects.filter(last_at__lt=now - FORGOTTEN_AFTER).exclude(
        blocked_until__gt=now
    ).delete()
    Session.objects.filter(expire_date__lt=now).delete()


def _wait(over: int) -> timedelta:
    wait: timedelta = FIRST_WAIT * 2 ** min(over, 20)
    return min(wait, LONGEST_WAIT)


def _names(kind: str, account: str, network: str) -> list[tuple[str, str]]:
    return [(kind, account), *([("network", network)] if network else [])]


def _key(kind: str, name: str) -> str:
    # What is typed into the name field is sometimes a password: only its digest is kept.
    return salted_hmac("sign-in", f"{kind}:{name.strip().lower()}", algorithm="sha256").hexdigest()
