"""Staff sessions: list a user's own, end one or all others; superusers manage all users' sessions."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from storefront.accounts import staff_sessions
from storefront.accounts.models import User
from storefront.dashboard.login.views import for_own_factors, page
from storefront.dashboard.staff_page import FORM_METHODS


def for_session_owner(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Restrict a view to the owner of the sessions and superusers, after recent authentication."""

    @for_own_factors
    @wraps(view)
    def opened(
        request: HttpRequest, user: User, user_id: int | None = None, **known: Any
    ) -> HttpResponse:
        if not request.user.is_authenticated:  # the first factor is not set up yet
            return redirect("factors:index")
        if user_id in {None, user.pk}:
            return view(request, user, **known)
        if not user.is_superuser:
            raise PermissionDenied
        return view(request, get_object_or_404(User, pk=user_id), **known)

    return opened


@require_safe
@for_session_owner
def index(request: HttpRequest, owner: User) -> HttpResponse:
    context = {"sessions": staff_sessions.list_open(owner, timezone.now())}
    return _page(request, owner, "sessions", context)


@require_http_methods(FORM_METHODS)
@for_session_owner
def end(request: HttpRequest, owner: User, session_id: int | None = None) -> HttpResponse:
    """Ask for confirmation, then end one session, or all except the current one."""
    chosen = [
        session
        for session in staff_sessions.list_open(owner, timezone.now())
        if session.session_id != request.session.session_key and session_id in {None, session.pk}
    ]
    if chosen and request.method != "POST":
        return _page(request, owner, "session_end", {"sessions": chosen})
    if chosen:
        assert isinstance(request.user, User)  # noqa: S101 - for_session_owner requires it
        staff_sessions.end(user=owner, sessions=chosen, actor=request.user)
    message = ngettext(
        "%(count)s session has ended.", "%(count)s sessions have ended.", len(chosen)
    )
    messages.success(request, message % {"count": len(chosen)})
    return redirect("factors:sessions_of", owner.pk)


def _page(
    request: HttpRequest, owner: User, template: str, context: dict[str, Any]
) -> HttpResponse:
    is_own = owner == request.user
    shared = {
        "title": _("Your sessions")
        if is_own
        else _("Staff sessions of %(user)s") % {"user": owner},
        "owner": owner,
        "is_own": is_own,
        "current": request.session.session_key,
        "idle_hours": staff_sessions.IDLE_LIMIT.total_seconds() // 3600,
        "lifetime_days": staff_sessions.LIFETIME.days,
    }
    return page(request, f"dashboard/login/{template}.html", {**shared, **context}, HTTPStatus.OK)
