"""Price book labels: name the form fields of price books and rules."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

BOOK = (
    Group(
        _("What this version is"),
        {
            "channel": Field(_("Channel")),
            "version": Field(_("Number of the version")),
            "note": Field(_("Note"), _("What is new in it, for colleagues. Empty: none.")),
        },
    ),
    Group(
        _("What no price of it may do"),
        {
            "floor_margin_rate": Field(
                _("Lowest margin"),
                _("A fraction of the price before tax: 0.15 is 15 %. 0: it may just pay its cost."),
            ),
            "max_run_rate": Field(
                _("Largest move at once"),
                _(
                    "A fraction: 0.2 is 20 %. A larger move waits for you, unless the supplier or"
                    " origin changed and its cost moved less. Empty: no limit."
                ),
            ),
            "max_day_rate": Field(
                _("Largest move in a day"),
                _("A fraction, against the price a day ago; further waits. Empty: no limit."),
            ),
        },
    ),
    Group(
        _("How it came about"),
        {
            "status": Field(_("State")),
            "status_since": Field(_("Since")),
            "made_by": Field(_("Made by")),
            "made_at": Field(_("Made")),
            "live_at": Field(_("Live since")),
            "restores": Field(_("Brings back")),
            "rehearsed_at": Field(_("Last dry run")),
        },
    ),
)
RULE = (
    Group(
        _("Which rule it is"),
        {
            "book": Field(_("Book"), _("The draft that the rule is written into.")),
            "number": Field(
                _("Number"),
                _("Once in a book; of two rules that are alike otherwise the lower one wins."),
            ),
        },
    ),
    Group(
        _("For which goods; all that is filled in must fit"),
        {
            "category": Field(_("Shelf"), _("Only goods of this shelf. Empty: of every one.")),
            "brand": Field(_("Brand"), _("Only goods of this brand. Empty: of every one.")),
            "supplier_code": Field(
                _("Supplier (code)"), _("Only what this supplier sends. Empty: every supplier.")
            ),
            "product": Field(_("Product"), _("Only this product. Empty: every product.")),
            "variant": Field(_("Variant"), _("Only this variant. Empty: every variant.")),
        },
    ),
    Group(
        _("How the price is counted"),
        {
            "basis": Field(
                _("Counted from"),
                _("Landed cost is all that we pay for a unit; MAP and MSRP are his, with tax."),
            ),
            "method": Field(_("How"), _("What is added to it, or left of the price.")),
            "value": Field(
                _("Value"), _("A fraction: 0.35 is 35 %. For a fixed amount: the amount.")
            ),
            "tiers": Field(
                _("Tiers"),
                _(
                    "From which wholesale cost another value counts: 20: 0.35, 100: 0.30. Empty:"
                    " one value for all."
                ),
            ),
            "step": Field(_("Step"), _("Prices lie so far apart, in the currency of the channel.")),
            "ending": Field(
                _("Ending"),
                _("Prices end so above each step: step 1 and ending 0.99; step 5 and ending 4.99."),
            ),
        },
    ),
    Group(
        _("When it counts"),
        {
            "starts_at": Field(_("Starts"), _("From this moment on. Empty: at once.")),
            "ends_at": Field(_("Ends"), _("At this moment it counts no more. Empty: never.")),
            "is_promotion": Field(
                _("Announced as a reduction"),
                _("Shoppers see the lowest price of 30 days beside it; it needs start and end."),
            ),
        },
    ),
    Group(
        _("How it follows the market"),
        {
            "undercut_rate": Field(
                _("Stay below competitor by"),
                _("A fraction of his price, if his is lower; 0 meets it. Empty: do not look."),
            ),
            "low_cover_days": Field(
                _("Raise if stock lasts fewer days"),
                _("Counted by the sales of four weeks. Empty: never."),
            ),
            "raise_rate": Field(_("Raise by"), _("A fraction of the price: 0.05 is 5 %. 0: not.")),
            "high_cover_days": Field(
                _("Lower if stock lasts more days"),
                _("Not fewer than the days above. Empty: never."),
            ),
            "lower_rate": Field(_("Lower by"), _("A fraction of the price: 0.05 is 5 %. 0: not.")),
        },
    ),
)
NO_BOOKS = _(
    "A channel has no prices without a book: open the page of a channel and make a draft "
    "of price rules."
)
NO_RULES = _(
    "Rules are written into a draft of a price book: open a book, make a new draft like "
    "it, and add a rule."
)
