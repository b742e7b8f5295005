"""Models: export all tables of shipping."""

from shipping.models.problem_reports import ProblemPhoto, ProblemReport, ProblemReportLine
from shipping.models.product_alerts import ProductAlert
from shipping.models.rates import LiveRateLocation
from shipping.models.return_labels import ReturnLabelAccount
from shipping.models.shipments import (
    Parcel,
    ParcelCorrection,
    ParcelLine,
    Shipment,
    TrackingEvent,
)
from shipping.models.silence import (
    RouteTransit,
    SilenceCase,
    SilenceChoice,
    SilenceKind,
    SilenceRule,
)
from shipping.models.trackers import TrackingProvider, TrackingRegistration

__all__ = [
    "LiveRateLocation",
    "Parcel",
    "ParcelCorrection",
    "ParcelLine",
    "ProblemPhoto",
    "ProblemReport",
    "ProblemReportLine",
    "ProductAlert",
    "ReturnLabelAccount",
    "RouteTransit",
    "Shipment",
    "SilenceCase",
    "SilenceChoice",
    "SilenceKind",
    "SilenceRule",
    "TrackingEvent",
    "TrackingProvider",
    "TrackingRegistration",
]
