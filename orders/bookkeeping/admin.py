"""Booking accounts admin: set the accounts that the bookkeeping export books to."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.models import BookingAccounts
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.form_fields import CurrencyField

PERSONAL = ("receivables", "payables")
GENERAL = ("revenue", "untaxed_revenue", "tax", "payments", "bank", "goods", "freight")
OTHERS = ("currency", "consultant", "client", "year_starts_in")


class BookingAccountsForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """The currency is selected by its name; lengths of accounts fit each other."""

    currency = CurrencyField()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        length = len(values.get("revenue", ""))
        for names, expected, problem in (
            (GENERAL, length, gettext("Use as many digits as for revenue with tax: %(count)d.")),
            (PERSONAL, length + 1, gettext("Use one digit more than for revenue: %(count)d.")),
        ):
            for name in names:
                if length and name in values and len(values[name]) != expected:
                    self.add_error(name, problem % {"count": expected})
        return values


@admin.register(BookingAccounts)
class BookingAccountsAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "The export uses the usual accounts of SKR03. Add yours to change them."
    )
    form = BookingAccountsForm
    may_add = may_delete = True
    editable = (*PERSONAL, *GENERAL, *OTHERS)
    groups = (
        Group(_("Customers and suppliers"), PERSONAL),
        Group(_("Accounts"), GENERAL),
        Group(_("Books"), OTHERS),
    )
    list_display: ClassVar = [*PERSONAL, *GENERAL, "currency"]
    ordering: ClassVar = ["pk"]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Redirect to the accounts if they exist: there is one set."""
        if row := BookingAccounts.objects.first():
            return redirect(self.page_of(row))
        added: HttpResponse = super().add_view(request, *args, **kwargs)
        return added

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.pk = 1
        super().save_model(request, obj, form, change)
