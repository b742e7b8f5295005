"""What staff fill in about a proof; the paper is judged by its content."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminFileFieldWidget

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
    """One proof of one criterion, with its paper."""

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
