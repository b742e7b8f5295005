"""Product labels: group the form fields of products, variants and categories, show the title."""

from typing import cast

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from catalog.products.staff.locked_fields_admin import locked_fields
from catalog.products.staff.spec_panel import spec_panel
from catalog.products.staff.variant_form import un_number_of
from catalog.readiness.panel import completeness_panel
from catalog.readiness.status_actions import SALE_OBSTACLES
from storefront.lib.staff.fieldsets import Group


@admin.display(description=cast("str", _("Title in the shop")))
def shown_title(product: Product) -> str:
    return product.shown_title


PRODUCT_FIELDSETS = (
    Group(_("Storefront texts"), ("title", "summary", "description_html"), columns=(shown_title,)),
    Group(_("Options"), ("option_names",)),
    Group(
        _("Category and status"),
        ("brand", "category", "family"),
        columns=("status", SALE_OBSTACLES),
    ),
    Group(_("Completeness"), columns=(completeness_panel,)),
    Group(_("Specification"), columns=(spec_panel,)),
    Group(_("Safety"), ("safety_warnings",)),
    Group(_("Shipping restrictions"), ("restricted_countries",)),
    Group(_("Locked attributes"), columns=(locked_fields,)),
)
VARIANT_FIELDSETS = (
    Group(_("Options"), ("option_values", "color")),
    Group(_("Status and successor"), ("status", "replaced_by")),
    Group(
        _("Shipping and customs"),
        (
            "weight_g",
            "packed_weight_g",
            "lithium",
            "cell_wh",
            "cell_count",
            "hs_code",
            "origin_country",
        ),
        columns=(un_number_of,),
    ),
    Group(_("Locked attributes"), columns=(locked_fields,)),
)
CATEGORY_FIELDSETS = (
    Group(_("Storefront texts"), ("names", "intros")),
    Group(_("Placement"), ("slug", "position", "families", "google_id")),
    Group(_("Shipping restrictions"), ("restricted_countries",)),
)
