"""Staff pages of what suppliers offer and have, and of every unit that moved."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from storefront.lib import columns
from storefront.lib.inlines import inline
from storefront.lib.naming import NamedFilter
from storefront.lib.staff import StaffAdmin, show
from suppliers.models import (
    CostChange,
    Countdown,
    PageBatch,
    StockLevel,
    StockLocation,
    StockMovement,
    SupplierOffer,
    SupplierProduct,
    UnpublishedSupply,
)
from suppliers.models.offer import SupplierOfferQuerySet
from suppliers.models.stock import StockLevelQuerySet
from suppliers.offer_desk import HandActions, origins


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


@admin.register(SupplierOffer)
class SupplierOfferAdmin(HandActions):
    list_display: ClassVar = [
        "supplier_sku",
        columns.text("supplier__name", _("Supplier")),
        columns.link("variant", _("Variant")),
        "title",
        columns.money("cost_amount", _("Cost")),
        columns.state("status", _("State"), calls={"held"}, ended={"gone"}),
        "missing_evidence",
        columns.age("cost_known_at", _("Cost confirmed")),
        columns.age("seen_at", _("Seen")),
    ]
    list_select_related: ClassVar = ["supplier", "variant"]
    list_filter: ClassVar = [
        "status",
        "supplier",
        ("variant", admin.EmptyFieldListFilter),
        ("missing_evidence", admin.EmptyFieldListFilter),
    ]
    search_fields: ClassVar = ["supplier_sku", "supplier_product", "title", "variant__sku"]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [
        columns.page("supply:offers", _("Supply"), _("Offers side by side"), of="variant_id"),
        columns.age("cost_known_at", _("Cost confirmed")),
        origins,
    ]
    actions_detail: ClassVar = HandActions.hand_actions
    fits: ClassVar = HandActions.hand_fits
    inlines: ClassVar = [
        inline(
            StockLevel,
            "location",
            "reported_quantity",
            "reserved",
            "allocated_unseen",
            columns.age("known_at", _("Confirmed")),
            asks=("with_known_at",),
            related=("location__supplier",),
            tab=False,
        ),
        inline(
            CostChange,
            "at",
            "old_amount",
            "new_amount",
            "cause",
            ordering=["-id"],
            tab=False,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupplierOffer]:
        rows = cast("SupplierOfferQuerySet", super().get_queryset(request))
        return rows.with_cost_known_at()


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
    CostChange,
    list_display=[
        columns.link("offer", _("SKU"), text="offer__supplier_sku"),
        columns.text("offer__supplier__name", _("Supplier")),
        columns.money("old_amount", _("Before"), currency="offer__currency"),
        columns.money("new_amount", _("After"), currency="offer__currency"),
        "cause",
        columns.age("at", _("When")),
    ],
    list_display_links=None,
    list_select_related=["offer__supplier"],
    search_fields=["offer__supplier_sku", "cause"],
    ordering=["-id"],
)
show(
    SupplierProduct,
    list_display=[
        "ref",
        columns.text("supplier__name", _("Supplier")),
        columns.state("status", _("State"), calls={"refused"}, ended={"gone"}),
        columns.age("changed_at", _("Changed")),
    ],
    list_select_related=["supplier"],
    list_filter=["status", "supplier"],
    search_fields=["ref"],
    ordering=["-id"],
)
show(
    PageBatch,
    list_display=["id", columns.link("run", _("Run")), "done"],
    list_select_related=["run__supplier"],
    ordering=["id"],
)
show(
    UnpublishedSupply,
    list_display=["id", columns.link("variant", _("Variant"))],
    list_select_related=["variant"],
    ordering=["id"],
)
