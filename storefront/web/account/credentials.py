"""Credential pages: change the e-mail address or password of a signed-in customer."""

from contextlib import suppress
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from notifications.deliverability import suppressions
from orders.cart import account_cart
from storefront.accounts import credentials, login_throttling
from storefront.accounts.email_verification import verified_addresses
from storefront.accounts.models import User
from storefront.lib.security.client_ip import client_network
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.web.account.auth import for_customers, form_page, posted
from storefront.web.account.forms import EMAIL, EMAIL_ERRORS, new_password_field
from storefront.web.core.visit import READS, customer_id

MAILS_PER_HOUR = 5
CURRENT_ERRORS = {"required": gettext_lazy("Enter your password.")}


class CurrentPasswordForm(forms.Form):
    """Form that requires the current password; attempts are throttled."""

    current = forms.CharField(
        label=gettext_lazy("Current password"), strip=False, error_messages=CURRENT_ERRORS
    )

    def __init__(self, *args: Any, user: User, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self._request = user, request

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        account, network = self.user.email, client_network(self._request)
        now = timezone.now()
        try:
            login_throttling.count_attempt(account=account, network=network, now=now)
        except login_throttling.TooManyAttemptsError as error:
            message = _("Too many attempts. Wait 15 minutes, then try again.")
            raise ValidationError(message) from error
        if not self.user.check_password(current):
            raise ValidationError(_("Wrong password."))
        login_throttling.record_success(account=account, network=network, now=now)
        return current


class NewEmailForm(CurrentPasswordForm):
    """Form for a new e-mail address."""

    email = forms.EmailField(label=EMAIL, max_length=254, error_messages=EMAIL_ERRORS)
    field_order = ("email", "current")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if email == self.user.email and suppressions.find_unreachable(email) is None:
            raise ValidationError(_("This is already your e-mail address."))
        return email


class ChangePasswordForm(CurrentPasswordForm):
    """Form for a new password."""

    password = new_password_field()

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password


@require_http_methods(READS)
@for_customers
@sensitive_post_parameters()
def email(request: HttpRequest, user: User) -> HttpResponse:
    """Mail a confirmation link to a new address; the old one stays until it is confirmed."""
    form = NewEmailForm(posted(request), user=user, request=request)
    problem = ""
    if request.method == "POST" and form.is_valid():
        new_email = form.cleaned_data["email"]
        # Limits mails per sender and per recipient.
        limits = [("new-address", str(user.pk)), ("account-mail", new_email)]
        if not any(
            is_rate_limited(what=action, who=key, per_hour=MAILS_PER_HOUR) for action, key in limits
        ):
            credentials.request_email_change(user=user, email=new_email, now=timezone.now())
            return redirect("account_email_sent")
        problem = _("Too many e-mails. Wait an hour, then try again.")
    unreachable = suppressions.find_unreachable(user.email)
    return form_page(
        request, "web/account/email.html", form, problem=problem, user=user, unreachable=unreachable
    )


@require_safe
@for_customers
def email_sent(request: HttpRequest, _user: User) -> HttpResponse:
    return render(request, "web/account/email_sent.html")


@never_cache
@require_http_methods(READS)
def confirm_email_change(request: HttpRequest, key: str) -> HttpResponse:
    """Confirm an e-mail change by a click, so that link scanners change nothing."""
    now, problem = timezone.now(), ""
    session_user_id = customer_id(request)  # read before the change, which ends this session
    change = credentials.find_change(key=key, now=now)
    if change is not None and request.method == "POST":
        try:
            user = _confirm(key)
        except credentials.EmailTakenError:
            problem = _("Another account already uses this address. Nothing has changed.")
        except credentials.StaleLinkError:
            change = None
        else:
            if session_user_id != user.pk:
                return redirect(reverse("account_login", query={"proven": 1}))
            update_session_auth_hash(request, user)
            return redirect(reverse("account_profile", query={"kept": 1}))
    status = HTTPStatus.OK if change else HTTPStatus.NOT_FOUND
    status = HTTPStatus.CONFLICT if problem else status
    context = {"change": change, "problem": problem}
    return render(request, "web/account/confirm_email_change.html", context, status=status)


@never_cache
@require_http_methods(READS)
def stop_email_change(request: HttpRequest, token: str) -> HttpResponse:
    """Stop an e-mail change by the link sent to the old address, without sign-in, by a click."""
    if request.method == "POST":
        # The page shows whether the change was stopped in time.
        with suppress(credentials.StaleLinkError):
            credentials.stop_email_change(token=token, now=timezone.now())
        return redirect("account_email_stop", token=token)
    change = credentials.find_stoppable(token=token)
    status = HTTPStatus.OK if change else HTTPStatus.NOT_FOUND
    return render(request, "web/account/email_stop.html", {"change": change}, status=status)


@require_http_methods(READS)
@for_customers
@sensitive_post_parameters()
def password(request: HttpRequest, user: User) -> HttpResponse:
    """Set a new password; other sessions end."""
    form = ChangePasswordForm(posted(request), user=user, request=request)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic(durable=True):
            new_password = form.cleaned_data["password"]
            credentials.set_password(user=user, password=new_password, now=timezone.now())
        update_session_auth_hash(request, user)
        return redirect(reverse("account_profile", query={"kept": 1}))
    return form_page(request, "web/account/change_password.html", form)


@transaction.atomic(durable=True)
def _confirm(key: str) -> User:
    """Complete an e-mail change; orders found by the old address stay with the account.

    Locks: the account.

    Raises: credentials.StaleLinkError, credentials.EmailTakenError.
    """
    now = timezone.now()
    change = credentials.find_change(key=key, now=now)
    if change is None:
        raise credentials.StaleLinkError
    before = verified_addresses(change.user)
    user = credentials.confirm_email_change(key=key, now=now)
    account_cart.claim_guest_orders(owner_id=user.pk, addresses=before)
    return user
