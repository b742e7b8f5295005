"""Compliance document form: validate a document with its file, group the fields.

The file type is determined by the content, not by the name.
"""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from storefront.lib.staff.fieldsets import Group
from suppliers.compliance import documents
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
    document = forms.FileField(
        label=_("File"),
        help_text=_("PDF, PNG or JPEG, at most 10 MB. Optional."),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )

    class Meta:
        model = ComplianceDocument
        fields = ("supplier", *SUBMITTED_FIELDS)

    def clean_document(self) -> bytes | None:
        uploaded: UploadedFile[bytes] | None = self.cleaned_data["document"]
        if uploaded is None:
            return None
        if (uploaded.size or 0) > documents.MAX_BYTES:
            raise forms.ValidationError(gettext("At most 10 MB."), code="too_large")
        content: bytes = uploaded.read()
        try:
            documents.validate(content)
        except documents.InvalidDocumentError as error:
            raise forms.ValidationError(str(error), code="bad_document") from error
        return content

    def claim(self) -> DocumentSubmission:
        values: dict[str, Any] = {name: self.cleaned_data[name] for name in SUBMITTED_FIELDS}
        return DocumentSubmission(**values, content=self.cleaned_data["document"])


DOCUMENT_GROUPS = (
    Group(_("Scope"), ("supplier", "criterion", "kind", "brand", "product")),
    Group(_("Document"), ("issuer", "reference", "valid_from", "valid_until", "document", "note")),
)
