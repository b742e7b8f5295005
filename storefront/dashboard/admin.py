"""Dashboard admin: show what staff did with inbox rows, broken invariants, check runs and default groups."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.alerts import admin  # noqa: F401 - registers its pages
from storefront.dashboard.models import (
    DefaultGroup,
    InboxAssignment,
    InboxNote,
    InboxSnooze,
    InvariantCheckRun,
    InvariantViolation,
)
from storefront.lib.staff import columns
from storefront.lib.staff.admin import register_read_only

register_read_only(
    InboxAssignment,
    list_display=["cause", "row", "by", columns.age("at", _("Assigned"))],
    list_filter=["by"],
)
register_read_only(
    InboxSnooze,
    list_display=["cause", "row", "until", "by", columns.age("at", _("Snoozed"))],
    list_filter=["by"],
)
register_read_only(
    InboxNote,
    list_display=["cause", "row", "text", "by", columns.age("at", _("Written"))],
    list_filter=["by"],
)
register_read_only(
    InvariantViolation,
    list_display=["code", "sentence", "count", columns.age("since", _("Since"))],
    search_fields=["code"],
    ordering=["since"],
    exclude=["rows"],
    readonly_fields=[columns.document("rows", _("First violations"))],
)
register_read_only(InvariantCheckRun, list_display=["at", "newest_unpublished_supply"])
register_read_only(DefaultGroup, list_display=["name", columns.text("group__name", _("Group"))])
