"""Dashboard column labels: name the tables and columns of assignments and invariants for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "Taken": (_("taken by a person"), _("taken by persons")),
    "BrokenInvariant": (_("sentence that is not true"), _("sentences that are not true")),
    "Checkup": (_("check of all sentences"), _("checks of all sentences")),
}
COLUMNS = {
    "id": _("Number"),
    "cause": _("What is the matter"),
    "row": _("Number of the row"),
    "by": _("By"),
    "at": _("When"),
    "code": _("Code"),
    "sentence": _("Sentence"),
    "count": _("How many"),
    "rows": _("The first rows that offend"),
    "since": _("Since"),
    "seen_at": _("Seen last"),
    "newest_supply": _("Newest row of supply to be published"),
}
