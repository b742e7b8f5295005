"""Models: export all tables of shipping."""

from shipping.models.rates import LiveRateLocation
from shipping.models.shipments import (
    Parcel,
    ParcelCorrection,
    ParcelLine,
    Shipment,
    TrackingEvent,
)
from shipping.models.trackers import TrackingProvider, TrackingRegistration

__all__ = [
    "LiveRateLocation",
    "Parcel",
    "ParcelCorrection",
    "ParcelLine",
    "Shipment",
    "TrackingEvent",
    "TrackingProvider",
    "TrackingRegistration",
]
