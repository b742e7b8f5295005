"""Supplier labels: name the form fields of a supplier."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

KNOWN = {
    "stock_accuracy": Field(_("Stock accuracy")),
    "costs_confirmed_at": Field(_("Costs confirmed at")),
    "costs_aged_until": Field(_("Cost expiry applied up to")),
}
SUPPLIER = (
    Group(
        _("General"),
        {
            "name": Field(_("Name"), _("Full name, as shown on staff pages.")),
            "code": Field(
                _("Code"),
                _(
                    "Short name for lists and rules: letters, digits and hyphens. Cannot be"
                    " changed later."
                ),
            ),
            "adapter": Field(_("Connector"), _("Integration type. Cannot be changed later.")),
            "currency": Field(
                _("Cost currency"), _("Three letters, such as USD. Cannot be changed later.")
            ),
            "language": Field(
                _("E-mail language"),
                _("Language of order e-mails and order pages for the supplier."),
            ),
        },
    ),
    Group(
        _("Response and handling times"),
        {
            "lead_days": Field(
                _("Handling time (days)"),
                _(
                    "From our order to handover to the carrier. An offer's own value takes"
                    " precedence. 0 = same day."
                ),
            ),
            "cut_off_hour": Field(
                _("Order cut-off hour (UTC)"),
                _("Whole hour, 0 to 23. Later orders ship a day later. Empty = no cut-off."),
            ),
            "acknowledge_within_min": Field(
                _("Order confirmation time limit (min)"),
                _("Without a confirmation by then, the order is flagged for staff. 0 = at once."),
            ),
        },
    ),
    Group(
        _("Order schedule"),
        {
            "dispatch_mode": Field(
                _("Send orders"),
                _(
                    "Waiting orders can be canceled at once at no cost. They are always"
                    " sent before the cut-off. If you switch back to “Immediately”, all"
                    " waiting orders are sent."
                ),
            ),
            "dispatch_every_min": Field(
                _("Send interval (min)"),
                _("For batches at an interval: 5 to 1440, counted from midnight UTC."),
            ),
            "dispatch_times": Field(
                _("Send times"),
                _(
                    "For batches at fixed times: local times of the supplier, separated by"
                    " spaces, such as 09:00 14:30."
                ),
            ),
            "time_zone": Field(
                _("Time zone"),
                _("Time zone of the supplier's days and times, such as Europe/Berlin."),
            ),
            "order_days": Field(
                _("Order days"),
                _("1 = Monday, 7 = Sunday. Delivery dates count from the next order day."),
            ),
            "closed_on": Field(
                _("Closed days"),
                _("Such as 2026-12-25 2026-12-26. Delivery dates count from the next open day."),
            ),
        },
    ),
    Group(
        _("Invoice matching"),
        {
            "invoice_tolerance_percent": Field(
                _("Invoice tolerance (%)"),
                _("Of the agreed amount, for items and shipping separately. 0 = none."),
            ),
            "invoice_tolerance_amount": Field(
                _("Invoice tolerance (cost currency)"),
                _("The larger of the two tolerances applies. 0 = none."),
            ),
            "invoice_due_days": Field(
                _("Invoice due within (days)"),
                _(
                    "A shipment without an invoice by then is reported as a discrepancy."
                    " Empty = no invoices expected."
                ),
            ),
            "ship_within_days_of_invoice": Field(
                _("Ship invoiced orders within (days)"),
                _(
                    "From the order confirmation. A later shipment is reported as a"
                    " discrepancy. 0 = at once."
                ),
            ),
        },
    ),
    Group(
        _("Stock freshness"),
        {
            "stock_fresh_for_min": Field(
                _("Stock is fresh for (min)"),
                _("Until then the reported stock is sold in full. 0 = it starts to decay at once."),
            ),
            "stock_decay_units_per_hour": Field(
                _("Extra safety stock per hour (units)"),
                _("Units withheld from sale for each hour begun after that. 0 = none."),
            ),
            "stock_decay_percent_per_hour": Field(
                _("Stock decay per hour (%)"),
                _("Share of the reported stock withheld for each hour begun after that. 0 = none."),
            ),
            "stock_expires_after_min": Field(
                _("Stock expires after (min)"),
                _("Older stock is not sold. At least the fresh time above, at most 1440."),
            ),
            "stock_age_shown_after_min": Field(
                _("Stale stock alert after (min)"),
                _("The staff start page shows an alert if all stock of this supplier is older."),
            ),
        },
    ),
    Group(
        _("Cost freshness"),
        {
            "cost_expires_after_min": Field(
                _("Costs expire after (min)"),
                _(
                    "Offers with an older cost are not sold until the supplier confirms it."
                    " 0 sells nothing."
                ),
            ),
        },
    ),
    Group(
        _("Live stock check at checkout"),
        {
            "live_check_after_min": Field(
                _("Check if stock is older than (min)"),
                _("The supplier is asked for its stock before the sale. 0 = before every sale."),
            ),
            "live_check_below_units": Field(
                _("Check if the sale leaves at most (units)"),
                _(
                    "Also checks when so few units would be left. 0 = only before the last"
                    " unit is sold."
                ),
            ),
            "live_check_fallback": Field(
                _("If the supplier does not answer in time"),
                _("Use the last reported stock, reduced by its age, or do not sell."),
            ),
        },
    ),
    Group(
        _("Safety stock"),
        {
            "buffer": Field(
                _("Safety stock per product and warehouse (units)"),
                _("Never sold. Applies from the next stock sync; 0 = none."),
            ),
            "stock_decremented_at": Field(
                _("Supplier stock is reduced at"),
                _(
                    "When the supplier's reported stock contains our sale; until then"
                    " Fara subtracts the sale itself. If in doubt, choose the later"
                    " time."
                ),
            ),
        },
    ),
)
