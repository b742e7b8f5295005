"""Product labels: name the form fields of products and categories."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

PRODUCT = (
    Group(
        _("What shoppers read"),
        {
            "title": Field(_("Title"), _("The name of the product in lists and on its page.")),
            "summary": Field(
                _("Summary, one sentence"),
                _("Search engines show it. Empty: they are given the title."),
            ),
            "description_html": Field(
                _("Description, as HTML"),
                _("The text of its page; scripts are taken out. Empty: the summary stands there."),
            ),
            "warranty_months": Field(
                _("Warranty, months"),
                _(
                    "What its maker gives, from its arrival on. The law's two years hold where it"
                    " is empty or less."
                ),
            ),
        },
    ),
    Group(
        _("Where it stands, and whether"),
        {
            "category": Field(_("Shelf"), _("The shelf of the shop that it is found on.")),
            "status": Field(
                _("State"), _("Only what is active is sold; drafts and archived goods are not.")
            ),
        },
    ),
    Group(
        _("Where it may not go"),
        {
            "not_sent_to": Field(
                _("Forbidden in"),
                _(
                    "Codes such as DE, FR: where a light like this is forbidden. Those of its"
                    " shelf count, too."
                    " Empty: it may go everywhere. Orders that are not sent yet wait for you."
                ),
            ),
        },
    ),
    Group(
        _("What suppliers may not change"),
        {
            "locked_fields": Field(
                _("Never overwritten by a supplier"),
                _("What you change on this page is locked by itself; untick what he may tell."),
            ),
        },
    ),
)
CATEGORY = (
    Group(
        _("What shoppers read"),
        {
            "names": Field(
                _("Name in each language"),
                _('Written as {"en": "Headlamps", "az": "…"}; a language without one has English.'),
            ),
            "intros": Field(
                _("Introduction in each language"),
                _("Written like the names; it stands above the goods, and search engines show it."),
            ),
        },
    ),
    Group(
        _("Where it stands"),
        {
            "slug": Field(
                _("Its part of the address"),
                _("Small letters and hyphens; old links break when it changes."),
            ),
            "position": Field(_("Place among the shelves"), _("The lowest number stands first.")),
            "families": Field(
                _("Kinds of goods"),
                _('Written as ["headlamp"]: which guides on the home page lead here.'),
            ),
            "google_id": Field(
                _("Number in Google's taxonomy"),
                _("Kept for lists that others read; the shop does not use it. Empty: none."),
            ),
        },
    ),
    Group(
        _("Where it may not go"),
        {
            "not_sent_to": Field(
                _("Forbidden in"),
                _(
                    "Codes such as DE, FR: none of the goods of this shelf is sent there."
                    " Empty: it may go everywhere. Orders that are not sent yet wait for you."
                ),
            ),
        },
    ),
)
BRAND = (
    Group(
        _("Manufacturer"),
        {
            "maker_name": Field(_("Name"), _("As on the product or its packaging.")),
            "maker_address": Field(
                _("Postal address"), _("Shown on the product page; without the country.")
            ),
            "maker_country": Field(
                _("Country"),
                _(
                    "Two letters, such as CN. A manufacturer outside the EU needs a responsible"
                    " person in the EU: without one its products are not sold to the EU."
                ),
            ),
            "maker_email": Field(_("E-mail"), _("Shown on the product page.")),
        },
    ),
    Group(
        _("Responsible person in the EU"),
        {
            "responsible_name": Field(
                _("Name"), _("Importer, authorized representative or fulfillment provider.")
            ),
            "responsible_address": Field(
                _("Postal address"), _("Shown on the product page; without the country.")
            ),
            "responsible_country": Field(_("Country"), _("Two letters of an EU country.")),
            "responsible_email": Field(_("E-mail"), _("Shown on the product page.")),
            "is_responsible_locked": Field(
                _("Locked"),
                _("Feeds do not fill it in. It is locked when staff change or remove it."),
            ),
        },
    ),
)
