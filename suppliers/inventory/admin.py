"""Inventory admin: show stock, locations and movements, set a supplier's safety stock."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from catalog.staff_search.variants import search_variants
from storefront.lib.db.indexed_search import LargeTable, find
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, action, register_read_only
from storefront.lib.staff.columns import NamedFilter
from storefront.lib.staff.inlines import inline
from suppliers.inventory import safety_stock
from suppliers.models import (
    PendingPublication,
    StockDecrement,
    StockLevel,
    StockLocation,
    StockMovement,
    SupplierOffer,
)
from suppliers.models.inventory import StockLevelQuerySet
from suppliers.scorecards import statistics


@admin.register(StockLevel)
class StockLevelAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.text("offer__supplier_sku", _("Supplier SKU")),
        columns.link("offer__variant", _("Variant")),
        columns.text("offer__supplier__name", _("Supplier")),
        columns.text("location__code", _("Location")),
        "reported_quantity",
        "safety_stock",
        "reserved",
        "allocated_outstanding",
        columns.text("aged", _("Withheld due to age")),
        columns.text("free", _("Available")),
        columns.age("known_at", _("Confirmed")),
    ]
    list_select_related: ClassVar = ["offer__variant", "offer__supplier", "location__supplier"]
    list_filter: ClassVar = ["offer__supplier", ("location", NamedFilter)]
    search_fields: ClassVar = ["offer__supplier_sku"]  # shows the search box
    ordering: ClassVar = ["-id"]
    sortable_by: ClassVar = ()  # no index can serve it, and each update of stock would write one
    readonly_fields: ClassVar = [columns.age("known_at", _("Confirmed"))]
    inlines: ClassVar = [
        inline(
            StockMovement,
            "at",
            "kind",
            "reported_delta",
            "reserved_delta",
            "allocated_delta",
            "cause",
            tab=False,
            ordering=["-id"],
        )
    ]

    def search_condition(self, text: str) -> Q | None:
        """Find by the number of the offer, else by its variant."""
        if offers := find(SupplierOffer.objects.number_searches(text)):
            return Q(offer__in=offers.all())
        return search_variants(text, path="offer__variant__")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockLevel]:
        rows = cast("StockLevelQuerySet", super().get_queryset(request))
        return rows.with_available(timezone.now())


@admin.display(description=_("Median delay"))
def median_lag(measured: StockDecrement) -> timedelta | None:
    return None if measured.median_lag_s is None else timedelta(seconds=measured.median_lag_s)


@admin.display(description=_("Maximum delay"))
def max_lag(measured: StockDecrement) -> timedelta | None:
    return None if measured.max_lag_s is None else timedelta(seconds=measured.max_lag_s)


DECREMENT_FIELDS = (
    columns.status("at", _("Stock reduced at")),
    median_lag,
    max_lag,
    "decrements_observed_after_order",
    "decrements_not_observed_after_order",
    "decrements_observed_after_shipment",
    "decrements_not_observed_after_shipment",
    columns.age("measured_at", _("Measured at")),
)
register_read_only(
    StockDecrement,
    list_display=[
        columns.link("supplier", _("Supplier"), text="supplier__name"),
        columns.text("supplier__stock_decremented_at", _("As reported")),
        *DECREMENT_FIELDS,
    ],
    list_display_links=None,
    list_select_related=["supplier"],
    ordering=["supplier"],
)
register_read_only(
    StockLocation,
    list_display=[
        "code",
        columns.text("supplier__name", _("Supplier")),
        "country",
        "name",
        columns.age("stock_confirmed_at", _("Stock confirmed at")),
    ],
    list_select_related=["supplier"],
    list_filter=["supplier", "country"],
    ordering=["supplier", "code"],
)
register_read_only(
    StockMovement,
    LargeTable,
    list_display=[
        columns.link("level", _("SKU"), text="level__offer__supplier_sku"),
        columns.text("level__location__code", _("Location")),
        "kind",
        "reported_delta",
        "reserved_delta",
        "allocated_delta",
        "cause",
        columns.age("at", _("When")),
    ],
    list_display_links=["kind"],
    list_select_related=["level__offer", "level__location"],
    list_filter=["kind"],
    search_fields=["level__offer__supplier_sku"],
    ordering=["-id"],
)
register_read_only(
    PendingPublication,
    list_display=["id", columns.link("variant", _("Variant"))],
    list_select_related=["variant"],
    ordering=["id"],
)


# Safety stock

MAX_SAFETY_STOCK = 1_000


class SafetyStockForm(forms.Form):
    units = forms.IntegerField(
        label=_("Units of each product and warehouse that are never sold"),
        min_value=0,
        max_value=MAX_SAFETY_STOCK,
        widget=UnfoldAdminIntegerFieldWidget,
    )


class SafetyStockActions(StaffAdmin):
    @action(description=_("Set safety stock"), icon="inventory_2")
    def set_safety_stock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supplier = self.row(request, object_id)
        suggestion = safety_stock.suggest(supplier=supplier, now=timezone.now())
        explanation = gettext(
            "In 90 days, %(refused)d of %(promised)d confirmed lines were rejected."
        ) % {"refused": suggestion.refused, "promised": suggestion.promised}
        if suggestion.units is None:
            explanation += " " + gettext("There is no suggestion below %(few)d lines.") % {
                "few": statistics.MIN_PROMISES
            }
        else:
            explanation += " " + gettext("Suggested: %(units)d.") % {"units": suggestion.units}

        def act(values: Mapping[str, Any]) -> None:
            safety_stock.set_units(supplier=supplier, units=values["units"], **acting(request))

        return self.ask(
            request,
            supplier,
            title=gettext("Set safety stock"),
            explain=explanation,
            form_class=SafetyStockForm,
            initial={
                "units": supplier.safety_stock if suggestion.units is None else suggestion.units
            },
            act=act,
            done=gettext("Saved. The safety stock applies from the next stock sync."),
        )
