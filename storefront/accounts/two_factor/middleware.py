"""Two-factor middleware: treat staff as anonymous until they complete the second factor.

This holds on every page of the site, not only on staff pages. It concerns staff who have a second
factor or must have one. A staff session that has ended (``staff_sessions``) is anonymous as well.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from storefront.accounts import security_log, staff_sessions
from storefront.accounts.models import User
from storefront.accounts.two_factor import enrollment
from storefront.lib.security.client_ip import current_request

VERIFIED_KEY = (
    "second_factor_verified"  # session key: id of the user whose second factor was verified
)
PROVEN_AT_KEY = "proven_at"  # session key: when a password or factor was last verified
FRESH_FOR = timedelta(minutes=10)


class TwoFactorMiddleware:
    """Makes half-signed-in staff anonymous; redirects them to the second step."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session_user = request.user
        request.user = SimpleLazyObject(lambda: _effective_user(request, session_user))  # type: ignore[assignment]
        del request.auser  # the async accessor of the unguarded user
        if request.path.startswith(settings.STAFF_PREFIX) and not _is_public(request.path):
            user = request.user
            if not user.is_authenticated and pending_user(request):
                query = {"next": request.get_full_path()}
                return redirect(reverse("factors:sign_in", query=query))
        token = current_request.set(request)
        try:
            response = self._get_response(request)
            if response.status_code == HTTPStatus.FORBIDDEN:
                security_log.record_refusal(request)
            return response
        finally:
            current_request.reset(token)


def pending_user(request: HttpRequest) -> User | None:
    """Return the user who gave the password but not the second factor yet."""
    bool(request.user.is_authenticated)  # evaluates the lazy user, which sets the attribute
    return getattr(request, "pending_user", None)


def complete(request: HttpRequest, user: User, now: datetime) -> None:
    """Complete the second factor for this session, under a new session key."""
    request.session.cycle_key()
    request.session[VERIFIED_KEY] = user.pk
    security_log.record(security_log.Event.SECOND_FACTOR, actor=user)
    record_proof(request, now)


def record_proof(request: HttpRequest, now: datetime) -> None:
    request.session[PROVEN_AT_KEY] = now.timestamp()


def is_fresh(request: HttpRequest, now: datetime) -> bool:
    """Return whether the user authenticated recently enough to change factors."""
    at = request.session.get(PROVEN_AT_KEY, 0)
    return bool(now - FRESH_FOR < datetime.fromtimestamp(at, tz=now.tzinfo) <= now)


def _effective_user(request: HttpRequest, user: User | AnonymousUser) -> User | AnonymousUser:
    if not isinstance(user, User) and not user.is_authenticated:
        return user
    if not user.is_staff:
        return user
    is_verified = request.session.get(VERIFIED_KEY) == user.pk
    if not is_verified and (settings.STAFF_SECOND_FACTOR or enrollment.has_any(user)):
        request.pending_user = user  # type: ignore[attr-defined]
        return AnonymousUser()
    if not staff_sessions.record_use(request, user, timezone.now()):
        request.session.flush()
        return AnonymousUser()
    return user


def _is_public(path: str) -> bool:
    """Return whether a staff page is available before the second factor."""
    paths = (reverse("admin:login"), reverse("admin:logout"), reverse("admin:jsi18n"))
    return path in paths or path.startswith(reverse("factors:index"))
