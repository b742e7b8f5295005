"""Guarantee admin: record the producer's guarantee of a product, and which user saw the evidence."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from catalog.listings.publication import lock_product, republish
from catalog.models import DurabilityGuarantee
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.language_fields import LanguageTextsField

TERMS = ("model", "months", "guarantor", "guarantor_address", "territory", "claim", "terms_url")


class GuaranteeForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    territory = LanguageTextsField(max_length=120)
    claim = LanguageTextsField(is_long=True, max_length=400)

    class Meta:
        model = DurabilityGuarantee
        fields = ("product", *TERMS, "evidence")

    def clean_territory(self) -> dict[str, str]:
        return self._in_all_languages("territory")

    def clean_claim(self) -> dict[str, str]:
        return self._in_all_languages("claim")

    def _in_all_languages(self, name: str) -> dict[str, str]:
        """Return the texts. Customers must be able to read the terms: no language may be empty."""
        texts: dict[str, str] = self.cleaned_data[name]
        if not dict(settings.LANGUAGES).keys() <= texts.keys():
            raise forms.ValidationError(gettext("Enter the text in each language."))
        return texts


@admin.display(description=_("Territory of validity"))
def territory(row: DurabilityGuarantee) -> str:
    return row.territory_in(get_language() or "en")


@admin.register(DurabilityGuarantee)
class DurabilityGuaranteeAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "No producer's guarantee is recorded. Products show the legal guarantee only."
    )
    form = add_form = GuaranteeForm
    editable = ("product", *TERMS, "evidence")
    may_add = may_delete = True
    readonly_fields: ClassVar = ["confirmed_by"]
    autocomplete_fields: ClassVar = ["product"]
    groups = (
        Group(_("Guarantee"), ("product", *TERMS)),
        Group(_("Evidence"), ("evidence", "confirmed_by", "confirmed_at")),
    )
    list_display: ClassVar = [
        columns.link("product", _("Product")),
        "months",
        "guarantor",
        territory,
        "confirmed_by",
        columns.age("confirmed_at", _("Confirmed")),
    ]
    list_select_related: ClassVar = ["product"]
    search_fields: ClassVar = ["product__title", "guarantor"]
    ordering: ClassVar = ["-id"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.confirmed_by = str(request.user)
        products = sorted({obj.product_id, form.initial.get("product") or obj.product_id})
        with transaction.atomic():
            for product_id in products:
                lock_product(product_id)
            super().save_model(request, obj, form, change)
            for product_id in products:
                republish(product_id, now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            lock_product(obj.product_id)
            super().delete_model(request, obj)
            republish(obj.product_id, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self.delete_model(request, row)
