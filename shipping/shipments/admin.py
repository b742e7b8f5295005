"""Parcel desk."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from shipping.models import Parcel, ParcelLine, Shipment, TrackingEvent
from shipping.shipments.lists_desk import ListActions
from storefront.lib.staff import columns
from storefront.lib.staff.admin import show
from storefront.lib.staff.inlines import inline

CARRIER_CALLS = {"exception", "return_to_sender", "lost", "expired"}


@admin.display(description=_("Tracking page"))
def tracking_page(parcel: Parcel) -> str | None:
    """Lead to the carrier; what is no web address is shown as text, never as a link."""
    if not parcel.tracking_url.startswith("https://"):
        return parcel.tracking_url or None
    return format_html('<a href="{0}" rel="noreferrer">{0}</a>', parcel.tracking_url)


@admin.register(Parcel)
class ParcelAdmin(ListActions):
    actions_list: ClassVar = ListActions.lists_actions
    list_display: ClassVar = [
        "number",
        "carrier",
        columns.link("shipment__purchase_order", _("Purchase order")),
        columns.link("shipment__purchase_order__order", _("Order")),
        columns.state("status", _("State"), ended={"delivered", "voided"}),
        columns.state(
            "carrier_status",
            _("The carrier says"),
            calls=CARRIER_CALLS,
            waits={"unknown", "pre_transit"},
            ended={"delivered"},
        ),
        columns.age("carrier_status_at", _("Said")),
        columns.age("announced_at", _("Announced")),
    ]
    list_select_related: ClassVar = ["shipment__purchase_order__order"]
    list_filter: ClassVar = ["status", "carrier_status", "carrier"]
    search_fields: ClassVar = [
        "number",
        "shipment__purchase_order__number",
        "shipment__purchase_order__order__number",
    ]
    ordering: ClassVar = ["-id"]
    readonly_fields: ClassVar = [
        columns.link("shipment__purchase_order__order", _("Order")),
        tracking_page,
        columns.moves,
    ]
    exclude: ClassVar = ["tracking_url"]
    inlines: ClassVar = [
        inline(ParcelLine, "order_line", "quantity", tab=False, related=("order_line",)),
        inline(
            TrackingEvent,
            "happened_at",
            "carrier_status",
            "description",
            "place",
            "received_at",
            tab=False,
            ordering=["-happened_at", "-id"],
        ),
    ]


show(
    Shipment,
    list_display=[
        columns.link("purchase_order", _("Purchase order")),
        columns.link("purchase_order__order", _("Order")),
        columns.age("created_at", _("Since")),
    ],
    list_display_links=None,
    list_select_related=["purchase_order__order"],
    search_fields=["purchase_order__number"],
    ordering=["-id"],
    inlines=[inline(Parcel, "carrier", "number", "status", "carrier_status", tab=False)],
)


show(
    ParcelLine,
    list_display=[
        "__str__",
        columns.link("parcel", _("Parcel")),
        columns.link("order_line__order", _("Order")),
        columns.text("order_line__title", _("What")),
        "quantity",
    ],
    list_select_related=["parcel", "order_line__order"],
    search_fields=["parcel__number", "order_line__sku", "order_line__order__number"],
    ordering=["-id"],
)


show(
    TrackingEvent,
    list_display=[
        columns.link("parcel", _("Parcel")),
        columns.state("carrier_status", _("News"), calls=CARRIER_CALLS, ended={"delivered"}),
        "description",
        "place",
        columns.age("happened_at", _("Happened")),
        columns.age("received_at", _("Heard")),
    ],
    list_display_links=["description"],
    list_select_related=["parcel"],
    list_filter=["carrier_status"],
    search_fields=["parcel__number", "description"],
    ordering=["-id"],
)
