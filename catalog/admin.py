"""Staff pages of the catalog: what we sell, what it costs, what a list page shows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from catalog import editing
from catalog.models import (
    Brand,
    Card,
    Category,
    Channel,
    ExchangeRate,
    Identifier,
    Image,
    Listing,
    Mode,
    PriceChange,
    PriceRule,
    Product,
    Spec,
    Variant,
)
from storefront.lib import columns
from storefront.lib.staff import StaffAdmin, inline, show


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A person's words about a product, and which of them a feed may not overwrite."""

    locked_fields = forms.MultipleChoiceField(
        label=_("Never overwritten by a supplier"),
        choices=[(name, name.replace("_", " ")) for name in editing.EDITABLE],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What you change on this page is locked by itself."),
    )


@admin.register(Product)
class ProductAdmin(StaffAdmin):
    form = ProductForm
    editable = (*editing.EDITABLE, "locked_fields")
    list_display: ClassVar = [
        "title",
        columns.text("brand__name", _("Brand")),
        columns.text("category__slug", _("Category")),
        columns.text("family", _("Family")),
        columns.state("status", _("State"), waits={"draft"}, ended={"archived"}),
        columns.text("locked_fields", _("Locked")),
        columns.age("updated_at", _("Changed")),
    ]
    list_select_related: ClassVar = ["brand", "category"]
    list_filter: ClassVar = ["status", "family", "category"]
    search_fields: ClassVar = ["title", "slug", "variants__sku"]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [columns.age("created_at", _("Taken in"))]
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

    def save_model(
        self, request: HttpRequest, obj: Product, form: forms.ModelForm[Product], change: bool
    ) -> None:
        editing.edit(
            product=obj,
            changes={name: form.cleaned_data[name] for name in form.changed_data},
            now=timezone.now(),
        )


@admin.register(Listing)
class ListingAdmin(StaffAdmin):
    list_display: ClassVar = [
        "title",
        columns.link("variant", _("Variant"), text="variant__sku"),
        columns.text("channel__code", _("Channel")),
        columns.money("price_amount", _("Price"), currency="channel__currency"),
        columns.money("cost_amount", _("Cost"), currency="channel__currency"),
        "available",
        columns.age("as_of", _("Stock is")),
        "is_published",
        "is_withdrawn",
    ]
    list_select_related: ClassVar = ["variant__product", "channel"]
    list_filter: ClassVar = ["channel", "is_published", "is_withdrawn"]
    search_fields: ClassVar = ["variant__sku", "variant__product__title"]
    ordering: ClassVar = ["-id"]
    inlines: ClassVar = [
        inline(
            PriceChange,
            columns.money("amount", _("Price"), currency="listing__channel__currency"),
            columns.money("cost_amount", _("Cost"), currency="listing__channel__currency"),
            "rule",
            "at",
            related=("listing__channel", "rule"),
            ordering=["-id"],
        )
    ]
    actions: ClassVar = ["withdraw", "put_back"]

    @admin.display(description=_("Product"), ordering="variant__product__title")
    def title(self, listing: Listing) -> str:
        return listing.variant.product.title

    @action(description=_("Take off the shop, and keep it off"), permissions=["act"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Listing]) -> None:
        self.do_each(request, rows, lambda row: editing.withdraw(listing=row, now=timezone.now()))

    @action(description=_("Let it be sold again"), permissions=["act"])
    def put_back(self, request: HttpRequest, rows: QuerySet[Listing]) -> None:
        self.do_each(request, rows, lambda row: editing.put_back(listing=row, now=timezone.now()))


@admin.register(PriceRule)
class PriceRuleAdmin(StaffAdmin):
    """A rule is never changed: a new one takes its place, so each price names its rule."""

    may_add = True
    list_display: ClassVar = [
        "version",
        columns.text("channel__code", _("Channel")),
        "fee_rate",
        "margin_rate",
        "tax_rate",
        columns.money("extra_amount", _("Extra per unit"), currency="channel__currency"),
        "ending",
        columns.age("created_at", _("Since")),
    ]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["channel"]
    ordering: ClassVar = ["channel", "-version"]
    add_fieldsets: ClassVar = [
        (
            None,
            {
                "fields": [
                    "channel",
                    "fee_rate",
                    "margin_rate",
                    "tax_rate",
                    "extra_amount",
                    "ending",
                ],
                "description": _("Rates are fractions: 0.35 is 35 %."),
            },
        )
    ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        newest = PriceRule.objects.order_by("-id").first()
        if newest is None:
            return {"ending": Decimal("0.99")}
        names = ("fee_rate", "margin_rate", "tax_rate", "extra_amount", "ending")
        return {"channel": newest.channel_id, **{name: getattr(newest, name) for name in names}}

    def save_model(
        self, request: HttpRequest, obj: PriceRule, form: forms.ModelForm[PriceRule], change: bool
    ) -> None:
        rules = PriceRule.objects.filter(channel=obj.channel)
        obj.version = (rules.aggregate(last=Max("version"))["last"] or 0) + 1
        super().save_model(request, obj, form, change)


@admin.register(Variant)
class VariantAdmin(StaffAdmin):
    list_display: ClassVar = [
        "sku",
        columns.link("product", _("Product")),
        columns.text("option_values", _("Options")),
        "weight_g",
        "lithium",
        columns.state("status", _("State"), ended={"discontinued"}),
    ]
    list_select_related: ClassVar = ["product"]
    list_filter: ClassVar = ["status", "lithium"]
    search_fields: ClassVar = ["sku", "product__title", "identifiers__value"]
    ordering: ClassVar = ["-id"]
    inlines: ClassVar = [
        inline(Identifier, "scheme", "value", "raw", "state"),
        inline(
            Listing,
            "channel",
            "price_amount",
            "available",
            "is_published",
            "is_withdrawn",
            related=("channel",),
        ),
    ]


@admin.register(Category)
class CategoryAdmin(StaffAdmin):
    editable = ("slug", "names", "intros", "families", "google_id", "position")
    may_add = True
    list_display: ClassVar = ["slug", "names", "families", "position"]
    ordering: ClassVar = ["position", "id"]


@admin.register(Channel)
class ChannelAdmin(StaffAdmin):
    editable = ("name", "default_country", "countries", "buffer")
    may_add = True
    list_display: ClassVar = ["code", "name", "currency", "default_country", "buffer"]
    ordering: ClassVar = ["id"]


@admin.register(ExchangeRate)
class ExchangeRateAdmin(StaffAdmin):
    editable = ("rate", "source", "as_of")
    may_add = True
    list_display: ClassVar = ["__str__", "rate", "source", columns.age("as_of", _("As of"))]
    ordering: ClassVar = ["base", "quote"]


show(Brand, list_display=["name", "key"], search_fields=["name"], ordering=["name"])
show(
    Identifier,
    list_display=[
        "scheme",
        "value",
        columns.link("variant", _("Variant")),
        columns.state("state", _("State"), calls={"conflict"}, ended={"verified"}),
    ],
    list_select_related=["variant"],
    list_filter=["scheme", "state"],
    search_fields=["value", "raw", "variant__sku"],
    ordering=["-id"],
)
show(
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
show(
    Spec,
    list_display=[
        columns.link("product", _("Product")),
        "output_lm",
        "beam_m",
        "runtime_high_min",
        "ip_rating",
        "basis",
        columns.text("warnings", _("Unlikely")),
    ],
    list_select_related=["product"],
    list_filter=["basis"],
    search_fields=["product__title"],
    ordering=["-id"],
)
show(
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
show(
    PriceChange,
    list_display=[
        columns.link("listing", _("Variant"), text="listing__variant__sku"),
        columns.money("amount", _("Price"), currency="listing__channel__currency"),
        columns.money("cost_amount", _("Cost"), currency="listing__channel__currency"),
        columns.text("rule__version", _("Rule")),
        columns.age("at", _("When")),
    ],
    list_select_related=["listing__variant", "listing__channel", "rule"],
    search_fields=["listing__variant__sku"],
    ordering=["-id"],
)
show(
    Card,
    list_display=[
        "title",
        "brand",
        "family",
        columns.money("price_amount", _("From"), currency="channel__currency"),
        "available",
        columns.age("as_of", _("Stock is")),
    ],
    list_select_related=["channel"],
    list_filter=["channel", "family"],
    search_fields=["title", "slug"],
    ordering=["-id"],
)
