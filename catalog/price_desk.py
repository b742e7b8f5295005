"""Staff pages of what is sold where, at which price, and by which rule."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog import editing
from catalog.models import Channel, ExchangeRate, Listing, PriceChange, PriceRule
from storefront.lib import columns
from storefront.lib.staff import StaffAdmin, action, inline, show


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

    @action(description=_("Take off the shop, and keep it off"))
    def withdraw(self, request: HttpRequest, rows: QuerySet[Listing]) -> None:
        self.do_each(request, rows, lambda row: editing.withdraw(listing=row, now=timezone.now()))

    @action(description=_("Let it be sold again"))
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
