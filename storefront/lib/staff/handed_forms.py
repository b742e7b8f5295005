"""The form through which staff hand in a list: as a file first, then as the text that they saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from storefront.lib.staff import csv_import, handed_words


class HandedListForm(forms.Form):
    """A list, chosen as a file, and carried along as text until it is entered.

    Shape:  ``read`` makes the rows of ``cleaned_data`` out of the text, or raises
            ``UnreadableListError``; ``columns`` says which it takes
    """

    read: ClassVar[staticmethod[[str], Sequence[Any]]]
    columns: ClassVar[Any]

    file = forms.FileField(
        label=_("File"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.tsv,.txt"}),
    )
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=csv_import.LONGEST,
        widget=forms.HiddenInput(),
    )

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["file"].help_text = self.columns

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        given = self.cleaned_data.get("file")
        text = self.cleaned_data.get("text", "")
        if given is not None and given.size > csv_import.LONGEST:
            self.add_error("file", handed_words.WORDS["too_long"])
            return cleaned
        if given is not None:
            text = csv_import.decoded(given.read())
        if not text:
            self.add_error("file", gettext("Choose a file."))
            return cleaned
        self.cleaned_data["text"] = text
        try:
            self.cleaned_data["rows"] = type(self).read(text)
        except csv_import.UnreadableListError as error:
            self.add_error("file", handed_words.said(error))
        return cleaned
