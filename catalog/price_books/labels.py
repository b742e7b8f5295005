"""Price book labels: name the form fields of price books and rules."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

BOOK_FIELDSETS = (
    Group(
        _("General"),
        {
            "channel": Field(_("Channel")),
            "version": Field(_("Version")),
            "note": Field(_("Note"), _("Changes in this version, for other staff. Optional.")),
        },
    ),
    Group(
        _("Price limits"),
        {
            "floor_margin_rate": Field(
                _("Minimum margin"),
                _("A fraction of the price before tax: 0.15 is 15 %. 0 = break-even."),
            ),
            "max_change_per_run": Field(
                _("Maximum change at once"),
                _(
                    "A fraction: 0.2 is 20 %. A larger change needs approval, unless the "
                    "supplier or origin changed and the cost changed less. Leave empty "
                    "for no limit."
                ),
            ),
            "max_change_per_day": Field(
                _("Maximum change per day"),
                _(
                    "A fraction of the price a day ago. A larger change needs approval. "
                    "Leave empty for no limit."
                ),
            ),
        },
    ),
    Group(
        _("History"),
        {
            "status": Field(_("Status")),
            "status_since": Field(_("Status since")),
            "made_by": Field(_("Created by")),
            "made_at": Field(_("Created")),
            "live_at": Field(_("Live since")),
            "restored_from": Field(_("Restores")),
            "dry_run_at": Field(_("Last dry run")),
        },
    ),
)
RULE_FIELDSETS = (
    Group(
        _("General"),
        {
            "book": Field(_("Price book"), _("The draft price book of this rule.")),
            "number": Field(
                _("Number"),
                _(
                    "Unique in the price book. Of two equally specific rules, the lower "
                    "number wins."
                ),
            ),
        },
    ),
    Group(
        _("Conditions (all must match)"),
        {
            "category": Field(
                _("Category"), _("Only products in this category. Leave empty for all.")
            ),
            "brand": Field(_("Brand"), _("Only products of this brand. Leave empty for all.")),
            "supplier_code": Field(
                _("Supplier (code)"), _("Only items shipped by this supplier. Leave empty for all.")
            ),
            "product": Field(_("Product"), _("Only this product. Leave empty for all.")),
            "variant": Field(_("Variant"), _("Only this variant. Leave empty for all.")),
        },
    ),
    Group(
        _("Price calculation"),
        {
            "basis": Field(
                _("Based on"),
                _(
                    "Landed cost is everything we pay per unit. MAP and MSRP come from the "
                    "supplier and include tax."
                ),
            ),
            "method": Field(_("Method"), _("Markup on the base, or margin of the price.")),
            "value": Field(
                _("Value"), _("A fraction: 0.35 is 35 %. For a fixed amount, enter the amount.")
            ),
            "tiers": Field(
                _("Tiers"),
                _(
                    "Values from a wholesale cost upwards: 20: 0.35, 100: 0.30. Leave "
                    "empty for one value."
                ),
            ),
            "step": Field(
                _("Step"), _("Prices are rounded to this step, in the currency of the channel.")
            ),
            "ending": Field(
                _("Ending"),
                _(
                    "Ending of each price above the step, such as step 1 with ending 0.99, "
                    "or step 5 with ending 4.99."
                ),
            ),
        },
    ),
    Group(
        _("Schedule"),
        {
            "starts_at": Field(_("Starts"), _("Leave empty to start immediately.")),
            "ends_at": Field(_("Ends"), _("Leave empty for no end.")),
            "is_promotion": Field(
                _("Show as a sale"),
                _(
                    "Customers see the lowest price of the last 30 days next to it. Needs a "
                    "start and an end."
                ),
            ),
        },
    ),
    Group(
        _("Market adjustments"),
        {
            "undercut_rate": Field(
                _("Stay below competitor by"),
                _(
                    "A fraction of a lower competitor price. 0 = match it. Leave empty to "
                    "ignore competitors."
                ),
            ),
            "low_cover_days": Field(
                _("Raise if stock lasts fewer days"),
                _("Based on the sales of four weeks. Leave empty for never."),
            ),
            "raise_rate": Field(_("Raise by"), _("A fraction of the price: 0.05 is 5 %. 0 = off.")),
            "high_cover_days": Field(
                _("Lower if stock lasts more days"),
                _("At least the days above. Leave empty for never."),
            ),
            "lower_rate": Field(_("Lower by"), _("A fraction of the price: 0.05 is 5 %. 0 = off.")),
        },
    ),
)
NO_BOOKS = _(
    "A channel needs a price book to have prices. Open the channel and create a price book draft."
)
NO_RULES = _(
    "Rules belong to a draft price book. Open a price book, duplicate it as a draft and add a rule."
)
