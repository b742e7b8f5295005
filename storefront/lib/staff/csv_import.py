"""CSV import form: read an uploaded list, carry its text through a preview, explain errors."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from storefront.lib.staff.csv_table import MAX_CHARS, CsvError, decode

# Error code -> message
ERROR_MESSAGES = {
    "too_long": _("The file is larger than 500 kB. Split it and upload the parts."),
    "no_table": _("This file is not a CSV table: %s."),
    "too_many": _("The file has more than %s rows. Split it and upload the parts."),
    "empty": _("The file has no rows below the header."),
    "no_column": _("Missing columns: %s. Add them to the header."),
    "too_wide": _(
        "Row %s has more cells than the header. Put cells with commas in quotes, or separate"
        " cells with semicolons."
    ),
}


def error_message(error: CsvError) -> str:
    message = str(ERROR_MESSAGES[error.code])
    return message % error.about if "%s" in message else message


class CsvUploadForm(forms.Form):
    """Form for an uploaded list, whose text is carried through the preview.

    ``read`` parses the text into ``cleaned_data["rows"]`` or raises ``CsvError``;
    ``columns`` is the help text on accepted columns.
    """

    read: ClassVar["staticmethod[[str], Sequence[Any]]"]
    columns: ClassVar[Any]

    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.tsv,.txt"}),
    )
    text = forms.CharField(
        required=False, strip=False, max_length=MAX_CHARS, widget=forms.HiddenInput()
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["file"].help_text = self.columns

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        upload = self.cleaned_data.get("file")
        text = self.cleaned_data.get("text", "")
        if upload is not None and upload.size > MAX_CHARS:
            self.add_error("file", ERROR_MESSAGES["too_long"])
            return cleaned
        if upload is not None:
            text = decode(upload.read())
        if not text:
            self.add_error("file", gettext("Choose a file."))
            return cleaned
        self.cleaned_data["text"] = text
        try:
            self.cleaned_data["rows"] = type(self).read(text)
        except CsvError as error:
            self.add_error("file", error_message(error))
        return cleaned
