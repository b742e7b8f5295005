"""The form through which staff hand in a list: as a file first, then as the text that they saw."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

# Read a list that somebody hands in as a table: CSV, whatever parts its cells. Pure.

LONGEST = 500_000  # characters
MOST_ROWS = 5_000
DELIMITERS = ";\t,|"


class UnreadableListError(ValueError):
    """No rows can be read from this: says by a code why, for which ``csv_import`` has words."""

    def __init__(self, code: str, about: object = "") -> None:
        super().__init__(f"{code} {about}")
        self.code, self.about = code, about


@dataclass(frozen=True, slots=True)
class Said:
    """What one row says, by field. ``place`` counts from the header, which is row 1."""

    place: int
    cells: Mapping[str, str]


def decoded(content: bytes) -> str:
    """Read bytes as UTF-8, or as the Windows of western Europe writes."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read(text: str, *, called: Mapping[str, Sequence[str]], needed: Collection[str]) -> list[Said]:
    """Read the rows below a header; what is missing at the end of a row is empty.

    Shape:  ``called`` says by what names the column of a field may go, in small letters
    Raises: UnreadableListError  also for a row that is wider than its header: a mark inside of a
            cell that parts cells would shift what follows, or cut the cents off an amount
    """
    text = text.replace("\x00", "").lstrip("\r\n")
    if len(text) > LONGEST:
        raise UnreadableListError("too_long")
    first, _rest, _end = text.partition("\n")
    delimiter = max(DELIMITERS, key=first.count)
    try:
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        header = next(table, [])
        rows = list(_rows(table, _columns(header, called, needed), width=len(header)))
    except csv.Error as error:
        raise UnreadableListError("no_table", error) from error
    if len(rows) > MOST_ROWS:
        raise UnreadableListError("too_many", MOST_ROWS)
    if not rows:
        raise UnreadableListError("empty")
    return rows


def _columns(
    header: list[str], called: Mapping[str, Sequence[str]], needed: Collection[str]
) -> Mapping[str, int]:
    names = [" ".join(name.replace("_", " ").casefold().split()) for name in header]
    found = {
        field: names.index(alias)
        for field, aliases in called.items()
        for alias in reversed(aliases)
        if alias in names
    }
    if missing := [field for field in needed if field not in found]:
        expected = ", ".join(called[field][0] for field in missing)
        raise UnreadableListError("no_column", expected)
    return found


def _rows(table: Iterator[list[str]], columns: Mapping[str, int], *, width: int) -> Iterator[Said]:
    for place, cells in enumerate(table, start=2):
        if any(cell.strip() for cell in cells[width:]):
            raise UnreadableListError("too_wide", place)
        if any(cell.strip() for cell in cells):
            said = {
                field: cells[at].strip().lstrip("'") if at < len(cells) else ""
                for field, at in columns.items()
            }
            yield Said(place, said)


# Say why a list that was handed in cannot be read.

WORDS = {
    "too_long": _("500 kB at most."),
    "no_table": _("This is no table: %s."),
    "too_many": _("A list has at most %s rows."),
    "empty": _("There is no row below the header."),
    "no_column": _("The header lacks: %s."),
    "too_wide": _(
        "Row %s has more cells than the header: put a cell with a comma into quotes, or"
        " part the cells by semicolons."
    ),
}


def said(error: UnreadableListError) -> str:
    words = str(WORDS[error.code])
    return words % error.about if "%s" in words else words


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
        max_length=LONGEST,
        widget=forms.HiddenInput(),
    )

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        self.fields["file"].help_text = self.columns

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        given = self.cleaned_data.get("file")
        text = self.cleaned_data.get("text", "")
        if given is not None and given.size > LONGEST:
            self.add_error("file", WORDS["too_long"])
            return cleaned
        if given is not None:
            text = decoded(given.read())
        if not text:
            self.add_error("file", gettext("Choose a file."))
            return cleaned
        self.cleaned_data["text"] = text
        try:
            self.cleaned_data["rows"] = type(self).read(text)
        except UnreadableListError as error:
            self.add_error("file", said(error))
        return cleaned
