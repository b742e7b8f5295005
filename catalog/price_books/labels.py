"""Price book labels: group the form fields of price books and rules, explain empty lists."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Group

BOOK_FIELDSETS = (
    Group(
        _("General"),
        (
            "channel",
            "version",
            "note",
        ),
    ),
    Group(
        _("Price limits"),
        (
            "floor_margin_rate",
            "max_change_per_run",
            "max_change_per_day",
        ),
    ),
    Group(
        _("History"),
        (
            "status",
            "status_since",
            "made_by",
            "made_at",
            "live_at",
            "restored_from",
            "dry_run_at",
        ),
    ),
)
RULE_FIELDSETS = (
    Group(
        _("General"),
        (
            "book",
            "number",
        ),
    ),
    Group(
        _("Conditions (all must match)"),
        (
            "category",
            "brand",
            "supplier_code",
            "product",
            "variant",
        ),
    ),
    Group(
        _("Price calculation"),
        (
            "basis",
            "method",
            "value",
            "tiers",
            "step",
            "ending",
        ),
    ),
    Group(
        _("Schedule"),
        (
            "starts_at",
            "ends_at",
            "is_promotion",
        ),
    ),
    Group(
        _("Market adjustments"),
        (
            "undercut_rate",
            "low_cover_days",
            "raise_rate",
            "high_cover_days",
            "lower_rate",
        ),
    ),
)
NO_BOOKS = _(
    "A channel needs a price book to have prices. Open the channel and create a price book draft."
)
NO_RULES = _(
    "Rules belong to a draft price book. Open a price book, duplicate it as a draft and add a rule."
)
