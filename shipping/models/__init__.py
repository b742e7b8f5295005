"""Models: export all tables of shipping."""

from shipping.models.rates import LiveRateLocation
from shipping.models.shipments import Parcel, ParcelLine, Shipment, TrackingEvent

__all__ = ["LiveRateLocation", "Parcel", "ParcelLine", "Shipment", "TrackingEvent"]
