"""Connection labels: name the form fields, the status columns and the options of connectors."""

from __future__ import annotations

from collections.abc import Mapping

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
                _(
                    "Such as https://api.example.com/v1/, without keys and passwords. Empty where"
                    " staff upload the files."
                ),
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
                _(
                    "The pace of all syncs together. 1 is slow: 300 products take five minutes. The"
                    " lower of this and what the account allows counts. 0 counts as 1."
                ),
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


# Options of all connectors

OPTIONS: Mapping[str, Field] = {
    # CJ
    "payment": Field(
        _("How orders are paid"),
        _("Balance: he does all in one step. Staged: we confirm and pay step by step."),
    ),
    "level": Field(
        _("Level of the account, 0 to 5"),
        _(
            "CJ’s level of our account, from 0 (Free) to 5 (Advanced), as CJ’s site shows it. It"
            " sets how many calls a second and product subscriptions CJ allows. “Calls in a"
            " second, at most” still applies: raise it, too. Empty: as CJ reports it."
        ),
    ),
    "points_per_day": Field(
        _("Points that may be used in a day"),
        _("He gives so many points a day; at none left he is asked no more until the next."),
    ),
    "signature": Field(
        _("Messages without a good signature"),
        _("Require: they are refused. Warn: they are accepted, outside production only."),
    ),
    # BigBuy
    "language": Field(
        _("Language that he uses"),
        _("Two small letters; his pages are read in it, orders written."),
    ),
    "max_handling_days": Field(
        _("Stock is ready within, days"),
        _("Units that take longer to be ready are not sold. 0: only what is ready at once."),
    ),
    "only_in_stock": Field(
        _("Only products that are in stock"), _("No: products that he has none of are read, too.")
    ),
    "warehouse_country": Field(
        _("Country of his other warehouses"),
        _("Two capital letters; it is for all warehouses that are not listed by themselves."),
    ),
    "payment_method": Field(
        _("How orders are paid"), _("His own name of it; moneybox is the balance with him.")
    ),
    "email": Field(
        _("Our e-mail, for his carriers"), _("It goes with each order. Empty: nothing is ordered.")
    ),
    "phone": Field(
        _("Our phone, for his carriers"), _("It goes with orders whose shopper gave none.")
    ),
    # Files
    "via": Field(
        _("How his files come"), _("From the web, from his SFTP server, or uploaded by staff.")
    ),
    "products_at": Field(
        _("File of products"),
        _("A path below the address; of uploads the newest is read without it."),
    ),
    "prices_at": Field(
        _("File of prices"), _("As above. Empty: prices stand in the file of products.")
    ),
    "stock_at": Field(
        _("File of stock"), _("As above. Empty: stock stands in the file of products.")
    ),
    "host_key": Field(
        _("Key of his SFTP server"),
        _("The line by which his server is known; another server is not talked to."),
    ),
    "orders_by": Field(_("How orders go to him"), _("By e-mail, or as files on his SFTP server.")),
    "orders_to": Field(
        _("Where orders go"), _("His e-mail address, or a folder on his SFTP server.")
    ),
    "questions_to": Field(
        _("Where questions go"),
        _(
            "His e-mail address, for wishes to cancel and other addresses. Empty: where orders go"
            " by e-mail; where they go as files, a person asks him."
        ),
    ),
}
