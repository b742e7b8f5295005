"""Identity admin: edit who runs the shop, and its legal texts."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.identity.current import FIELDS, is_reserved
from storefront.identity.models import LegalText, ShopIdentity
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group


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
    groups = (
        Group(_("Shop"), ("name", "email", "phone")),
        Group(_("Company"), ("company", "address", "register_entry", "vat_id")),
    )
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
    groups = (Group(_("Legal text"), ("page", "language", "text")),)
    list_display: ClassVar = ["page", "language"]
    ordering: ClassVar = ["page", "language"]
