"""Channel labels: name the form fields of channels and selling costs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

CHANNEL = (
    Group(
        _("What it is"),
        {
            "name": Field(_("Name"), _("How staff read it.")),
            "code": Field(
                _("Code"), _("A short name of letters, digits and hyphens, for lists; it stays.")
            ),
            "currency": Field(
                _("Currency of its prices"), _("Three letters, such as EUR; it stays.")
            ),
        },
    ),
    Group(
        _("Where it sells"),
        {
            "default_country": Field(
                _("Country of who has not chosen one"),
                _("Two capital letters, such as DE: where a shopper is until he chooses."),
            ),
            "countries": Field(
                _("Countries that shoppers may choose"),
                _("Their codes, such as DE, AT; the one above is among them."),
            ),
            "adds_tax": Field(
                _("Prices are without tax"),
                _("On: tax is added at the checkout, where we collect it. Off: it is in them."),
            ),
        },
    ),
    Group(
        _("What is kept back"),
        {
            "buffer": Field(
                _("Never sold here of each stock row, units"),
                _("They are kept back besides those of the supplier. 0: none."),
            ),
        },
    ),
    Group(
        _("When no place sends all of a line"),
        {
            "places_per_line": Field(
                _("A line comes from at most so many places"),
                _(
                    "1: it is sold whole from one place, as many as that has. 2 to 5: where none"
                    " has all of it, or only at a loss, it comes from so many suppliers, and each"
                    " parcel pays its way."
                ),
            ),
        },
    ),
    Group(
        _("When its prices were counted"),
        {
            "reprice_since": Field(_("Prices wait to be counted since")),
            "repriced_at": Field(_("All counted last")),
        },
    ),
)
TERMS = (
    Group(
        _("For which goods"),
        {
            "channel": Field(_("Channel"), _("Where the goods are sold.")),
            "supplier_code": Field(
                _("Supplier (code or *)"),
                _("Whose goods; * is for all who have no terms of their own, which count first."),
            ),
            "origin": Field(
                _("Origin (country or *)"),
                _("Two capital letters of the country that it is sent from; * is for any other."),
            ),
        },
    ),
    Group(
        _("What we pay besides the goods, for each unit"),
        {
            "supplier_fee_rate": Field(
                _("Supplier fee, of the cost"),
                _("A fraction of the wholesale cost: 0.02 is 2 %. 0: none."),
            ),
            "supplier_fee_amount": Field(
                _("Supplier fee, fixed"), _("In the currency of the channel. 0: none.")
            ),
            "freight_amount": Field(
                _("Freight that we pay"),
                _("What shoppers do not pay for delivery, in the channel's currency. 0: none."),
            ),
            "duty_amount": Field(
                _("Duty, for each unit"),
                _("In the currency of the channel; 0: none. Empty: what the law asks."),
            ),
            "handling_amount": Field(
                _("Handling"), _("Our own work, in the currency of the channel. 0: none.")
            ),
        },
    ),
    Group(
        _("What others take of the price"),
        {
            "payment_fee_rate": Field(
                _("Payment fee, of the price"),
                _("A fraction of the price with tax: 0.015 is 1.5 %. 0: none."),
            ),
            "payment_fee_amount": Field(
                _("Payment fee, fixed"), _("For each unit, in the channel's currency. 0: none.")
            ),
            "channel_fee_rate": Field(
                _("Channel fee, of the price before tax"),
                _("What a marketplace takes, as a fraction: 0.08 is 8 %. 0: none."),
            ),
            "tax_rate": Field(
                _("Tax in the price"),
                _("A fraction of the price before tax: 0.19 is 19 %. 0: prices are without tax."),
            ),
        },
    ),
)
