"""Staff sessions: record their use, expire, list and end them, let them view a customer's pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.http import HttpRequest

from storefront.accounts import security_log
from storefront.accounts.models import StaffSession, User
from storefront.lib.security.client_ip import client_network

IDLE_LIMIT = timedelta(hours=12)  # since the last request
LIFETIME = timedelta(days=7)  # since sign-in
RECORD_INTERVAL = timedelta(minutes=1)  # ``seen_at`` is written at most this often
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Macintosh": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
VIEW_AS = "accounts.view_as_customer"
VIEWED_KEY = "viewed_customer"  # session key: the customer whose pages the session shows


def record_use(request: HttpRequest, user: User, now: datetime) -> bool:
    """Record that a session is used; return False if the session has ended."""
    key = request.session.session_key
    assert key  # noqa: S101 - the user was read from a stored session
    session = StaffSession.objects.filter(session_id=key).first()
    if session is None:
        new = StaffSession(
            session_id=key,
            user=user,
            started_at=now,
            seen_at=now,
            network=client_network(request)[:64],
            browser=_browser_of(request.headers.get("User-Agent", "")),
        )
        # a parallel request may have inserted it
        StaffSession.objects.bulk_create([new], ignore_conflicts=True)
        return True
    if session.seen_at <= now - IDLE_LIMIT or session.started_at <= now - LIFETIME:
        return False
    if session.seen_at <= now - RECORD_INTERVAL:
        StaffSession.objects.filter(pk=session.pk).update(
            seen_at=now, network=client_network(request)[:64]
        )
    return True


def list_open(user: User, now: datetime) -> list[StaffSession]:
    """Return the open sessions of a user, the last used first."""
    rows = user.staff_sessions.exclude(_ended(now)).select_related("session").order_by("-seen_at")
    hashes = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    return [row for row in rows if row.session.get_decoded().get(HASH_SESSION_KEY) in hashes]


def end(*, user: User, sessions: Sequence[StaffSession], actor: User) -> None:
    """End some sessions of a user. Their requests that are in progress still finish."""
    Session.objects.filter(staff_session__in=sessions).delete()
    what = f"user:{user.pk}"
    event = security_log.Event.SESSIONS_ENDED
    security_log.record(event, actor=actor, what=what, count=len(sessions))


def delete_ended(*, now: datetime) -> None:
    Session.objects.filter(staff_session__in=StaffSession.objects.filter(_ended(now))).delete()


def _ended(now: datetime) -> Q:
    return Q(seen_at__lte=now - IDLE_LIMIT) | Q(started_at__lte=now - LIFETIME)


def _browser_of(user_agent: str) -> str:
    """Return browser and system, such as ``Firefox, Windows``."""
    named = (
        next((name for mark, name in names.items() if mark in user_agent), "")
        for names in (BROWSERS, SYSTEMS)
    )
    return ", ".join(filter(None, named))


# View as customer: a session that reads the shop's pages as a customer does. It refuses every form of
# the shop while the view lasts (``storefront.web.account.view_as``).


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """The customer that a session views, by their account, or a guest by one of their orders."""

    account_id: int | None
    order_id: int | None


def begin_view(request: HttpRequest, key: str) -> None:
    """View a customer from now on, instead of one that the session views already.

    Shape:  ``key``: ``account-<id>`` or ``order-<id>``
    """
    request.session[VIEWED_KEY] = key
    _record_view(request, key, step="begin")


def end_view(request: HttpRequest) -> str | None:
    """End the view and return the key of the customer; None if there was no view."""
    key: str | None = request.session.pop(VIEWED_KEY, None)
    if key is not None:
        _record_view(request, key, step="end")
    return key


def current_view(request: HttpRequest) -> CustomerView | None:
    """Return the view of this session, if its user is staff with the permission."""
    user = request.user
    key = request.session.get(VIEWED_KEY) if isinstance(user, User) else None
    if key is None or not user.is_staff or not user.has_perm(VIEW_AS):
        return None
    kind, _dash, pk = key.partition("-")
    is_account = kind == "account"
    return CustomerView(
        account_id=int(pk) if is_account else None, order_id=None if is_account else int(pk)
    )


def _record_view(request: HttpRequest, key: str, *, step: str) -> None:
    event = security_log.Event.CUSTOMER_VIEWED
    security_log.record(event, actor=request.user, customer=key, step=step)
