"""What staff call the tables of the staff pages themselves, and their columns."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "Taken": (_("taken by a person"), _("taken by persons")),
}
COLUMNS = {
    "id": _("Number"),
    "cause": _("What is the matter"),
    "row": _("Number of the row"),
    "by": _("By"),
    "at": _("When"),
}
