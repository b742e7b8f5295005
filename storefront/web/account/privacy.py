"""Privacy pages: download a copy of one's personal data, erase the account."""

from http import HTTPStatus

from django import forms
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.privacy import OpenOrderError
from storefront.accounts.models import User
from storefront.lib.security.rate_limit import is_rate_limited
from storefront.privacy import personal_data
from storefront.web.account.auth import for_customers
from storefront.web.account.credentials import CurrentPasswordForm
from storefront.web.core.visit import READS, delete_cart_cookie

COPIES_PER_HOUR = 5


class EraseForm(CurrentPasswordForm):
    """Form that asks for the password and a confirmation."""

    sure = forms.BooleanField(
        label=gettext_lazy("Yes, delete my account permanently"),
        error_messages={"required": gettext_lazy("Tick the box to confirm.")},
    )


@require_safe
@for_customers
def privacy(request: HttpRequest, _user: User) -> HttpResponse:
    return render(request, "web/account/privacy.html", {"problem": ""})


@require_POST
@for_customers
def export(request: HttpRequest, user: User) -> HttpResponse:
    """Return all personal data of the user as one JSON file."""
    if is_rate_limited(what="export", who=str(user.pk), per_hour=COPIES_PER_HOUR):
        message = _("Too many downloads. Wait an hour, then try again.")
        status = HTTPStatus.TOO_MANY_REQUESTS
        return render(request, "web/account/privacy.html", {"problem": message}, status=status)
    answer = JsonResponse(
        personal_data.export(user), json_dumps_params={"indent": 2, "ensure_ascii": False}
    )
    answer["Content-Disposition"] = 'attachment; filename="fara.json"'
    return answer


@require_http_methods(READS)
@for_customers
@sensitive_post_parameters()
def erase(request: HttpRequest, user: User) -> HttpResponse:
    """Erase the customer's account after confirmation, unless an order is still on its way."""
    posted = request.POST if request.method == "POST" else None
    form = EraseForm(posted, user=user, request=request)
    problem, status = "", HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                personal_data.erase(user_id=user.pk, now=timezone.now())
            except OpenOrderError:
                status = HTTPStatus.CONFLICT
                problem = _(
                    "One of your orders is still on its way, and its delivery needs your address."
                    " Delete the account after delivery, or cancel the order. Nothing was deleted."
                )
            else:
                logout(request)
                answer = redirect("account_erased")
                delete_cart_cookie(request, answer)
                return answer
    context = {"form": form, "problem": problem}
    return render(request, "web/account/erase.html", context, status=status)


@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    return render(request, "web/account/erased.html")
