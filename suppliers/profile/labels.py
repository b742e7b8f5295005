"""Supplier labels: group the form fields of a supplier."""

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Group

READ_ONLY_FIELDS = ("stock_accuracy", "costs_confirmed_at", "costs_aged_until")
SUPPLIER_GROUPS = (
    Group(_("General"), ("name", "code", "adapter", "currency", "language")),
    Group(_("Product data"), ("new_product_status", "product_changes")),
    Group(
        _("Response and handling times"), ("lead_days", "cut_off_hour", "acknowledge_within_min")
    ),
    Group(
        _("Order schedule"),
        (
            "dispatch_mode",
            "dispatch_every_min",
            "dispatch_times",
            "time_zone",
            "order_days",
            "closed_on",
        ),
    ),
    Group(
        _("Invoice matching"),
        (
            "invoice_tolerance_percent",
            "invoice_tolerance_amount",
            "invoice_due_days",
            "ship_within_days_of_invoice",
            "payment_terms_days",
        ),
    ),
    Group(
        _("Stock freshness"),
        (
            "stock_fresh_for_min",
            "stock_decay_units_per_hour",
            "stock_decay_percent_per_hour",
            "stock_expires_after_min",
            "stock_age_shown_after_min",
        ),
    ),
    Group(_("Cost freshness"), ("cost_expires_after_min",)),
    Group(
        _("Live stock check at checkout"),
        ("live_check_after_min", "live_check_below_units", "live_check_fallback"),
    ),
    Group(_("Safety stock"), ("safety_stock", "stock_decremented_at")),
)
# Set once, when the supplier is added: imported data depend on them.
FIXED_FIELDS = {"code", "adapter", "currency"}
EDITABLE_FIELDS = tuple(
    name for group in SUPPLIER_GROUPS for name in group.fields if name not in FIXED_FIELDS
)
