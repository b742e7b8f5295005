"""Parcels on their way, and what it costs to send one."""

from shipping.models.rate import Service
from shipping.models.shipment import Parcel, ParcelLine, Shipment, TrackingEvent

__all__ = ["Parcel", "ParcelLine", "Service", "Shipment", "TrackingEvent"]
