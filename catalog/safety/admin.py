"""Product document admin: upload documents of products, list those that expire."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import ProductDocument
from catalog.safety import documents
from catalog.safety.document_field import DocumentField
from catalog.search.index import drop_cached_pages
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin
from storefront.lib.staff.fieldsets import Group

FIELDS = ("product", "kind", "language", "issued_on", "valid_until", "is_public")


class ProductDocumentForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A document; a new file replaces the stored one."""

    document = DocumentField(help_text=_("PDF, PNG or JPEG, at most 10 MB."), required=False)

    class Meta:
        model = ProductDocument
        fields = FIELDS

    def clean_document(self) -> bytes | None:
        content: bytes | None = self.cleaned_data["document"]
        if content is None and not self.instance.file:
            raise forms.ValidationError(gettext("Choose a file."))
        return content


class ValidityFilter(admin.SimpleListFilter):
    """Documents by their last valid day."""

    title = _("Validity")
    parameter_name = "validity"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, Any]]:
        return [("expired", _("Expired")), ("valid", _("Valid"))]

    def queryset(
        self, _request: HttpRequest, queryset: "QuerySet[ProductDocument]"
    ) -> "QuerySet[ProductDocument]":
        expired = ProductDocument.objects.expired(timezone.localdate())
        if self.value() == "expired":
            return queryset.filter(pk__in=expired)
        return queryset.exclude(pk__in=expired) if self.value() == "valid" else queryset


@admin.display(description=_("File"))
def file_link(row: ProductDocument) -> str:
    page = reverse("admin:catalog_productdocument_file", args=[row.pk])
    return format_html('<a href="{}" download>{}</a>', page, gettext("Download"))


@admin.register(ProductDocument)
class ProductDocumentAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "Add declarations of conformity, test reports, safety data sheets and manuals of products."
    )
    form = add_form = ProductDocumentForm
    editable = (*FIELDS, "document")
    may_add = may_delete = True
    exclude = ("file",)
    autocomplete_fields: ClassVar = ["product"]
    readonly_fields: ClassVar = [file_link]
    groups = (
        Group(_("Document"), ("product", "kind", "language", "document"), columns=(file_link,)),
        Group(_("Validity"), ("issued_on", "valid_until", "is_public")),
    )
    list_display: ClassVar = [
        columns.text("kind", _("Document type")),
        columns.link("product", _("Product")),
        "language",
        "valid_until",
        "is_public",
        file_link,
    ]
    list_select_related: ClassVar = ["product"]
    list_filter: ClassVar = [ValidityFilter, "kind", "is_public"]
    search_fields: ClassVar = ["product__title"]
    ordering: ClassVar = ["valid_until", "-id"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download)
        own = path("<int:pk>/file/", view, name="catalog_productdocument_file")
        return [own, *super().get_urls()]

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.get_object(request, str(pk))
        if row is None or not self.has_view_permission(request, row):
            raise PermissionDenied("catalog.view_productdocument")
        try:
            return documents.download(row.file, stem=f"{row.kind}-{row.pk}")
        except FileNotFoundError as error:
            raise Http404(gettext("The document has no file.")) from error

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if content := form.cleaned_data["document"]:
            documents.delete_unused(obj.file)
            stored = documents.store(content)
            obj.file, obj.file_sha256 = stored.name, stored.sha256
            obj.added_by = str(request.user)
        super().save_model(request, obj, form, change)
        transaction.on_commit(drop_cached_pages)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        documents.delete_unused(obj.file)
        transaction.on_commit(drop_cached_pages)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[ProductDocument]") -> None:
        for row in queryset:
            self.delete_model(request, row)
