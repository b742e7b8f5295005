"""Staff pages of what suppliers offer and have, and of every unit that moved."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, show
from storefront.lib.staff.inlines import inline
from storefront.lib.staff.naming import NamedFilter
from suppliers.models import (
    Countdown,
    StockLevel,
    StockLocation,
    StockMovement,
    UnpublishedSupply,
)
from suppliers.models.inventory import StockLevelQuerySet


@admin.register(StockLevel)
class StockLevelAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.text("offer__supplier_sku", _("Supplier's SKU")),
        columns.link("offer__variant", _("Variant")),
        columns.text("offer__supplier__name", _("Supplier")),
        columns.text("location__code", _("Where")),
        "reported_quantity",
        "buffer",
        "reserved",
        "allocated_unseen",
        columns.text("aged", _("Kept back for its age")),
        columns.text("free", _("Available")),
        columns.age("known_at", _("Confirmed")),
    ]
    list_select_related: ClassVar = ["offer__variant", "offer__supplier", "location__supplier"]
    list_filter: ClassVar = ["offer__supplier", ("location", NamedFilter)]
    search_fields: ClassVar = ["offer__supplier_sku", "offer__variant__sku"]
    ordering: ClassVar = ["-id"]
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[StockLevel]:
        rows = cast("StockLevelQuerySet", super().get_queryset(request))
        return rows.with_available(timezone.now())


@admin.display(description=_("Median lag"))
def median(measured: Countdown) -> timedelta | None:
    return None if measured.median_s is None else timedelta(seconds=measured.median_s)


@admin.display(description=_("No longer than"))
def tail(measured: Countdown) -> timedelta | None:
    return None if measured.tail_s is None else timedelta(seconds=measured.tail_s)


COUNTDOWN = (
    columns.state("at", _("Counts our orders down at")),
    median,
    tail,
    "order_counted",
    "order_missed",
    "shipment_counted",
    "shipment_missed",
    columns.age("measured_at", _("Measured")),
)
show(
    Countdown,
    list_display=[
        columns.link("supplier", _("Supplier"), text="supplier__name"),
        columns.text("supplier__counts_down_at", _("As told")),
        *COUNTDOWN,
    ],
    list_display_links=None,
    list_select_related=["supplier"],
    ordering=["supplier"],
)
show(
    StockLocation,
    list_display=[
        "code",
        columns.text("supplier__name", _("Supplier")),
        "country",
        "name",
        columns.age("stock_as_of", _("Stock confirmed")),
    ],
    list_select_related=["supplier"],
    list_filter=["supplier", "country"],
    ordering=["supplier", "code"],
)
show(
    StockMovement,
    list_display=[
        columns.link("level", _("SKU"), text="level__offer__supplier_sku"),
        columns.text("level__location__code", _("Where")),
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
    search_fields=["cause", "level__offer__supplier_sku"],
    ordering=["-id"],
)
show(
    UnpublishedSupply,
    list_display=["id", columns.link("variant", _("Variant"))],
    list_select_related=["variant"],
    ordering=["id"],
)
