"""Guarantee admin: record the guarantee of a product, and which user saw the evidence when."""

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
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import ProductGuarantee
from catalog.models.guarantees import MAX_TEXTS
from catalog.safety import documents, guarantees
from catalog.safety.document_field import DocumentField
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting
from storefront.lib.staff.fieldsets import Group
from storefront.lib.staff.language_fields import LanguageTextsField

TERMS = ("kind", "model", "months", "guarantor", "guarantor_address", "territory", "claim")
EVIDENCE = ("evidence", "seen_on")


class GuaranteeForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    territory = LanguageTextsField(max_length=MAX_TEXTS["territory"])
    claim = LanguageTextsField(is_long=True, max_length=MAX_TEXTS["claim"])
    terms = DocumentField(
        label=_("Terms of the guarantee"),
        help_text=_("PDF, PNG or JPEG, at most 10 MB. Customers can download them."),
        required=False,
    )
    document = DocumentField(
        label=_("Copy of the evidence"),
        help_text=_("PDF, PNG or JPEG, at most 10 MB. Customers do not see it."),
        required=False,
    )

    class Meta:
        model = ProductGuarantee
        fields = ("product", *TERMS, *EVIDENCE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A merge may move a guarantee while the page is open: a saved page must not move it back.
        self.fields["product"].disabled = self.instance.pk is not None

    def clean_terms(self) -> bytes | None:
        return self._required_once("terms", self.instance.terms_file)

    def clean_document(self) -> bytes | None:
        return self._required_once("document", self.instance.evidence_file)

    def _required_once(self, name: str, stored: str) -> bytes | None:
        content: bytes | None = self.cleaned_data[name]
        if content is None and not stored:
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


@admin.display(description=_("Copy of the evidence"))
def evidence_link(row: ProductGuarantee) -> str:
    return _link(row, "evidence")


@admin.display(description=_("Terms of the guarantee"))
def terms_link(row: ProductGuarantee) -> str:
    return _link(row, "terms")


def _link(row: ProductGuarantee, name: str) -> str:
    if not row.pk:
        return ""
    page = reverse(f"admin:catalog_productguarantee_{name}", args=[row.pk])
    return format_html('<a href="{}" download>{}</a>', page, gettext("Download"))


@admin.register(ProductGuarantee)
class ProductGuaranteeAdmin(StaffAdmin):
    empty_text: ClassVar = _("No guarantee is recorded. Products show the legal guarantee only.")
    form = add_form = GuaranteeForm
    editable = ("product", *TERMS, "terms", *EVIDENCE, "document")
    exclude = ("terms_file", "terms_sha256", "evidence_file", "evidence_sha256")
    may_add = may_delete = True
    readonly_fields: ClassVar = ["confirmed_by", terms_link, evidence_link]
    autocomplete_fields: ClassVar = ["product"]
    groups = (
        Group(_("Guarantee"), ("product", *TERMS, "terms"), columns=(terms_link,)),
        Group(
            _("Evidence"),
            (*EVIDENCE, "document", "confirmed_by", "confirmed_at"),
            columns=(evidence_link,),
        ),
    )
    list_display: ClassVar = [
        columns.link("product", _("Product")),
        columns.text("kind", _("Guarantor")),
        "months",
        "guarantor",
        "seen_on",
        "confirmed_by",
    ]
    list_select_related: ClassVar = ["product"]
    list_filter: ClassVar = ["kind"]
    search_fields: ClassVar = ["product__title", "guarantor"]
    ordering: ClassVar = ["-id"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download)
        own = [
            path(
                f"<int:pk>/{name}/",
                view,
                {"name": name},
                name=f"catalog_productguarantee_{name}",
            )
            for name in ("terms", "evidence")
        ]
        return [*own, *super().get_urls()]

    def download(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        row = self.get_object(request, str(pk))
        if row is None or not self.has_view_permission(request, row):
            raise PermissionDenied("catalog.view_productguarantee")
        file = row.terms_file if name == "terms" else row.evidence_file
        try:
            return documents.download(file, stem=f"guarantee-{row.pk}-{name}")
        except FileNotFoundError as error:
            raise Http404(gettext("The document has no file.")) from error

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        cleaned = form.cleaned_data
        with transaction.atomic():
            guarantees.record_guarantee(
                obj, evidence=cleaned["document"], terms=cleaned["terms"], **acting(request)
            )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            guarantees.withdraw_guarantee(obj, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset.order_by("product"):
            self.delete_model(request, row)
