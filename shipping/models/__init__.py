"""Parcels on their way."""

from shipping.models.freight import AskedFreight
from shipping.models.shipment import Parcel, ParcelLine, Shipment, TrackingEvent

__all__ = ["AskedFreight", "Parcel", "ParcelLine", "Shipment", "TrackingEvent"]
