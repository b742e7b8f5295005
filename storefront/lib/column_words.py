"""What staff call the tables of the trace of moves, and their columns."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "StatusChange": (_("move of a status"), _("moves of statuses")),
}
COLUMNS = {
    "subject": _("Of what"),
    "subject_id": _("Its number in the database"),
    "axis": _("Which state"),
    "from_status": _("From"),
    "to_status": _("Became"),
    "at": _("When"),
    "actor": _("Who"),
    "reason": _("Reason"),
}
