"""Identity column labels: name the tables and columns of the shop's identity for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "ShopIdentity": (_("shop identity"), _("shop identity")),
    "LegalText": (_("legal text"), _("legal texts")),
}
COLUMNS = {
    "name": _("Shop name"),
    "company": _("Company"),
    "address": _("Address"),
    "email": _("Contact e-mail"),
    "phone": _("Phone"),
    "register_entry": _("Commercial register"),
    "vat_id": _("VAT ID"),
    "page": _("Page"),
    "language": _("Language"),
    "text": _("Text"),
}
