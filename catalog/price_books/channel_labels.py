"""Channel labels: name the form fields of channels and selling costs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

CHANNEL_FIELDSETS = (
    Group(
        _("General"),
        {
            "name": Field(_("Name"), _("Name for staff.")),
            "code": Field(_("Code"), _("Letters, digits and hyphens. Cannot be changed later.")),
            "currency": Field(
                _("Currency"), _("Three-letter code, such as EUR. Cannot be changed later.")
            ),
        },
    ),
    Group(
        _("Markets"),
        {
            "default_country": Field(
                _("Default country"),
                _("Two-letter code, such as DE. Used until the customer chooses a country."),
            ),
            "countries": Field(
                _("Countries for customers"),
                _("Country codes, such as DE, AT. Include the default country."),
            ),
            "prices_exclude_tax": Field(
                _("Prices exclude tax"),
                _(
                    "If on, tax is added at checkout where we collect it. If off, prices "
                    "include tax."
                ),
            ),
        },
    ),
    Group(
        _("Safety stock"),
        {
            "buffer": Field(
                _("Safety stock (units)"),
                _("Held back per stock row, in addition to the supplier's safety stock. 0 = none."),
            ),
        },
    ),
    Group(
        _("Split shipments"),
        {
            "max_split_locations": Field(
                _("Maximum locations per line"),
                _(
                    "1 = a line ships from one location. 2 to 5 = if no location has all "
                    "units, or only at a loss, the line is split across up to this many "
                    "suppliers. Each parcel pays its own shipping."
                ),
            ),
        },
    ),
    Group(
        _("Price calculation"),
        {
            "reprice_requested_at": Field(_("Recalculation pending since")),
            "repriced_at": Field(_("Last full recalculation")),
        },
    ),
)
SELLING_COST_FIELDSETS = (
    Group(
        _("Applies to"),
        {
            "channel": Field(_("Channel"), _("Sales channel of the products.")),
            "supplier_code": Field(
                _("Supplier (code or *)"),
                _("Supplier of the products. * = all suppliers without their own fees."),
            ),
            "origin": Field(
                _("Origin (country or *)"),
                _("Two-letter code of the country of origin. * = any other country."),
            ),
        },
    ),
    Group(
        _("Additional costs per unit"),
        {
            "supplier_fee_rate": Field(
                _("Supplier fee, of the cost"),
                _("A fraction of the wholesale cost: 0.02 is 2 %. 0 = none."),
            ),
            "supplier_fee_amount": Field(
                _("Supplier fee, fixed"), _("In the currency of the channel. 0 = none.")
            ),
            "freight_amount": Field(
                _("Shipping that we pay"),
                _(
                    "Shipping cost that the customer does not pay, in the currency of the "
                    "channel. 0 = none."
                ),
            ),
            "duty_amount": Field(
                _("Duty per unit"),
                _("In the currency of the channel. 0 = none. Leave empty for the statutory duty."),
            ),
            "handling_amount": Field(
                _("Handling"), _("Our own handling cost, in the currency of the channel. 0 = none.")
            ),
        },
    ),
    Group(
        _("Fees and tax in the price"),
        {
            "payment_fee_rate": Field(
                _("Payment fee, of the price"),
                _("A fraction of the price with tax: 0.015 is 1.5 %. 0 = none."),
            ),
            "payment_fee_amount": Field(
                _("Payment fee, fixed"), _("Per unit, in the currency of the channel. 0 = none.")
            ),
            "channel_fee_rate": Field(
                _("Channel fee, of the price before tax"),
                _("Marketplace fee as a fraction: 0.08 is 8 %. 0 = none."),
            ),
            "tax_rate": Field(
                _("Tax in the price"),
                _("A fraction of the price before tax: 0.19 is 19 %. 0 = prices exclude tax."),
            ),
        },
    ),
)
