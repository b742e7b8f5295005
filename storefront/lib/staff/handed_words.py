"""Say why a list that was handed in cannot be read."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.csv_import import UnreadableListError

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
