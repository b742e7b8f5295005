"""Product labels: group the form fields of products, categories and brands."""

from django.utils.translation import gettext_lazy as _

from catalog.products.spec_panel import spec_panel
from storefront.lib.staff.fieldsets import Group

PRODUCT_FIELDSETS = (
    Group(_("Storefront texts"), ("title", "summary", "description_html", "warranty_months")),
    Group(_("Category and status"), ("category", "status")),
    Group(_("Specification"), columns=(spec_panel,)),
    Group(_("Shipping restrictions"), ("restricted_countries",)),
    Group(_("Locked attributes"), ("overridden_fields",)),
)
CATEGORY_FIELDSETS = (
    Group(_("Storefront texts"), ("names", "intros")),
    Group(_("Placement"), ("slug", "position", "families", "google_id")),
    Group(_("Shipping restrictions"), ("restricted_countries",)),
)
BRAND_FIELDSETS = (
    Group(
        _("Manufacturer"),
        ("manufacturer_name", "manufacturer_address", "manufacturer_country", "manufacturer_email"),
    ),
    Group(
        _("Responsible person in the EU"),
        (
            "responsible_name",
            "responsible_address",
            "responsible_country",
            "responsible_email",
            "is_responsible_locked",
        ),
    ),
)
