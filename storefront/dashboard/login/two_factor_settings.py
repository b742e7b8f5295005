"""Two-factor settings: show, add and remove a staff member's own app, passkeys and codes."""

import base64
import json
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from storefront.accounts.models import User
from storefront.accounts.two_factor import enrollment, middleware, passkeys
from storefront.accounts.two_factor.verification import VerificationError
from storefront.dashboard.login.views import for_own_factors, page
from storefront.dashboard.staff_page import FORM_METHODS
from storefront.lib.security.encryption import decrypt, encrypt

NEW_APP = "new_app"  # session key of the encrypted secret, until a code from the app is entered
Type = Authenticator.Type


@require_safe
@for_own_factors
def index(request: HttpRequest, user: User) -> HttpResponse:
    factors = Authenticator.objects.filter(user=user).order_by("pk")
    codes = next((factor for factor in factors if factor.type == Type.RECOVERY_CODES), None)
    context = {
        "title": _("Security"),
        "factors": [factor for factor in factors if factor.type != Type.RECOVERY_CODES],
        "has_app": any(factor.type == Type.TOTP for factor in factors),
        "left": len(codes.wrap().get_unused_codes()) if codes else None,
        "is_required": settings.STAFF_SECOND_FACTOR,
        "has_name": not _is_number(request),
        "changes": user.two_factor_events.select_related("actor").order_by("-pk")[:10],
    }
    return page(request, "dashboard/login/factors.html", context)


@require_http_methods(FORM_METHODS)
@for_own_factors
def app(request: HttpRequest, user: User) -> HttpResponse:
    """Show the secret of an authenticator app as QR code and text, and verify a code from the app."""
    problem = ""
    if request.method == "POST":
        secret = decrypt(request.session.get(NEW_APP, "")).get("secret", "")
        if not secret:  # already used, or of a session that ended: create a new one
            return redirect("factors:app")
        try:
            is_first = not enrollment.has_any(user)
            code = request.POST.get("code", "")[:40]
            enrollment.add_app(user=user, secret=secret, code=code, now=timezone.now())
        except VerificationError:
            problem = _("This code is wrong or has expired. Enter the code that the app shows now.")
        except enrollment.AppExistsError:
            return redirect("factors:index")
        else:
            del request.session[NEW_APP]
            return _added(request, user, is_first=is_first)
    else:
        secret = enrollment.new_app_secret()
        request.session[NEW_APP] = encrypt({"secret": secret})
    allauth = get_adapter()
    link = allauth.build_totp_url(user, secret)
    encoded = base64.b64encode(allauth.build_totp_svg(link).encode()).decode()
    context = {
        "title": _("Add an authenticator app"),
        "picture": f"data:image/svg+xml;base64,{encoded}",
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "problem": problem,
    }
    return page(request, "dashboard/login/factor_app.html", context, _status(problem))


@require_http_methods(FORM_METHODS)
@for_own_factors
def passkey(request: HttpRequest, user: User) -> HttpResponse:
    """Let the browser create a passkey, and store its public key."""
    problem, name = "", request.POST.get("name", "").strip()
    if request.method == "POST":
        try:
            is_first = not enrollment.has_any(user)
            answer = json.loads(request.POST.get("credential", ""))
            named = name or _("Passkey")
            enrollment.add_passkey(
                user=user,
                name=named,
                answer=answer,
                session=request.session,
                now=timezone.now(),
            )
        except (
            VerificationError,
            ValueError,
            RecursionError,
        ):  # RecursionError: deeply nested JSON
            problem = _("The passkey could not be created. Try again.")
        else:
            return _added(request, user, is_first=is_first)
    context = {
        "title": _("Add a passkey"),
        "problem": problem,
        "name": name,
        "options": passkeys.registration_options(user, request.session),
        "has_name": not _is_number(request),
    }
    return page(request, "dashboard/login/factor_passkey.html", context, _status(problem))


@require_POST
@for_own_factors
def codes(request: HttpRequest, user: User) -> HttpResponse:
    """Create new recovery codes and show them once."""
    if not enrollment.has_any(user):
        return redirect("factors:index")
    return _show_codes(request, user)


@require_http_methods(FORM_METHODS)
@for_own_factors
def remove(request: HttpRequest, user: User, factor_id: int) -> HttpResponse:
    factor = enrollment.factors_of(user).filter(pk=factor_id).first()
    if factor is None:
        raise Http404
    problem = ""
    if request.method == "POST":
        try:
            enrollment.remove(user=user, factor_id=factor_id, now=timezone.now())
        except enrollment.LastFactorError:
            problem = _(
                "This is your only second factor, and staff accounts need one. Add"
                " another before you remove it."
            )
        else:
            messages.success(request, _("The second factor was removed."))
            return redirect("factors:index")
    context = {"title": _("Remove"), "factor": factor, "problem": problem}
    return page(request, "dashboard/login/factor_drop.html", context, _status(problem))


def _added(request: HttpRequest, user: User, *, is_first: bool) -> HttpResponse:
    """Complete the sign-in with the new factor; after the first factor, show recovery codes."""
    middleware.complete(request, user, timezone.now())
    request.user = user
    if is_first:
        return _show_codes(request, user)
    messages.success(request, _("The second factor was added."))
    return redirect("factors:index")


def _show_codes(request: HttpRequest, user: User) -> HttpResponse:
    codes = enrollment.make_codes(user=user, now=timezone.now())
    text = "\n".join([_("Recovery codes for Fara. Each works once:"), *codes, ""])
    context: dict[str, Any] = {
        "title": _("Your recovery codes"),
        "codes": codes,
        "file": f"data:text/plain;charset=utf-8,{quote(text)}",
    }
    return page(request, "dashboard/login/factor_codes.html", context)


def _is_number(request: HttpRequest) -> bool:
    """Return whether the host is an IP address: passkeys need a domain name."""
    try:
        ip_address(request.get_host().rpartition(":")[0].strip("[]") or request.get_host())
    except ValueError:
        return False
    return True


def _status(problem: str) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
