"""Shipment admin: show shipments, parcel lines, tracking events and corrections."""

from django.utils.translation import gettext_lazy as _

from shipping.models import Parcel, ParcelCorrection, ParcelLine, Shipment, TrackingEvent
from shipping.shipments.admin.parcels import CARRIER_PROBLEMS
from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.staff import columns
from storefront.lib.staff.admin import register_read_only
from storefront.lib.staff.inlines import inline

register_read_only(
    Shipment,
    LargeTable,
    list_display=[
        columns.link("purchase_order", _("Purchase order")),
        columns.link("purchase_order__order", _("Order")),
        columns.age("created_at", _("Created")),
    ],
    list_display_links=None,
    list_select_related=["purchase_order__order"],
    search_fields=["purchase_order__number"],
    ordering=["-id"],
    inlines=[inline(Parcel, "carrier", "number", "status", "carrier_status", tab=False)],
)


register_read_only(
    ParcelLine,
    LargeTable,
    list_display=[
        "__str__",
        columns.link("parcel", _("Parcel")),
        columns.link("order_line__order", _("Order")),
        columns.text("order_line__title", _("Item")),
        "quantity",
    ],
    list_select_related=["parcel", "order_line__order"],
    search_fields=["parcel__number", "order_line__variant__sku", "order_line__order__number"],
    ordering=["-id"],
)


register_read_only(
    TrackingEvent,
    LargeTable,
    list_display=[
        columns.link("parcel", _("Parcel")),
        columns.status(
            "carrier_status", _("Event"), needs_action=CARRIER_PROBLEMS, final={"delivered"}
        ),
        "description",
        "place",
        "number",
        "source",
        columns.age("happened_at", _("Time")),
        columns.age("received_at", _("Received")),
    ],
    list_display_links=["description"],
    list_select_related=["parcel"],
    list_filter=["carrier_status", "source"],
    search_fields=["parcel__number"],
    ordering=["-id"],
)


register_read_only(
    ParcelCorrection,
    list_display=[
        columns.link("parcel", _("Parcel")),
        "kind",
        "before",
        "after",
        "reason",
        "actor",
        columns.age("corrected_at", _("When")),
    ],
    list_display_links=["kind"],
    list_select_related=["parcel"],
    list_filter=["kind"],
    search_fields=["parcel__number", "former_number"],
    ordering=["-id"],
)
