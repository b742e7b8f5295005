"""Compliance document form: validate a document with its file, name the fields.

The content of the file decides, not its name.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from storefront.lib.staff.fieldsets import Field, Group
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
    """A document for one criterion, with its file."""

    paper = forms.FileField(
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )

    class Meta:
        model = ComplianceDocument
        fields = ("supplier", *SUBMITTED_FIELDS)

    def clean_paper(self) -> bytes | None:
        given: UploadedFile[bytes] | None = self.cleaned_data["paper"]
        if given is None:
            return None
        if (given.size or 0) > documents.MAX_BYTES:
            raise forms.ValidationError(gettext("At most 10 MB."), code="too_large")
        content: bytes = given.read()
        try:
            documents.validate(content)
        except documents.InvalidDocumentError as error:
            raise forms.ValidationError(str(error), code="bad_paper") from error
        return content

    def claim(self) -> DocumentSubmission:
        given: dict[str, Any] = {name: self.cleaned_data[name] for name in SUBMITTED_FIELDS}
        return DocumentSubmission(**given, content=self.cleaned_data["paper"])


# Form fields

DOCUMENT_GROUPS = (
    Group(
        _("Scope"),
        {
            "supplier": Field(_("Supplier"), _("The supplier that the document is about.")),
            "criterion": Field(
                _("Requirement"),
                _("Offers with this requirement are on sale while the document is valid."),
            ),
            "kind": Field(_("Document type"), _("A certificate needs a last valid day.")),
            "brand": Field(
                _("Only for this brand"),
                _("ID of the brand. Empty = all brands."),
            ),
            "product": Field(
                _("Only for this product"),
                _(
                    "ID of the product; do not enter a brand as well. Empty = all products"
                    " of the supplier."
                ),
            ),
        },
    ),
    Group(
        _("Document"),
        {
            "issuer": Field(_("Issuer"), _("Laboratory or authority. Optional.")),
            "reference": Field(_("Document number"), _("As printed on the document. Optional.")),
            "valid_from": Field(
                _("Valid from"), _("As stated in the document. Empty = already valid.")
            ),
            "valid_until": Field(
                _("Valid until"), _("As stated in the document. Empty = no expiry.")
            ),
            "paper": Field(_("File"), _("PDF, PNG or JPEG, at most 10 MB. Optional.")),
            "note": Field(_("Note"), _("For colleagues only; customers do not see it. Optional.")),
        },
    ),
)
