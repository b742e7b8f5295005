"""Parcels on their way."""

from shipping.models.shipment import Parcel, ParcelLine, Shipment, TrackingEvent

__all__ = ["Parcel", "ParcelLine", "Shipment", "TrackingEvent"]
