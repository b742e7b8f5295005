"""Customer accounts: sign up, verify the e-mail address, sign in, sign out."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.account.models import EmailConfirmationHMAC
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.account.utils import complete_signup
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.cart import account_cart, carts
from storefront.accounts import email_verification
from storefront.accounts.models import User
from storefront.lib.security.client_ip import client_network
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.web.account.forms import CustomerSignInForm, NewPasswordForm, SignUpForm
from storefront.web.core.visit import (
    READS,
    cart_token,
    customer_id,
    delete_cart_cookie,
    set_cart_cookie,
    visit,
)

FORMS_PER_HOUR = 40  # per network, which many people may share


def for_customers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Pass a view the signed-in customer; redirect others to the sign-in page."""

    @never_cache
    @wraps(view)
    def view_for_customer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and not user.is_staff:
            return view(request, user, *args, **kwargs)
        return redirect(reverse("account_login", query={"next": request.path}))

    return view_for_customer


@never_cache
@require_http_methods(READS)
@sensitive_post_parameters()
def sign_in(request: HttpRequest) -> HttpResponse:
    if customer_id(request):
        return redirect(_next_url(request))
    form = CustomerSignInForm(posted(request), request=request)
    if request.method == "POST" and form.is_valid():
        try:
            answer: HttpResponse = form.login(request, redirect_url=_next_url(request))
        except ImmediateHttpResponse as refused:
            return refused.response  # type: ignore[no-any-return]
        _merge_cart(request, answer)
        return answer
    context: dict[str, Any] = {name: name in request.GET for name in ("proven", "changed")}
    next_url = _next_url(request)
    return form_page(request, "web/account/sign_in.html", form, next=next_url, **context)


@never_cache
@require_http_methods(READS)
@sensitive_post_parameters()
def sign_up(request: HttpRequest) -> HttpResponse:
    """Create an inactive account; a known address gets the same answer."""
    if customer_id(request):
        return redirect("account")
    form = SignUpForm(posted(request))
    if request.method == "POST":
        if problem := too_many(request, "sign-up"):
            return form_page(request, "web/account/sign_up.html", form, problem=problem)
        if form.is_valid():
            user, answer = form.try_save(request)
            if user is None:
                return answer  # type: ignore[no-any-return]
            return complete_signup(  # type: ignore[no-any-return]
                request, user, settings.ACCOUNT_EMAIL_VERIFICATION, reverse("account")
            )
    return form_page(request, "web/account/sign_up.html", form)


@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    return render(request, "web/account/sent.html", {"is_password": False})


@never_cache
@require_http_methods(READS)
@sensitive_post_parameters()
def confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Verify an address: by a click in the browser that signed up, else by a new password.

    The new password replaces one that another person may have chosen for this address. The click
    keeps programs that follow links in e-mails from verifying it.
    """
    confirmation = EmailConfirmationHMAC.from_key(key)
    user: User | None = confirmation.email_address.user if confirmation else None
    if confirmation is None or user is None or user.is_staff or not user.is_active:
        empty = {"confirmation": None, "form": None}
        return render(request, "web/account/confirm.html", empty, status=HTTPStatus.NOT_FOUND)
    form = None
    if not _signed_up_here(request, user):
        form = NewPasswordForm(posted(request), user=user)
    if request.method == "POST":
        is_done = False
        if form is None:
            is_done = confirmation.confirm(request) is not None
            if is_done:
                email_verification.record_opened(address=user.email, now=timezone.now())
        elif form.is_valid():
            email_verification.verify_and_set_password(
                user=user, password=form.cleaned_data["password"], now=timezone.now()
            )
            is_done = True
        if is_done:
            return redirect(reverse("account_login", query={"proven": 1}))
    return form_page(request, "web/account/confirm.html", form, confirmation=confirmation)


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out and delete the cart cookie; the account keeps its cart."""
    logout(request)
    response = redirect("home")
    delete_cart_cookie(request, response)
    return response


def too_many(request: HttpRequest, what: str) -> str:
    """Return an error if one network submitted a form too often, else ""."""
    if is_rate_limited(what=what, who=client_network(request), per_hour=FORMS_PER_HOUR):
        return _("Too many attempts. Wait an hour, then try again.")
    return ""


def posted(request: HttpRequest) -> QueryDict | None:
    """Return the values of a submitted form, None on the first visit."""
    return request.POST if request.method == "POST" else None


def form_page(
    request: HttpRequest, template: str, form: Any, *, problem: str = "", **context: Any
) -> HttpResponse:
    """Render a form: 422 if it has errors, 429 if a limit was reached."""
    status = HTTPStatus.OK
    if problem:
        status = HTTPStatus.TOO_MANY_REQUESTS
    elif form and form.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, template, {"form": form, "problem": problem, **context}, status=status)


def _signed_up_here(request: HttpRequest, user: User) -> bool:
    """Return whether this browser entered the password of an account that is not verified yet."""
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    return stage is not None and stage.login.user == user


def _merge_cart(request: HttpRequest, answer: HttpResponse) -> None:
    """After sign-in, merge the browser's cart into the account's, and set the cart cookie."""
    if (owner_id := customer_id(request)) is None:
        return
    now = timezone.now()
    cart = account_cart.merge_guest_cart(
        owner_id=owner_id, channel=visit(request).channel, token=cart_token(request), now=now
    )
    if cart is None:
        delete_cart_cookie(request, answer)
    else:
        set_cart_cookie(answer, cart, carts.view_cart(cart=cart, now=now).count)


def _next_url(request: HttpRequest) -> str:
    """Return the target after sign-in; never outside the shop."""
    next_url = request.POST.get("next", "") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        next_url, allowed_hosts=None, require_https=request.is_secure()
    )
    return next_url if next_url.startswith("/") and is_ours else reverse("account")
