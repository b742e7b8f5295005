"""Channel labels: group the form fields of channels and selling costs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Group

CHANNEL_FIELDSETS = (
    Group(
        _("General"),
        (
            "name",
            "code",
            "currency",
        ),
    ),
    Group(
        _("Markets"),
        (
            "default_country",
            "countries",
            "prices_exclude_tax",
        ),
    ),
    Group(
        _("Safety stock"),
        ("buffer",),
    ),
    Group(
        _("Split shipments"),
        ("max_split_locations",),
    ),
    Group(
        _("Price calculation"),
        (
            "reprice_requested_at",
            "repriced_at",
        ),
    ),
)
SELLING_COST_FIELDSETS = (
    Group(
        _("Applies to"),
        (
            "channel",
            "supplier_code",
            "origin",
        ),
    ),
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
        (
            "payment_fee_rate",
            "payment_fee_amount",
            "channel_fee_rate",
            "tax_rate",
        ),
    ),
)
