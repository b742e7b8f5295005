"""Column labels: name the tables and columns of shipping for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "Parcel": (_("parcel"), _("parcels")),
    "Shipment": (_("shipment"), _("shipments")),
    "ParcelLine": (_("parcel line"), _("parcel lines")),
    "LiveRateLocation": (_("supplier shipping quote"), _("supplier shipping quotes")),
    "TrackingEvent": (_("tracking event"), _("tracking events")),
}
COLUMNS = {
    "location": _("From"),
    "is_active": _("Active"),
    "shipment": _("Shipment"),
    "carrier": _("Carrier"),
    "number": _("Tracking number"),
    "tracking_url": _("Tracking link"),
    "status": _("Status"),
    "status_since": _("Status since"),
    "carrier_status": _("Carrier status"),
    "carrier_status_at": _("Carrier status at"),
    "label_created_at": _("Announced"),
    "is_content_unknown": _("Contents unknown"),
    "purchase_order": _("Purchase order"),
    "created_at": _("Created"),
    "parcel": _("Parcel"),
    "order_line": _("Order line"),
    "quantity": _("Quantity"),
    "external_id": _("Carrier event ID"),
    "description": _("Carrier description"),
    "place": _("Place"),
    "happened_at": _("Time"),
    "received_at": _("Received"),
}
