"""Brand admin: add and edit brands with their aliases, open the page that merges them."""

from functools import partial
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from catalog.attributes.identifiers import stored_brand_key
from catalog.brands import aliases
from catalog.brands.forms import BrandForm
from catalog.brands.tasks import reindex_brand
from catalog.models import Brand, BrandAlias
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, register_read_only
from storefront.lib.staff.fieldsets import Group
from storefront.lib.tasks import enqueue

BRAND_FIELDSETS = (
    Group(_("Name and spellings"), ("name", "alias_names")),
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

MERGE_BRAND = columns.page(
    "supply:merge_brand", _("Merge"), _("Merge into another brand"), right="catalog.change_brand"
)


@admin.display(description=cast("str", _("Sold to the EU")), boolean=True)
def is_sold_to_eu(brand: Brand) -> bool:
    return not brand.lacks_responsible_person


@admin.register(Brand)
class BrandAdmin(StaffAdmin):
    form = BrandForm
    editable = ("alias_names", *BrandForm.Meta.fields)
    may_add = True
    groups = BRAND_FIELDSETS
    list_display: ClassVar = [
        "name",
        MERGE_BRAND,
        columns.text("manufacturer_name", _("Manufacturer")),
        columns.text("responsible_name", _("Responsible person in the EU")),
        is_sold_to_eu,
    ]
    list_filter: ClassVar = [
        "lacks_responsible_person",
        ("manufacturer_name", admin.EmptyFieldListFilter),
    ]
    search_fields: ClassVar = [
        "name", "aliases__name", "manufacturer_name", "responsible_name",
    ]  # fmt: skip
    ordering: ClassVar = ["name"]
    readonly_fields: ClassVar = [MERGE_BRAND]
    exclude = ("key",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Brand]":
        return super().get_queryset(request).filter(merged_into=None)

    @admin.display(description=cast("str", _("Aliases")))
    def alias_names(self, brand: Brand) -> str:
        """Return the aliases as staff see them who may not change the brand."""
        return ", ".join(alias.name for alias in brand.aliases.order_by("pk"))

    def save_model(self, request: HttpRequest, obj: Brand, form: Any, change: bool) -> None:
        obj.key = obj.key or stored_brand_key(obj.name)
        super().save_model(request, obj, form, change)
        if (
            aliases.save_aliases(obj, form.cleaned_data["alias_names"])
            or "name" in form.changed_data
        ):
            transaction.on_commit(partial(enqueue, reindex_brand, brand_id=obj.pk))


register_read_only(
    BrandAlias,
    list_display=["name", columns.link("brand", _("Brand"))],
    list_select_related=["brand"],
    search_fields=["name", "brand__name"],
    ordering=["name"],
)
