"""Identity admin: edit who runs the shop, and its legal texts."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.identity.column_labels import COLUMNS, TABLES
from storefront.identity.current import FIELDS, is_reserved
from storefront.identity.models import LegalText, ShopIdentity
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Field, Group

IDENTITY = (
    Group(
        _("Shop"),
        {
            "name": Field(_("Shop name"), _("Shown on every page and as the sender of e-mails.")),
            "email": Field(
                _("Contact e-mail"), _("Customers write to this address; your staff read it.")
            ),
            "phone": Field(_("Phone"), _("With the country code, such as +372 555 0100.")),
        },
    ),
    Group(
        _("Company"),
        {
            "company": Field(_("Company"), _("The legal name with its legal form.")),
            "address": Field(_("Address"), _("Street, postcode, city, country: one line each.")),
            "register_entry": Field(
                _("Commercial register"), _("Court and number. Leave empty if there is none.")
            ),
            "vat_id": Field(_("VAT ID"), _("With the country code. Leave empty if there is none.")),
        },
    ),
)
TEXT = (
    Group(
        _("Legal text"),
        {
            "page": Field(_("Page"), _("This text replaces the built-in one.")),
            "language": Field(
                _("Language"), _("If a language has no text, the page shows another language.")
            ),
            "text": Field(
                _("Text"),
                _("An empty line starts a paragraph. A line that begins with # is a heading."),
            ),
        },
    ),
)


class ShopIdentityForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    class Meta:
        model = ShopIdentity
        fields = FIELDS

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if settings.IS_PRODUCTION and is_reserved(email):
            raise forms.ValidationError(
                gettext(
                    "E-mails cannot be delivered to this address. Enter an address that your"
                    " staff read."
                )
            )
        return email


@admin.register(ShopIdentity)
class ShopIdentityAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "Add your shop's details. Without them the shop stays closed in production."
    )
    form = ShopIdentityForm
    editable = FIELDS
    may_add = True
    groups = IDENTITY
    list_display: ClassVar = ["name", "company", "email", "phone"]
    ordering: ClassVar = ["pk"]

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Redirect to the identity if it exists: there is only one."""
        if row := ShopIdentity.objects.first():
            return redirect(self.page_of(row))
        added: HttpResponse = super().add_view(request, *args, **kwargs)
        return added

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.pk = 1
        super().save_model(request, obj, form, change)


@admin.register(LegalText)
class LegalTextAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "Add a text. Until then the page shows the built-in one. Have a lawyer check both."
    )
    editable = ("page", "language", "text")
    may_add = may_delete = True
    groups = TEXT
    list_display: ClassVar = ["page", "language"]
    ordering: ClassVar = ["page", "language"]


columns.set_labels("identity", tables=TABLES, columns=COLUMNS)
