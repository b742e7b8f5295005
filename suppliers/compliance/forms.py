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
from suppliers.compliance.vetting import Claim
from suppliers.models import Evidence

CLAIMED = (
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


class EvidenceForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A document for one criterion, with its file."""

    paper = forms.FileField(
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".pdf,.png,.jpg,.jpeg"}),
    )

    class Meta:
        model = Evidence
        fields = ("supplier", *CLAIMED)

    def clean_paper(self) -> bytes | None:
        given: UploadedFile[bytes] | None = self.cleaned_data["paper"]
        if given is None:
            return None
        if (given.size or 0) > documents.MAX_BYTES:
            raise forms.ValidationError(gettext("10 MB at most."), code="too_large")
        content: bytes = given.read()
        try:
            documents.checked(content)
        except documents.BadPaperError as error:
            raise forms.ValidationError(str(error), code="bad_paper") from error
        return content

    def claim(self) -> Claim:
        given: dict[str, Any] = {name: self.cleaned_data[name] for name in CLAIMED}
        return Claim(**given, content=self.cleaned_data["paper"])


# Form fields

EVIDENCE = (
    Group(
        _("What is proven"),
        {
            "supplier": Field(_("Supplier"), _("Who is to be proven worth buying from.")),
            "criterion": Field(
                _("What it proves"), _("Offers that need this proof are on sale while it is valid.")
            ),
            "kind": Field(_("Kind of proof"), _("A certificate needs the day on which it ends.")),
            "brand": Field(
                _("Only for this brand"),
                _("The number of the brand. Empty: it is not limited to a brand."),
            ),
            "product": Field(
                _("Only for this product"),
                _("The number of the product, not with a brand as well. Empty: for all his goods."),
            ),
        },
    ),
    Group(
        _("The paper"),
        {
            "issuer": Field(
                _("Who issued it"), _("The laboratory or authority. Empty: nobody is named.")
            ),
            "reference": Field(_("Its number"), _("As printed on the paper. Empty: it has none.")),
            "valid_from": Field(
                _("First day on which it counts"), _("As the paper says. Empty: it counts already.")
            ),
            "valid_until": Field(
                _("Last day on which it counts"), _("As the paper says. Empty: it does not end.")
            ),
            "paper": Field(
                _("Paper"), _("PDF, PNG or JPEG, 10 MB at most. Empty: there is no paper.")
            ),
            "note": Field(_("Note"), _("For colleagues; no shopper reads it. Empty: none.")),
        },
    ),
)
