"""Supplier labels: name the form fields of a supplier."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

KNOWN = {
    "stock_accuracy": Field(_("Share of his promises that he kept")),
    "costs_as_of": Field(_("Costs confirmed")),
    "costs_aged_at": Field(_("Their age counts on pages up to")),
}
SUPPLIER = (
    Group(
        _("Who he is"),
        {
            "name": Field(_("Name"), _("His full name, as staff pages show it.")),
            "code": Field(
                _("Code"),
                _("A short name of letters, digits and hyphens for lists and rules; it stays."),
            ),
            "adapter": Field(
                _("Connector"), _("The program of ours that speaks to his systems; it stays.")
            ),
            "currency": Field(
                _("Currency of his costs"), _("Three letters, such as USD; it stays.")
            ),
            "language": Field(
                _("Language of mail to him"),
                _("Orders by mail, and the pages of orders, are written to him in it."),
            ),
        },
    ),
    Group(
        _("How fast he answers and hands over"),
        {
            "lead_days": Field(
                _("Days until he hands a parcel over"),
                _("From our order to the carrier; an offer's own days count first. 0: same day."),
            ),
            "cut_off_hour": Field(
                _("Orders wait a day from this hour on, UTC"),
                _("A whole hour, 0 to 23; what is ordered later leaves a day later. Empty: never."),
            ),
            "acknowledge_within_min": Field(
                _("He confirms an order within, minutes"),
                _("If he is silent for longer, the order is put before staff. 0: at once."),
            ),
        },
    ),
    Group(
        _("When orders go to him"),
        {
            "sending": Field(
                _("Orders go to him"),
                _(
                    "What is collected is canceled at once and costs nothing, and goes before his"
                    " cut-off in any case. To go back to “at once” sends all that waits."
                ),
            ),
            "send_every_min": Field(
                _("Every so many minutes"),
                _("For what is collected by minutes, counted from midnight UTC: 5 to 1440."),
            ),
            "send_times": Field(
                _("At these times of his day"),
                _("For what is collected by times, such as 09:00 14:30, with spaces between."),
            ),
            "time_zone": Field(
                _("His time zone"),
                _("Such as Europe/Berlin: his days and times are told in it."),
            ),
            "order_days": Field(
                _("Weekdays on which he takes orders"),
                _("1 is Monday, 7 Sunday. Promises count from the next such day."),
            ),
            "closed_on": Field(
                _("Days on which he is closed"),
                _("Such as 2026-12-25 2026-12-26. Promises count from the next open day."),
            ),
        },
    ),
    Group(
        _("How closely his bills are compared"),
        {
            "bill_tolerance_percent": Field(
                _("A bill may differ by, %"),
                _("Of what was agreed; goods and freight each. 0: not at all."),
            ),
            "bill_tolerance_amount": Field(
                _("Or by, in the currency of his costs"),
                _("Of both the larger one holds. 0: not at all."),
            ),
            "bills_within_days": Field(
                _("He bills what he shipped within, days"),
                _("Shipped and not billed by then becomes a difference. Empty: he owes no bill."),
            ),
            "billed_ships_within_days": Field(
                _("What he billed is to leave within, days"),
                _("Counted from his yes; later it is a difference. 0: at once."),
            ),
        },
    ),
    Group(
        _("How long his stock is believed"),
        {
            "stock_believed_min": Field(
                _("Stock is believed for, minutes"),
                _("A younger figure is sold from as it is. 0: its age counts at once."),
            ),
            "stock_grows_units": Field(
                _("Then kept back each hour, units"),
                _("So many units are not sold for each hour begun after that. 0: none."),
            ),
            "stock_grows_percent": Field(
                _("And of the figure each hour, %"),
                _("So much of the figure is not sold for each hour begun after that. 0: nothing."),
            ),
            "stock_hidden_min": Field(
                _("Stock is hidden after, minutes"),
                _("Nothing is sold from an older figure; not below the first field, 1440 at most."),
            ),
            "stock_told_min": Field(
                _("Staff are told of old stock after, minutes"),
                _("If none of his figures is younger, the start page of staff says so."),
            ),
        },
    ),
    Group(
        _("How long his costs are believed"),
        {
            "cost_hidden_min": Field(
                _("Costs are believed for, minutes"),
                _("What has an older cost is not sold until he confirms it. 0 sells nothing."),
            ),
        },
    ),
    Group(
        _("What he is asked at checkout"),
        {
            "asked_after_min": Field(
                _("He is asked when his figure is older than, minutes"),
                _("Then he is asked how many he has before a sale. 0: before every sale."),
            ),
            "asked_below": Field(
                _("Or when no more would be left than, units"),
                _("He is also asked when a sale leaves so few. 0: only before the last unit goes."),
            ),
            "unanswered": Field(
                _("If he does not answer in time"),
                _("Believe: sell from his last figure, less for its age. Refuse: do not sell."),
            ),
        },
    ),
    Group(
        _("What is kept back"),
        {
            "buffer": Field(
                _("Never sold of each product in each warehouse, units"),
                _("It counts from his next stock run on. 0: all that he has is sold."),
            ),
            "counts_down_at": Field(
                _("His figure contains our sale from"),
                _(
                    "Until then a sale is subtracted by us: the order, the shipment, or never but"
                    " when he counts anew. In doubt take the later one."
                ),
            ),
        },
    ),
)
