"""Listing admin: explain and chart a price, delist, relist, show price changes."""

from decimal import Decimal
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.listings import (
    fixed_prices,
    price_comparison,
    price_explanation,
    publication,
    stock_cover,
)
from catalog.models import Listing, PriceChange
from catalog.pricing import history, labels
from catalog.staff_search.variants import VariantRows
from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.line_charts import price_chart
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    FormData,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    permission_check,
    register_read_only,
)
from storefront.lib.staff.inlines import inline

CHANNEL_AMOUNTS = (
    "price_amount",
    "fixed_price_amount",
    "cost_amount",
    "landed_amount",
    "floor_amount",
    "break_even_amount",
)
SUPPLIER_AMOUNTS = ("map_amount", "msrp_amount")


class FixedPriceForm(forms.Form):
    """Form for the fixed price of a listing, in the currency of its channel."""

    amount = forms.DecimalField(
        label=_("Price"),
        help_text=_("In the currency of the channel."),
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
    )


def _amount(name: str, currency: str) -> columns.Column:
    label = columns.field_label(Listing, name)
    return columns.money(name, label, currency=currency)


class CoverFilter(admin.SimpleListFilter):
    """Filter of listings by the days that their stock lasts."""

    title = _("Days of cover")
    parameter_name = "cover"

    def lookups(self, _request: HttpRequest, _admin: object) -> list[tuple[str, str]]:
        return [(str(days), str(label)) for days, label in stock_cover.BANDS.items()]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Listing]) -> QuerySet[Listing]:
        days = next((days for days in stock_cover.BANDS if str(days) == self.value()), None)
        if days is None:
            return rows
        return rows.filter(pk__in=stock_cover.ids_in_band(days, now=timezone.now()))


@admin.register(Listing)
class ListingAdmin(VariantRows, StaffAdmin):
    list_display: ClassVar = [
        "title",
        columns.link("variant", _("Variant"), text="variant__sku"),
        columns.text("channel__name", _("Channel")),
        columns.money("price_amount", _("Price"), currency="channel__currency"),
        columns.money("cost_amount", _("Cost"), currency="channel__currency"),
        columns.money("landed_amount", _("Landed cost"), currency="channel__currency"),
        "available",
        columns.age("as_of", _("Availability")),
        "is_published",
        "is_delisted",
    ]
    list_select_related: ClassVar = ["variant__product", "channel"]
    list_filter: ClassVar = ["channel", "is_published", "is_delisted", CoverFilter]
    search_fields: ClassVar = ["variant__sku", "variant__product__title"]
    ordering: ClassVar = ["-id"]
    inlines: ClassVar = [
        inline(
            PriceChange,
            columns.money("amount", _("Price"), currency="listing__channel__currency"),
            columns.money("cost_amount", _("Cost"), currency="listing__channel__currency"),
            "rule",
            "at",
            related=("listing__channel", "rule__book"),
            ordering=["-id"],
        )
    ]
    exclude: ClassVar = [
        *CHANNEL_AMOUNTS,
        "wholesale_amount",
        *SUPPLIER_AMOUNTS,
        "origins",
        "ships_from",
        "areas_from",
    ]
    readonly_fields: ClassVar = [
        columns.page(
            "supply:offers",
            _("Supply"),
            _("Compare offers"),
            right="suppliers.view_supplieroffer",
            of="variant_id",
        ),
        "history",
        *(_amount(name, "channel__currency") for name in CHANNEL_AMOUNTS),
        _amount("wholesale_amount", "wholesale_currency"),
        *(_amount(name, "map_currency") for name in SUPPLIER_AMOUNTS),
        columns.text("origins", _("Ships from")),
        columns.pairs("ships_from", _("Units by origin country")),
    ]
    actions: ClassVar = ["withdraw", "put_back"]
    rights: ClassVar = {"history": VIEW_COSTS}  # a chart of prices and costs
    actions_detail: ClassVar = ["explain", "fix", "release"]
    available_if: ClassVar = {"release": lambda row: row.fixed_price_amount is not None}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        listings: QuerySet[Listing] = super().get_queryset(request)
        return listings.select_related("variant__product", "channel", "rule__book")

    @admin.display(description=_("Product"))
    def title(self, listing: Listing) -> str:
        return listing.variant.product.title

    @admin.display(description=_("Price and cost over time"))
    def history(self, listing: Listing) -> str:
        drawn = price_chart(history.load_prices(listing=listing), until=timezone.now())
        context = {"chart": drawn, "currency": listing.channel.currency}
        return render_to_string("catalog/listings/price_chart.html", context)

    @action(description=_("Unpublish"))
    def withdraw(self, request: HttpRequest, rows: QuerySet[Listing]) -> None:
        self.apply_to_each(
            request, rows, lambda row: publication.delist(listing=row, now=timezone.now())
        )

    @action(description=_("Publish"))
    def put_back(self, request: HttpRequest, rows: QuerySet[Listing]) -> None:
        self.apply_to_each(
            request, rows, lambda row: publication.relist(listing=row, now=timezone.now())
        )

    @confirmed_action(
        description=_("Fix the price"),
        icon="push_pin",
        explain=_(
            "The price stays at this amount until you release it. The minimum margin, MAP and MSRP"
            " still apply, and a large change is held for approval."
        ),
        form_class=FixedPriceForm,
    )
    def fix(self, request: HttpRequest, listing: Listing, data: FormData) -> str:
        amount: Decimal = data["amount"]
        with transaction.atomic():
            done = fixed_prices.fix_price(listing=listing, amount=amount, **acting(request))
        if done.price == amount:
            return gettext("The price is fixed.")
        return gettext("The price was not set as entered. Look at the calculation of the price.")

    @confirmed_action(
        description=_("Release the fixed price"),
        icon="keep_off",
        explain=_("The price is calculated by the rules of the price book again."),
        done=_("Released."),
    )
    def release(self, request: HttpRequest, listing: Listing, _data: FormData) -> None:
        with transaction.atomic():
            fixed_prices.fix_price(listing=listing, amount=None, **acting(request))

    has_costs_permission = permission_check(VIEW_COSTS)

    @action(description=_("Explain the price"), icon="calculate", may="costs")
    def explain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        listing = self.row(request, object_id)
        explanation = price_explanation.explain(listing=listing, now=timezone.now())
        currency = listing.channel.currency
        return self.render_page(
            request,
            "catalog/listings/price_explanation.html",
            listing,
            title=gettext("Price calculation"),
            hold=explanation.hold,
            hold_message=explanation.hold and labels.hold_message(explanation.hold),
            current_price=listing.price_amount
            and columns.as_money(Money(listing.price_amount, currency)),
            steps=[
                {
                    "label": labels.step_label(step.code),
                    "note": labels.step_note(step),
                    "amount": ""
                    if step.amount is None
                    else columns.as_money(Money(step.amount, currency)),
                }
                for step in explanation.steps
            ],
            rules=[
                {"row": rule, "scope": labels.rule_scope(rule), "method": labels.rule_method(rule)}
                for rule in explanation.rules
            ],
        )


@admin.display(description=_("Cost breakdown"))
def breakdown(change: PriceChange) -> str:
    return price_comparison.compare_change(change)


register_read_only(
    PriceChange,
    LargeTable,
    list_display=[
        columns.link("listing", _("Variant"), text="listing__variant__sku"),
        columns.money("amount", _("Price"), currency="listing__channel__currency"),
        columns.money("cost_amount", _("Cost"), currency="listing__channel__currency"),
        columns.money("old_amount", _("Previous price"), currency="listing__channel__currency"),
        columns.text("rule__book__version", _("Price book")),
        columns.text("rule__number", _("Rule")),
        columns.age("at", _("Time")),
    ],
    list_select_related=["listing__variant", "listing__channel", "rule__book"],
    exclude=["breakdown"],
    readonly_fields=[breakdown],
    search_fields=["listing__variant__sku"],
    ordering=["-id"],
)
