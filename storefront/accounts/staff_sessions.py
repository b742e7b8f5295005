"""Staff sessions: record their use, expire idle and old ones, list them, end them."""

from collections.abc import Sequence
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
