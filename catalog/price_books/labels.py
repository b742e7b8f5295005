"""Price book labels: group the form fields of books, rules and channels, explain empty lists."""

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Group

BOOK_FIELDSETS = (
    Group(_("General"), ("channel", "version", "note")),
    Group(_("Price limits"), ("floor_margin_rate", "max_change_per_run", "max_change_per_day")),
    Group(
        _("History"),
        (
            "status",
            "status_since",
            "created_by",
            "created_at",
            "live_at",
            "restored_from",
            "dry_run_at",
        ),
    ),
)
RULE_FIELDSETS = (
    Group(_("General"), ("book", "number")),
    Group(
        _("Conditions (all must match)"),
        ("category", "brand", "supplier_code", "product", "variant"),
    ),
    Group(_("Price calculation"), ("basis", "method", "value", "tiers", "step", "ending")),
    Group(_("Schedule"), ("starts_at", "ends_at", "is_promotion")),
    Group(
        _("Market adjustments"),
        ("undercut_rate", "low_cover_days", "raise_rate", "high_cover_days", "lower_rate"),
    ),
)
CHANNEL_FIELDSETS = (
    Group(_("General"), ("name", "code", "currency")),
    Group(_("Markets"), ("default_country", "countries", "prices_exclude_tax")),
    Group(
        _("Pages of our own shop"),
        ("is_storefront", "host", "path", "default_language", "languages"),
    ),
    Group(_("Stock"), ("safety_stock", "low_stock_units")),
    Group(_("Split shipments"), ("max_split_locations",)),
    Group(_("Price calculation"), ("reprice_requested_at", "repriced_at")),
)
SELLING_COST_FIELDSETS = (
    Group(_("Applies to"), ("channel", "supplier_code", "origin")),
    Group(
        _("Additional costs per unit"),
        (
            "supplier_fee_rate",
            "supplier_fee_amount",
            "freight_amount",
            "duty_amount",
            "handling_amount",
        ),
    ),
    Group(
        _("Fees and tax in the price"),
        ("payment_fee_rate", "payment_fee_amount", "channel_fee_rate", "tax_rate"),
    ),
)
NO_BOOKS = _(
    "A channel needs a price book to have prices. Open the channel and create a price book draft."
)
NO_RULES = _(
    "Rules belong to a draft price book. Open a price book, duplicate it as a draft and add a rule."
)
