"""Password reset: send a link by e-mail, set a new password."""

from http import HTTPStatus

from allauth.account.forms import UserTokenForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from storefront.accounts import credentials, email_verification, login_throttling
from storefront.accounts.models import User
from storefront.web.account.auth import form_page, posted, too_many
from storefront.web.account.forms import NewPasswordForm, PasswordResetForm
from storefront.web.core.visit import READS


@never_cache
@require_http_methods(READS)
def request_reset(request: HttpRequest) -> HttpResponse:
    """Mail a reset link if the account exists; the answer is the same if not."""
    form, problem = PasswordResetForm(posted(request)), ""
    if request.method == "POST":
        problem = too_many(request, "password")
        if not problem and form.is_valid():
            form.save(request)
            return redirect("account_reset_password_done")
    return form_page(request, "web/account/password_reset.html", form, problem=problem)


@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "web/account/sent.html", {"is_password": True})


@never_cache
@require_http_methods(READS)
@sensitive_post_parameters()
def set_new_password(request: HttpRequest, uidb36: str, key: str) -> HttpResponse:
    """Set a new password; opening the mail also verifies the address."""
    token = UserTokenForm({"uidb36": uidb36, "key": key})
    user: User | None = token.reset_user if token.is_valid() else None
    if user is None or user.is_staff or not user.is_active:
        context = {"form": None}
        return render(request, "web/account/password.html", context, status=HTTPStatus.NOT_FOUND)
    form = NewPasswordForm(posted(request), user=user)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            new_password = form.cleaned_data["password"]
            credentials.set_password(user=user, password=new_password, now=timezone.now())
            email_verification.verify(user=user, now=timezone.now())
            login_throttling.reset_failures(user.email)
        return redirect(reverse("account_login", query={"changed": 1}))
    return form_page(request, "web/account/password.html", form)
