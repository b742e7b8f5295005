"""Staff login: ask for password and second factor, ask again before factors change."""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from storefront.accounts import login_throttling, security_log
from storefront.accounts.models import User
from storefront.accounts.two_factor import enrollment, middleware, passkeys, verification
from storefront.dashboard.staff_page import FORM_METHODS
from storefront.lib.security.client_ip import client_network


@never_cache
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """Show Django's login page, and record when the right password was entered."""
    answer: HttpResponse = admin.site.login(request)
    # A user who is signed in may post anything here: only a correct password counts.
    is_right = request.method == "POST" and answer.status_code == HTTPStatus.FOUND
    if is_right and request.user.is_authenticated:
        middleware.record_proof(request, timezone.now())
    return answer


@never_cache
@require_http_methods(FORM_METHODS)
@sensitive_post_parameters()
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor after the password, or to set one up."""
    now, user = timezone.now(), middleware.pending_user(request)
    if user is None:
        return redirect(next_url(request))
    if not middleware.is_fresh(request, now):
        return redirect(reverse("admin:login", query={"next": next_url(request)}))
    if not enrollment.has_any(user):
        return redirect("factors:index")
    if (problem := _check_proof(request, user)) is None:
        middleware.complete(request, user, now)
        return redirect(next_url(request))
    return _ask(request, user, title=_("Two-factor authentication"), problem=problem)


@never_cache
@require_http_methods(FORM_METHODS)
@sensitive_post_parameters()
def reauthenticate(request: HttpRequest) -> HttpResponse:
    """Ask a signed-in user to authenticate again before changing factors."""
    user = request.user
    if not isinstance(user, User) or not user.is_staff:
        return redirect(reverse("admin:login", query={"next": next_url(request)}))
    if (problem := _check_proof(request, user)) is None:
        middleware.record_proof(request, timezone.now())
        return redirect(next_url(request))
    return _ask(request, user, title=_("Confirm your identity"), problem=problem)


def for_own_factors(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Restrict a view of own factors to staff who authenticated recently, even without a factor."""

    @never_cache
    @sensitive_post_parameters()
    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        pending = middleware.pending_user(request)
        if pending is not None and enrollment.has_any(pending):
            return redirect(reverse("factors:sign_in", query={"next": request.path}))
        user = pending or request.user
        is_fresh = middleware.is_fresh(request, timezone.now())
        if not isinstance(user, User) or not user.is_staff or (pending and not is_fresh):
            return redirect(reverse("admin:login", query={"next": request.path}))
        if not is_fresh:
            return redirect(reverse("factors:again", query={"next": request.path}))
        return view(request, user, *args, **kwargs)

    return opened


def page(
    request: HttpRequest, template: str, context: Mapping[str, Any], status: int = HTTPStatus.OK
) -> TemplateResponse:
    """Render a page in the admin layout, also for users who are not signed in."""
    is_in = request.user.is_authenticated
    layout = "admin/base_site.html" if is_in else "unfold/layouts/unauthenticated.html"
    shared = {**admin.site.each_context(request), "layout": layout, "is_in": is_in}
    return TemplateResponse(request, template, {**shared, **context}, status=status)


def next_url(request: HttpRequest) -> str:
    """Return the target after login, limited to staff pages."""
    wanted = request.POST.get("next", "") or request.GET.get("next", "")
    home = reverse("admin:index")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts=None, require_https=request.is_secure()
    )
    return wanted if is_ours and wanted.startswith(home) else home


def _check_proof(request: HttpRequest, user: User) -> str | None:
    """Return the error of the submitted proof: None if it is right, "" if none was submitted."""
    now = timezone.now()
    if request.method != "POST":
        return ""
    try:
        if not enrollment.has_any(user):
            return _check_password(request, user)
        if answer := request.POST.get("credential", ""):
            passkeys.verify(user=user, answer=json.loads(answer), session=request.session, now=now)
        elif code := request.POST.get("code", "").strip():
            verification.verify_code(user=user, code=code[:40], now=now)
        else:
            return _("Enter a code.")
    except login_throttling.TooManyAttemptsError as error:
        _record_refusal(user, security_log.Result.BLOCKED)
        wait = timeuntil(error.until, now, depth=1)
        return _("Too many attempts. Try again in %(time)s.") % {"time": wait}
    # RecursionError: deeply nested JSON
    except (verification.VerificationError, ValueError, RecursionError):
        _record_refusal(user, security_log.Result.FAILED)
        is_code = "code" in request.POST
        wrong = _("This code is wrong or was already used. Wait for the next code.")
        return wrong if is_code else _("This passkey does not belong to your account.")
    return None


def _check_password(request: HttpRequest, user: User) -> str | None:
    account, network, now = user.email, client_network(request), timezone.now()
    login_throttling.count_attempt(account=account, network=network, now=now)
    if not user.check_password(request.POST.get("password", "")):
        _record_refusal(user, security_log.Result.FAILED)
        return _("Wrong password.")
    login_throttling.record_success(account=account, network=network, now=now)
    return None


def _record_refusal(user: User, result: security_log.Result) -> None:
    security_log.record(security_log.Event.SECOND_FACTOR, actor=user, result=result)


def _ask(request: HttpRequest, user: User, *, title: str, problem: str) -> HttpResponse:
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    has_passkey = Authenticator.Type.WEBAUTHN in kinds
    context = {
        "title": title,
        "problem": problem,
        "next": next_url(request),
        "asks_password": not enrollment.has_any(user),
        "has_app": Authenticator.Type.TOTP in kinds,
        "options": passkeys.authentication_options(user, request.session) if has_passkey else None,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return page(request, "dashboard/login/two_factor.html", context, status)
