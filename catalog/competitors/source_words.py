"""How staff are asked about a source of competitors' prices."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

SOURCE = (
    Group(
        _("Whom we ask"),
        {
            "name": Field(_("Name"), _("Prices that it tells carry this name.")),
            "url": Field(
                _("Address"),
                _("Where its list is, such as https://prices.example/list.csv. 8 MB at most."),
            ),
            "dialect": Field(
                _("Written in"),
                _("CSV with headings, or JSON: the names are those of a file that staff bring."),
            ),
        },
    ),
    Group(
        _("How often"),
        {
            "every_min": Field(
                _("Asked every (minutes)"),
                _("From 5 minutes to 3 days. A price counts for 7 days after it was seen."),
            ),
            "is_on": Field(_("Is asked"), _("Off: what it told stays until it is too old.")),
        },
    ),
    Group(
        _("How it knows us"),
        {
            "header": Field(
                _("Header of the secret"),
                _("Such as X-Api-Key. Empty: it asks for none, and a kept secret is forgotten."),
            ),
            "secret": Field(
                _("Value of the secret"), _("Write-only: leave it empty to keep what is there.")
            ),
        },
    ),
)
