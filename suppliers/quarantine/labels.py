"""Quarantine labels: name the form fields of thresholds and the fields of a run."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group, Words
from suppliers.quarantine.guards import DEFAULT_THRESHOLDS


def _threshold(name: str, label: Words, words: Words) -> Field:
    """Return a form field whose help text ends with the default."""
    usual = format_lazy(
        _("Empty = {usual}, the default for all suppliers."),
        usual=getattr(DEFAULT_THRESHOLDS, name),
    )
    return Field(label, format_lazy("{} {}", words, usual))


THRESHOLD_GROUPS = (
    Group(
        _("Supplier feeds"),
        {
            "supplier": Field(
                _("Supplier"),
                _("These thresholds apply to this supplier only. Each supplier has one set."),
            )
        },
    ),
    Group(
        _("Row checks"),
        {
            "max_missing_percent": _threshold(
                "max_missing_percent",
                _("Missing rows (max. %)"),
                _(
                    "If a larger share of the known rows is missing, and more than 3 rows,"
                    " the run is quarantined."
                ),
            ),
            "max_invalid_percent": _threshold(
                "max_invalid_percent",
                _("Invalid rows (max. %)"),
                _("If a larger share of rows cannot be read, the run is quarantined."),
            ),
            "max_duplicate_percent": _threshold(
                "max_duplicate_percent",
                _("Duplicate rows (max. %)"),
                _(
                    "If a larger share of rows is repeated with different values, the run"
                    " is quarantined."
                ),
            ),
            "max_file_age_h": _threshold(
                "max_file_age_h",
                _("Maximum age of the newest row (hours)"),
                _("If the newest row of a file is older, the run is quarantined. 0 = no check."),
            ),
        },
    ),
    Group(
        _("Stock checks"),
        {
            "max_zeroed_percent": _threshold(
                "max_zeroed_percent",
                _("Zeroed stock rows (max. %)"),
                _(
                    "If a larger share of the rows in stock drops to zero at once, the run"
                    " is quarantined."
                ),
            ),
            "max_surged_percent": _threshold(
                "max_surged_percent",
                _("Surged stock rows (max. %)"),
                _("If a larger share of rows rises steeply at once, the run is quarantined."),
            ),
            "surge_factor": _threshold(
                "surge_factor",
                _("Stock surge factor"),
                _("What counts as a steep rise: 10 = from 5 units to 50 or more."),
            ),
        },
    ),
    Group(
        _("Cost checks"),
        {
            "max_price_outlier_percent": _threshold(
                "max_price_outlier_percent",
                _("Price outliers (max. %)"),
                _(
                    "If a larger share of costs changes steeply at once, the run is"
                    " quarantined; a single outlier puts only its offer on hold."
                ),
            ),
            "price_outlier_factor": _threshold(
                "price_outlier_factor",
                _("Price outlier factor"),
                _("What counts as an outlier: 10 = from 5 to 50 or more, or to 0.50 or less."),
            ),
            "max_negative_margin_percent": _threshold(
                "max_negative_margin_percent",
                _("Costs above our net price (max. %)"),
                _(
                    "If a larger share of the products on sale would cost more than our"
                    " price, the run is quarantined."
                ),
            ),
        },
    ),
    Group(
        _("Alerts"),
        {
            "cost_increase_alert_percent": _threshold(
                "cost_increase_alert_percent",
                _("Cost increase alert above (%)"),
                _("The cost is applied; it is listed among the alerts for a week."),
            ),
            "review_due_h": _threshold(
                "review_due_h",
                _("Review due within (hours)"),
                _(
                    "A quarantined run without a decision by then is reported as a failed"
                    " integrity check."
                ),
            ),
        },
    ),
)


# Fields of a run

RUN_FIELDS: Mapping[str, Field] = {
    "supplier": Field(_("Supplier")),
    "kind": Field(_("Content")),
    "problem": Field(_("Error")),
    "started_at": Field(_("Started")),
    "ended_at": Field(_("Ended")),
}
COUNT_FIELDS: Mapping[str, Field] = {
    "read": Field(_("Rows read")),
    "created": Field(_("Created")),
    "updated": Field(_("Updated")),
    "unchanged": Field(_("Unchanged")),
    "gone": Field(_("Discontinued")),
    "rejected": Field(_("Rejected")),
    "deferred_rows": Field(_("Left to the next run")),
}
DECISION_FIELDS: Mapping[str, Field] = {
    "decided_by": Field(_("Decided by")),
    "guards_waived_by": Field(_("Checks waived by")),
}
INTERNAL_FIELDS: Mapping[str, Field] = {
    "status_since": Field(_("Status since")),
    "lease_until": Field(_("Lease expires at")),
}
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
    "is_part": _("Partly applied"),
}
