"""Dashboard column labels: name the tables and columns of assignments and invariants for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "InboxAssignment": (_("assignment"), _("assignments")),
    "InvariantViolation": (_("failed integrity check"), _("failed integrity checks")),
    "InvariantCheckRun": (_("integrity check run"), _("integrity check runs")),
}
COLUMNS = {
    "id": _("Number"),
    "cause": _("Issue"),
    "row": _("Record number"),
    "by": _("By"),
    "at": _("When"),
    "code": _("Code"),
    "sentence": _("Rule"),
    "count": _("Quantity"),
    "rows": _("First violations"),
    "since": _("Since"),
    "seen_at": _("Last seen"),
    "newest_unpublished_supply": _("Newest supply change to publish"),
}
