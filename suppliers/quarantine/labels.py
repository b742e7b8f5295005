"""Quarantine labels: group the fields of thresholds and runs, name the keys of a profile."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Group, Words

THRESHOLD_GROUPS = (
    Group(_("Supplier feeds"), ("supplier",)),
    Group(
        _("Row checks"),
        ("max_missing_percent", "max_invalid_percent", "max_duplicate_percent", "max_file_age_h"),
    ),
    Group(_("Stock checks"), ("max_zeroed_percent", "max_surged_percent", "surge_factor")),
    Group(
        _("Cost checks"),
        ("max_price_outlier_percent", "price_outlier_factor", "max_negative_margin_percent"),
    ),
    Group(_("Alerts"), ("cost_increase_alert_percent", "review_due_h")),
)


RUN_FIELDS = ("supplier", "kind", "problem", "started_at", "ended_at")
DECISION_FIELDS = ("decided_by", "guards_waived_by")
INTERNAL_FIELDS = ("status_since", "lease_until")
# Keys of the profile, as ``evaluation`` writes them.
CHECKED_COUNTS: Mapping[str, Words] = {
    "rows": _("Valid rows"),
    "twice": _("Duplicate rows"),
    "moved": _("Changed costs"),
    "jumped": _("Cost outliers"),
    "listed": _("Listed variants with a cost"),
    "above_price": _("Above our net price"),
    "stocked": _("Stock rows in stock"),
    "zeroed": _("Dropped to zero"),
    "newest": _("Newest row"),
}
BASELINE_LABELS: Mapping[str, Words] = {
    **CHECKED_COUNTS,
    "surged": _("Steep rises"),
    "latest_rows": _("Sample of the newest rows"),
    "stated_at": _("File date"),
    "as_of": _("Stock confirmed at"),
    "columns": _("Columns of the file"),
    "kinds": _("Content of the columns"),
    "mapping_hash": _("Mapping hash"),
    "is_delta": _("Delta feed"),
    "is_part": _("Only part of the data"),
}
