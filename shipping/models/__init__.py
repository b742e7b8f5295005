"""Models: export all tables of shipping."""

from shipping.models.rates import AskedFreight
from shipping.models.shipments import Parcel, ParcelLine, Shipment, TrackingEvent

__all__ = ["AskedFreight", "Parcel", "ParcelLine", "Shipment", "TrackingEvent"]
