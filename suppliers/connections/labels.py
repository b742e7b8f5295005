"""Connection labels: name the form fields, the status columns and the options of connectors."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

KEYS_AND_OPTIONS = _("Secrets and connector options")
CONNECTION = (
    Group(
        _("Endpoint"),
        {
            "supplier": Field(
                _("Supplier"), _("Supplier of this connection. Each supplier has one.")
            ),
            "base_url": Field(
                _("Base URL"),
                _(
                    "Such as https://api.example.com/v1/, without keys or passwords."
                    " Empty if staff upload the files."
                ),
            ),
            "account_id": Field(
                _("Account ID"),
                _(
                    "Our account with the supplier. Some connectors fill it in and verify"
                    " webhooks with it. Empty = none."
                ),
            ),
        },
    ),
    Group(
        _("Sync intervals"),
        {
            "products_every_min": Field(
                _("Products every (min)"),
                _("How often the product list is read. 0 = again when a run ends."),
            ),
            "prices_every_min": Field(
                _("Prices every (min)"),
                _("How often costs are read. 0 = again when a run ends."),
            ),
            "stock_every_min": Field(
                _("Stock every (min)"),
                _("How often stock is read. 0 = again when a run ends."),
            ),
            "orders_every_min": Field(
                _("Open orders every (min)"),
                _("How often the status of open orders is fetched. 0 = at every poll."),
            ),
        },
    ),
    Group(
        _("Rate limits"),
        {
            "calls_per_second": Field(
                _("Calls per second"),
                _(
                    "For all syncs together. 1 is slow: 300 products take five minutes."
                    " The lower of this and the account's own limit applies. 0 counts"
                    " as 1."
                ),
            ),
            "max_concurrent_calls": Field(
                _("Concurrent calls"),
                _("Over all workers. A quarter is reserved for orders. 0 counts as 1."),
            ),
        },
    ),
    Group(
        _("Prepaid balance"),
        {
            "low_balance_amount": Field(
                _("Low balance alert"),
                _(
                    "In the supplier's currency. A lower balance is shown as a connection"
                    " error. Empty = never."
                ),
            ),
            "balance_amount": Field(_("Balance")),
            "balance_reported_at": Field(_("Reported at")),
        },
    ),
)
FACTS = Group(
    _("Connection status"),
    {
        "problem": Field(_("Connection error")),
        "problem_at": Field(_("Error since")),
        "paused_until": Field(_("Quota used up until")),
        "orders_polled_at": Field(_("Orders checked at")),
        "checked_at": Field(_("Last checked")),
    },
)


# Options of all connectors

OPTIONS: Mapping[str, Field] = {
    # CJ
    "payment": Field(
        _("Payment method"),
        _("Balance: one step. Staged: the order is created, confirmed and paid in separate steps."),
    ),
    "level": Field(
        _("Account level (0 to 5)"),
        _(
            "CJ’s level of our account, from 0 (Free) to 5 (Advanced), as shown on CJ’s"
            " site. It sets the rate limit and the number of product subscriptions."
            " “Calls per second” still applies: raise it, too. Empty = as CJ reports"
            " it."
        ),
    ),
    "points_per_day": Field(
        _("Points per day"),
        _("Daily quota. When it is used up, there are no more calls until the next day."),
    ),
    "signature": Field(
        _("Webhooks without a valid signature"),
        _("Require: they are rejected. Warn: they are accepted, outside production only."),
    ),
    # BigBuy
    "language": Field(
        _("Language"),
        _("Two lowercase letters. Product pages are read and orders are placed in this language."),
    ),
    "max_handling_days": Field(
        _("Maximum handling time (days)"),
        _("Units that take longer are not sold. 0 = only units that ship at once."),
    ),
    "only_in_stock": Field(
        _("Only products in stock"), _("No: out-of-stock products are imported, too.")
    ),
    "warehouse_country": Field(
        _("Country of other warehouses"),
        _("Two capital letters. For all warehouses that are not listed separately."),
    ),
    "payment_method": Field(
        _("Payment method"),
        _("The supplier's name of the method. moneybox is the prepaid balance."),
    ),
    "email": Field(
        _("Our e-mail address for carriers"),
        _("Sent with each order. Empty: orders cannot be placed."),
    ),
    "phone": Field(
        _("Our phone number for carriers"), _("Sent with orders whose customer gave no number.")
    ),
    # Files
    "via": Field(
        _("File transfer"),
        _("From the web, from the supplier's SFTP server, or uploaded by staff."),
    ),
    "products_at": Field(
        _("Product file"),
        _("Path relative to the base URL. For uploads, the newest file is read if it is empty."),
    ),
    "prices_at": Field(_("Price file"), _("As above. Empty: prices are in the product file.")),
    "stock_at": Field(_("Stock file"), _("As above. Empty: stock is in the product file.")),
    "host_key": Field(
        _("SFTP host key"),
        _("Public key line that identifies the server. A server with another key is refused."),
    ),
    "orders_by": Field(
        _("Order transmission"), _("By e-mail, or as files on the supplier's SFTP server.")
    ),
    "orders_to": Field(
        _("Order recipient"), _("E-mail address, or a folder on the supplier's SFTP server.")
    ),
    "questions_to": Field(
        _("Requests recipient"),
        _(
            "E-mail address for cancellations and address changes. Empty: the order"
            " e-mail address; if orders go as files, staff contact the supplier."
        ),
    ),
}
