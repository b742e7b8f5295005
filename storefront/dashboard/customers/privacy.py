"""Personal data of a customer: download it, erase the customer after confirmation."""

from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from orders.privacy import OpenOrderError
from storefront.accounts.models import User
from storefront.dashboard import staff_page
from storefront.dashboard.customers import people
from storefront.dashboard.customers.page import ERASE, EXPORT, for_customer
from storefront.dashboard.customers.people import Customer
from storefront.lib.staff.form_fields import use_staff_widgets
from storefront.privacy import personal_data


class EraseForm(forms.Form):
    """Form that asks for the e-mail address, so that the wrong customer is not erased."""

    email = forms.CharField(
        label=gettext_lazy("E-mail address of the customer"),
        help_text=gettext_lazy("Enter it to confirm."),
        max_length=254,
    )

    def __init__(self, data: object, *, customer: Customer) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict or None
        self._email = customer.email

    def clean_email(self) -> str:
        typed: str = self.cleaned_data["email"].strip().lower()
        if typed != self._email:
            raise forms.ValidationError(_("This is not the address of this customer."))
        return typed


@require_POST
@for_customer(EXPORT)
def export(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Send all personal data of the customer as one JSON file."""
    by = _staff(request)
    if customer.user:
        found = personal_data.export(customer.user, by=by)
    else:
        found = personal_data.export_guest(customer.email, subject=customer.key, by=by)
    answer = JsonResponse(found, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{customer.key}.json"'
    return answer


@require_http_methods(staff_page.FORM_METHODS)
@for_customer(ERASE)
def erase(request: HttpRequest, customer: Customer) -> HttpResponse:
    """Ask for the address, then erase the customer, unless an order or return is open."""
    form = EraseForm(request.POST if request.method == "POST" else None, customer=customer)
    use_staff_widgets(form)
    if form.is_valid():
        by, now = _staff(request), timezone.now()
        try:
            if customer.user:
                personal_data.erase(user_id=customer.user.pk, now=now, by=by)
            else:
                personal_data.erase_guest(customer.email, subject=customer.key, by=by, now=now)
        except OpenOrderError:
            problem = _(
                "An order, return or problem report of this customer is still open and needs the"
                " address. Nothing was erased. Close it, then erase the customer."
            )
            form.add_error(None, problem)
        else:
            messages.success(request, _("The customer is erased."))
            return HttpResponseRedirect(reverse("supply:customers"))
    explain = _(
        "Name, addresses, phone, messages and notes are deleted, and the account with its sessions."
        " Orders, amounts and invoices stay. This cannot be undone. Verify first that the request"
        " comes from the customer, and download the data if they want a copy."
    )
    page = staff_page.render(
        request,
        "staff/confirm_action.html",
        title=_("Erase customer"),
        explain=explain,
        form=form,
        original=customer.email,
        back=people.url_of(customer),
    )
    if form.errors:
        page.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    return page


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the admin requires sign-in
    return request.user
