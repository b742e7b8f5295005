"""Guarantee admin: record the producer's guarantee of a product, and which user saw the evidence."""

from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from catalog.listings.publication import lock_product, republish
from catalog.models import DurabilityGuarantee
from catalog.safety import documents
from catalog.safety.document_field import DocumentField
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.language_fields import LanguageTextsField

TERMS = ("model", "months", "guarantor", "guarantor_address", "territory", "claim", "terms_url")


class GuaranteeForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    territory = LanguageTextsField(max_length=120)
    claim = LanguageTextsField(is_long=True, max_length=400)
    document = DocumentField(
        label=_("Copy of the evidence"),
        help_text=_("PDF, PNG or JPEG, at most 10 MB. Customers do not see it."),
        required=False,
    )

    class Meta:
        model = DurabilityGuarantee
        fields = ("product", *TERMS, "evidence")

    def clean_document(self) -> bytes | None:
        content: bytes | None = self.cleaned_data["document"]
        if content is None and not self.instance.evidence_file:
            raise forms.ValidationError(gettext("Choose a file."))
        return content

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


@admin.display(description=_("Copy of the evidence"))
def evidence_link(row: DurabilityGuarantee) -> str:
    if not row.pk:
        return ""
    page = reverse("admin:catalog_durabilityguarantee_file", args=[row.pk])
    return format_html('<a href="{}" download>{}</a>', page, gettext("Download"))


@admin.register(DurabilityGuarantee)
class DurabilityGuaranteeAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "No producer's guarantee is recorded. Products show the legal guarantee only."
    )
    form = add_form = GuaranteeForm
    editable = ("product", *TERMS, "evidence", "document")
    exclude = ("evidence_file", "evidence_sha256")
    may_add = may_delete = True
    readonly_fields: ClassVar = ["confirmed_by", evidence_link]
    autocomplete_fields: ClassVar = ["product"]
    groups = (
        Group(_("Guarantee"), ("product", *TERMS)),
        Group(
            _("Evidence"),
            ("evidence", "document", "confirmed_by", "confirmed_at"),
            columns=(evidence_link,),
        ),
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

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download)
        own = path("<int:pk>/file/", view, name="catalog_durabilityguarantee_file")
        return [own, *super().get_urls()]

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.get_object(request, str(pk))
        if row is None or not self.has_view_permission(request, row):
            raise PermissionDenied("catalog.view_durabilityguarantee")
        try:
            return documents.download(row.evidence_file, stem=f"guarantee-{row.pk}")
        except FileNotFoundError as error:
            raise Http404(gettext("The document has no file.")) from error

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.confirmed_by = str(request.user)
        if content := form.cleaned_data["document"]:
            stored = documents.store(content)
            obj.evidence_file, obj.evidence_sha256 = stored.name, stored.sha256
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
