"""What the page of a run tells, in words."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Words

RUN: Mapping[str, Field] = {
    "supplier": Field(_("Supplier")),
    "kind": Field(_("What was read")),
    "problem": Field(_("Problem")),
    "started_at": Field(_("Started")),
    "ended_at": Field(_("Ended")),
}
COUNTS: Mapping[str, Field] = {
    "read": Field(_("Rows read")),
    "created": Field(_("New ones taken in")),
    "updated": Field(_("Changed ones taken in")),
    "unchanged": Field(_("As we knew them")),
    "gone": Field(_("No longer listed")),
    "rejected": Field(_("Not taken in")),
    "remaining": Field(_("Left to the next run")),
}
DECIDED: Mapping[str, Field] = {
    "decided_by": Field(_("Decided by")),
    "believed_by": Field(_("Vouched for beforehand by")),
}
PLUMBING: Mapping[str, Field] = {
    "status_since": Field(_("In this state since")),
    "lease_until": Field(_("Given up if still open at")),
}
# What a run was judged by, as ``judging`` writes it.
JUDGED: Mapping[str, Words] = {
    "rows": _("Rows that can be used"),
    "twice": _("Told twice"),
    "moved": _("Costs that move"),
    "jumped": _("Costs that jump"),
    "listed": _("Listed variants with a cost in it"),
    "above_price": _("Of those, above our price"),
    "stocked": _("Stock rows with units"),
    "emptied": _("Of those, emptied"),
    "newest": _("Newest row"),
}
PROFILE: Mapping[str, Words] = {
    **JUDGED,
    "soared": _("Of those, soaring"),
    "newest_rows": _("Some of the newest rows"),
    "said_at": _("The file was made"),
    "as_of": _("Stock is as of"),
    "columns": _("Columns of the file"),
    "kinds": _("What stands in them"),
    "read_by": _("Key of the mapping"),
    "names_changes": _("It names only what changed"),
    "is_part": _("Only a part was applied"),
}
