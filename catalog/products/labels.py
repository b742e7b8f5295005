"""Product labels: name the form fields of products and categories."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

PRODUCT_FIELDSETS = (
    Group(
        _("Storefront texts"),
        {
            "title": Field(_("Title"), _("The name of the product in lists and on its page.")),
            "summary": Field(
                _("Summary, one sentence"),
                _("Shown by search engines. Leave empty to use the title."),
            ),
            "description_html": Field(
                _("Description, as HTML"),
                _(
                    "The text of the product page. Scripts are removed. Leave empty to show "
                    "the summary."
                ),
            ),
            "warranty_months": Field(
                _("Warranty (months)"),
                _(
                    "Manufacturer's warranty from delivery. The statutory two years apply "
                    "if it is empty or shorter."
                ),
            ),
        },
    ),
    Group(
        _("Category and status"),
        {
            "category": Field(_("Category"), _("The category that shows this product.")),
            "status": Field(
                _("Status"),
                _("Only active products are sold, drafts and archived products are not."),
            ),
        },
    ),
    Group(
        _("Shipping restrictions"),
        {
            "not_sent_to": Field(
                _("Restricted countries"),
                _(
                    "Country codes, such as DE, FR, where this product is prohibited. The "
                    "restrictions of its category also apply. Leave empty for none. "
                    "Orders that are not submitted yet are put on hold."
                ),
            ),
        },
    ),
    Group(
        _("Locked attributes"),
        {
            "overridden_fields": Field(
                _("Locked attributes"),
                _(
                    "Suppliers do not overwrite locked attributes. A change on this page "
                    "locks the attribute. Clear a box to accept supplier data again."
                ),
            ),
        },
    ),
)
CATEGORY_FIELDSETS = (
    Group(
        _("Storefront texts"),
        {
            "names": Field(
                _("Name in each language"),
                _('Format: {"en": "Headlamps", "az": "…"}. A missing language shows English.'),
            ),
            "intros": Field(
                _("Introduction in each language"),
                _("Same format as the names. Shown above the products and by search engines."),
            ),
        },
    ),
    Group(
        _("Placement"),
        {
            "slug": Field(
                _("URL handle"),
                _("Lower-case letters and hyphens. Old links stop working if you change it."),
            ),
            "position": Field(_("Position"), _("The lowest number comes first.")),
            "families": Field(
                _("Product kinds"),
                _('Format: ["headlamp"]. Home page guides for these kinds link to this category.'),
            ),
            "google_id": Field(
                _("Google product category ID"),
                _("For product feeds only. The shop does not use it. Optional."),
            ),
        },
    ),
    Group(
        _("Shipping restrictions"),
        {
            "not_sent_to": Field(
                _("Restricted countries"),
                _(
                    "Country codes, such as DE, FR. No product in this category ships "
                    "there. Leave empty for none. Orders that are not submitted yet are "
                    "put on hold."
                ),
            ),
        },
    ),
)
BRAND_FIELDSETS = (
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
                _("If on, feeds do not change it. It is locked when staff change or remove it."),
            ),
        },
    ),
)
