"""Product admin: edit products, categories and brands, show variants, images and cards."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import (
    Brand,
    CardChange,
    Category,
    DeliveryArea,
    Identifier,
    Image,
    Listing,
    Mode,
    Product,
    ProductCard,
    SearchTerm,
    Spec,
    Variant,
)
from catalog.products import editing
from catalog.products.forms import BrandForm, CategoryForm
from catalog.products.labels import BRAND_FIELDSETS, CATEGORY_FIELDSETS, PRODUCT_FIELDSETS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action, register_read_only
from storefront.lib.staff.country_fields import CountriesField
from storefront.lib.staff.inlines import inline
from storefront.lib.staff.list_actions import FilteredActions


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    overridden_fields = forms.MultipleChoiceField(
        choices=[(name, columns.field_label(Product, name)) for name in editing.LOCKABLE_FIELDS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    restricted_countries = CountriesField(required=False)


@admin.register(Product)
class ProductAdmin(FilteredActions):
    form = ProductForm
    actions_list: ClassVar = ["export_csv", "export_xlsx"]
    editable = (*editing.LOCKABLE_FIELDS, *editing.OWN_FIELDS, "overridden_fields")
    groups = PRODUCT_FIELDSETS
    list_display: ClassVar = [
        "title",
        columns.text("brand__name", _("Brand")),
        columns.text("category__slug", _("Category")),
        columns.text("family", _("Family")),
        columns.status("status", _("Status"), waiting={"draft"}, final={"archived"}),
        columns.text("overridden_fields", _("Locked attributes")),
        columns.age("updated_at", _("Changed")),
    ]
    list_select_related: ClassVar = ["brand", "category"]
    list_filter: ClassVar = ["status", "family", "category"]
    search_fields: ClassVar = ["title", "slug", "variants__sku"]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [columns.age("created_at", _("Created"))]
    inlines: ClassVar = [
        inline(
            Variant,
            "sku",
            columns.text("option_values", _("Options")),
            "weight_g",
            "lithium",
            "status",
        ),
        inline(Spec, "output_lm", "beam_m", "runtime_high_min", "ip_rating", "basis"),
        inline(Mode, "position", "name", "kind", "output_lm", "runtime_min"),
        inline(Image, "role", "position", "source_url", "stem", "problem"),
    ]

    @action(description=_("Export CSV"), icon="download", may="view")
    def export_csv(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(_file_url(request, "csv"))

    @action(description=_("Export XLSX"), icon="download", may="view")
    def export_xlsx(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(_file_url(request, "xlsx"))

    def save_model(
        self, request: HttpRequest, obj: Product, form: "forms.ModelForm[Product]", change: bool
    ) -> None:
        editing.apply_edit(
            product=obj,
            changes={name: form.cleaned_data[name] for name in form.changed_data},
            now=timezone.now(),
        )


def _file_url(request: HttpRequest, kind: str) -> str:
    return reverse("supply:catalog_file", args=[kind], query=request.GET)


OFFER_COMPARISON = columns.page(
    "supply:offers", _("Supply"), _("Compare offers"), right="suppliers.view_supplieroffer"
)


@admin.register(Variant)
class VariantAdmin(StaffAdmin):
    list_display: ClassVar = [
        "sku",
        columns.link("product", _("Product")),
        columns.text("option_values", _("Options")),
        "weight_g",
        "lithium",
        columns.status("status", _("Status"), final={"discontinued"}),
        OFFER_COMPARISON,
    ]
    list_select_related: ClassVar = ["product"]
    list_filter: ClassVar = ["status", "lithium"]
    search_fields: ClassVar = ["sku", "product__title", "identifiers__value"]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [OFFER_COMPARISON]
    inlines: ClassVar = [
        inline(Identifier, "scheme", "value", "raw", "state"),
        inline(
            Listing,
            "channel",
            "price_amount",
            "available",
            "is_published",
            "is_delisted",
            related=("channel",),
        ),
    ]


@admin.register(Category)
class CategoryAdmin(StaffAdmin):
    form = CategoryForm
    editable = (
        "slug",
        "names",
        "intros",
        "families",
        "google_id",
        "position",
        "restricted_countries",
    )
    may_add = True
    groups = CATEGORY_FIELDSETS
    list_display: ClassVar = ["slug", "names", "families", "position"]
    ordering: ClassVar = ["position", "id"]


@admin.register(Brand)
class BrandAdmin(StaffAdmin):
    form = BrandForm
    editable = BrandForm.Meta.fields
    groups = BRAND_FIELDSETS
    list_display: ClassVar = [
        "name",
        "manufacturer_name",
        "responsible_name",
        "lacks_responsible_person",
    ]
    list_filter: ClassVar = [
        "lacks_responsible_person",
        ("manufacturer_name", admin.EmptyFieldListFilter),
    ]
    search_fields: ClassVar = ["name", "manufacturer_name", "responsible_name"]
    ordering: ClassVar = ["name"]


register_read_only(
    Identifier,
    list_display=[
        "scheme",
        "value",
        columns.link("variant", _("Variant")),
        columns.status("state", _("Status"), needs_action={"conflict"}, final={"verified"}),
    ],
    list_select_related=["variant"],
    list_filter=["scheme", "state"],
    search_fields=["value", "raw", "variant__sku"],
    ordering=["-id"],
)


register_read_only(
    Image,
    list_display=[
        "__str__",
        columns.link("product", _("Product")),
        "role",
        "stem",
        "tries",
        "problem",
    ],
    list_select_related=["product"],
    list_filter=[
        "role",
        ("stem", admin.EmptyFieldListFilter),
        ("problem", admin.EmptyFieldListFilter),
    ],
    search_fields=["source_url", "product__title"],
    ordering=["-id"],
)


register_read_only(
    Spec,
    list_display=[
        columns.link("product", _("Product")),
        "output_lm",
        "beam_m",
        "runtime_high_min",
        "ip_rating",
        "basis",
        columns.text("warnings", _("Warnings")),
    ],
    list_select_related=["product"],
    list_filter=["basis"],
    search_fields=["product__title"],
    ordering=["-id"],
)


register_read_only(
    Mode,
    list_display=[
        "name",
        columns.link("product", _("Product")),
        "kind",
        "output_lm",
        "runtime_min",
    ],
    list_select_related=["product"],
    search_fields=["product__title"],
    ordering=["-id"],
)


register_read_only(
    ProductCard,
    list_display=[
        "title",
        "brand",
        "family",
        columns.money("price_amount", _("Price"), currency="channel__currency"),
        "available",
        columns.age("as_of", _("Availability")),
    ],
    list_select_related=["channel"],
    list_filter=["channel", "family"],
    search_fields=["title", "slug"],
    ordering=["-id"],
)


register_read_only(
    CardChange,
    list_display=[
        "__str__",
        columns.text("channel__code", _("Channel")),
        columns.age("at", _("When")),
    ],
    list_select_related=["channel"],
    ordering=["-id"],
)


register_read_only(DeliveryArea, list_display=["__str__"], ordering=["id"])


register_read_only(SearchTerm, list_display=["word"], search_fields=["word"], ordering=["word"])
