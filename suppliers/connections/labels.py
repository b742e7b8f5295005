"""Connection labels: group the form fields, name the options of connectors."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Group, Words

KEYS_AND_OPTIONS = _("Secrets and connector options")
CONNECTION = (
    Group(_("Endpoint"), ("supplier", "base_url", "account_id")),
    Group(
        _("Sync intervals"),
        ("products_every_min", "prices_every_min", "stock_every_min", "orders_every_min"),
    ),
    Group(_("Rate limits"), ("calls_per_second", "max_concurrent_calls")),
    Group(_("Prepaid balance"), ("low_balance_amount", "balance_amount", "balance_reported_at")),
)
FACTS = Group(
    _("Connection status"),
    ("problem", "problem_at", "paused_until", "orders_polled_at", "checked_at"),
)


@dataclass(frozen=True, slots=True)
class OptionLabel:
    label: Words
    help_text: Words = ""


OPTIONS: Mapping[str, OptionLabel] = {
    # CJ
    "payment": OptionLabel(
        _("Payment method"),
        _("Balance: one step. Staged: the order is created, confirmed and paid in separate steps."),
    ),
    "level": OptionLabel(
        _("Account level (0 to 5)"),
        _(
            "CJ’s level of our account, from 0 (Free) to 5 (Advanced), as shown on CJ’s site. It"
            " sets the rate limit and the number of product subscriptions. “Calls per second” still"
            " applies: raise it, too. Empty = as CJ reports it."
        ),
    ),
    "points_per_day": OptionLabel(
        _("Points per day"),
        _("Daily quota. When it is used up, there are no more calls until the next day."),
    ),
    "signature": OptionLabel(
        _("Webhooks without a valid signature"),
        _("Require: they are rejected. Warn: they are accepted, outside production only."),
    ),
    # BigBuy
    "language": OptionLabel(
        _("Language"),
        _("Two lowercase letters. Product pages are read and orders are placed in this language."),
    ),
    "max_handling_days": OptionLabel(
        _("Maximum handling time (days)"),
        _("Units that take longer are not sold. 0 = only units that ship at once."),
    ),
    "only_in_stock": OptionLabel(
        _("Only products in stock"), _("No: out-of-stock products are imported, too.")
    ),
    "warehouse_country": OptionLabel(
        _("Country of other warehouses"),
        _("Two capital letters. For all warehouses that are not listed separately."),
    ),
    "payment_method": OptionLabel(
        _("Payment method"),
        _("The supplier's name of the method. moneybox is the prepaid balance."),
    ),
    "email": OptionLabel(
        _("Our e-mail address for carriers"),
        _("Sent with each order. Empty: orders cannot be placed."),
    ),
    "phone": OptionLabel(
        _("Our phone number for carriers"), _("Sent with orders whose customer gave no number.")
    ),
    # onX
    "api_key_header": OptionLabel(
        _("Header for the API key"),
        _("Such as X-API-Key. Empty: the key is sent as a bearer token."),
    ),
    "cost_field": OptionLabel(
        _("Field with our cost"),
        _("cost: the price is used where a variant has no cost. price: always the price."),
    ),
    # Files
    "via": OptionLabel(
        _("File transfer"),
        _("From the web, from the supplier's SFTP server, or uploaded by staff."),
    ),
    "products_at": OptionLabel(
        _("Product file"),
        _("Path relative to the base URL. For uploads, leave it empty to read the newest file."),
    ),
    "prices_at": OptionLabel(
        _("Price file"), _("As above. Empty: prices are in the product file.")
    ),
    "stock_at": OptionLabel(_("Stock file"), _("As above. Empty: stock is in the product file.")),
    "host_key": OptionLabel(
        _("SFTP host key"),
        _("Public key line that identifies the server. A server with another key is refused."),
    ),
    "orders_by": OptionLabel(
        _("Order transmission"), _("By e-mail, or as files on the supplier's SFTP server.")
    ),
    "orders_to": OptionLabel(
        _("Order recipient"), _("E-mail address, or a folder on the supplier's SFTP server.")
    ),
    "questions_to": OptionLabel(
        _("Requests recipient"),
        _(
            "E-mail address for cancellations and address changes. Empty: the order"
            " e-mail address; if orders go as files, staff contact the supplier."
        ),
    ),
}
