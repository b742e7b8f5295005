"""What the page of the wire to a supplier asks: in groups, labels and sentences."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

KEYS_AND_OPTIONS = _("His keys, and the options of his connector")
CONNECTION = (
    Group(
        _("Where he is reached"),
        {
            "supplier": Field(_("Supplier"), _("Whose wire it is; each supplier has one.")),
            "base_url": Field(
                _("Address of his systems"),
                _("Such as https://api.example.com/v1/; keys and passwords do not belong into it."),
            ),
            "account_id": Field(
                _("Our account with him"),
                _("Some connectors check his messages by it, and fill it in. Empty: none."),
            ),
        },
    ),
    Group(
        _("How often he is asked"),
        {
            "products_every_min": Field(
                _("Products every, minutes"),
                _("How often his list of products is read. 0: again as soon as a run has ended."),
            ),
            "prices_every_min": Field(
                _("Prices every, minutes"),
                _("How often his costs are read. 0: again as soon as a run has ended."),
            ),
            "stock_every_min": Field(
                _("Stock every, minutes"),
                _("How often his stock is read. 0: again as soon as a run has ended."),
            ),
            "orders_every_min": Field(
                _("Open orders every, minutes"),
                _("How often he is asked about orders that are under way. 0: in every sweep."),
            ),
        },
    ),
    Group(
        _("How much he may be asked"),
        {
            "calls_per_second": Field(
                _("Calls in a second, at most"),
                _("Over all workers; fewer if his account allows fewer. 0 counts as 1."),
            ),
            "calls_at_once": Field(
                _("Calls at the same time, at most"),
                _("Over all workers, a quarter of them kept for orders. 0 counts as 1."),
            ),
        },
    ),
    Group(
        _("The balance that orders are paid from"),
        {
            "low_balance_amount": Field(
                _("Warn when the balance is below"),
                _("In his currency; the trouble then stands with his wire. Empty: never."),
            ),
            "balance_amount": Field(_("Balance that he told")),
            "balance_as_of": Field(_("Told at")),
        },
    ),
)
FACTS = Group(
    _("How it goes"),
    {
        "problem": Field(_("Trouble on the wire")),
        "problem_at": Field(_("Trouble since")),
        "rest_until": Field(_("His budget is spent until")),
        "orders_polled_at": Field(_("Asked about orders")),
        "checked_at": Field(_("Last tried")),
    },
)
