"""Column labels: name the tables and columns of shipping for staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

TABLES = {
    "Parcel": (_("parcel"), _("parcels")),
    "Shipment": (_("shipment"), _("shipments")),
    "ParcelLine": (_("line of a parcel"), _("lines of parcels")),
    "AskedFreight": (_("freight as the supplier says"), _("freights as the supplier says")),
    "TrackingEvent": (_("news of a parcel"), _("news of parcels")),
}
COLUMNS = {
    "location": _("From"),
    "is_active": _("In use"),
    "shipment": _("Shipment"),
    "carrier": _("Carrier"),
    "number": _("Tracking number"),
    "tracking_url": _("Where it is tracked"),
    "status": _("State"),
    "status_since": _("Since"),
    "carrier_status": _("The carrier says"),
    "carrier_status_at": _("Said at"),
    "announced_at": _("Announced"),
    "is_content_unknown": _("Nobody knows what is in it"),
    "purchase_order": _("Purchase order"),
    "created_at": _("Made"),
    "parcel": _("Parcel"),
    "order_line": _("Line of the order"),
    "quantity": _("Quantity"),
    "external_id": _("The carrier's number of it"),
    "description": _("In the carrier's words"),
    "place": _("Place"),
    "happened_at": _("When"),
    "received_at": _("Heard"),
}
