"""Compliance document form: validate a document with its file, group the fields."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.safety.document_field import DocumentField
from storefront.lib.staff.fieldsets import Group
from suppliers.compliance.vetting import DocumentSubmission
from suppliers.models import ComplianceDocument

SUBMITTED_FIELDS = (
    "criterion",
    "kind",
    "brand",
    "product",
    "issuer",
    "reference",
    "valid_from",
    "valid_until",
    "note",
)


class ComplianceDocumentForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    document = DocumentField(
        help_text=_("PDF, PNG or JPEG, at most 10 MB. Optional."), required=False
    )

    class Meta:
        model = ComplianceDocument
        fields = ("supplier", *SUBMITTED_FIELDS)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        begins, ends = values.get("valid_from"), values.get("valid_until")
        if begins and ends and begins > ends:
            self.add_error("valid_until", gettext("The document expires before it is issued."))
        if values.get("kind") == ComplianceDocument.Kind.CERTIFICATE and not ends:
            self.add_error("valid_until", gettext("A certificate needs a last valid day."))
        return values

    def claim(self) -> DocumentSubmission:
        values: dict[str, Any] = {name: self.cleaned_data[name] for name in SUBMITTED_FIELDS}
        return DocumentSubmission(**values, content=self.cleaned_data["document"])


DOCUMENT_GROUPS = (
    Group(_("Scope"), ("supplier", "criterion", "kind", "brand", "product")),
    Group(_("Document"), ("issuer", "reference", "valid_from", "valid_until", "document", "note")),
)
