"""17TRACK statuses: map its statuses and stages of an event to carrier statuses. Pure.

Source: the provider's API documentation, version 2.4: nine statuses with sub-statuses such as
``InTransit_PickedUp``, and the stages of events.
"""

from collections.abc import Mapping
from types import MappingProxyType

from shipping.shipments.statuses import from_text

STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "NotFound": "unknown",
        "InfoReceived": "pre_transit",
        "InTransit": "in_transit",
        "Expired": "expired",
        "AvailableForPickup": "available_for_pickup",
        "OutForDelivery": "out_for_delivery",
        "DeliveryFailure": "attempt_failed",
        "Delivered": "delivered",
        "Exception": "exception",
    }
)
# The sub-statuses that mean something else than their status.
SUB_STATUSES: Mapping[str, str] = MappingProxyType(
    {
        "Exception_Returning": "return_to_sender",
        "Exception_Returned": "return_to_sender",
        "Exception_Lost": "lost",
    }
)
STAGES: Mapping[str, str] = MappingProxyType(
    {
        "PickedUp": "in_transit",
        "Departure": "in_transit",
        "Arrival": "in_transit",
        "Returning": "return_to_sender",
        "Returned": "return_to_sender",
    }
)


def status_of(*, sub_status: str, stage: str, text: str) -> str:
    """Return the carrier status of an event: by sub-status, else by stage, else by its text."""
    if sub_status in SUB_STATUSES:
        return SUB_STATUSES[sub_status]
    for name in (sub_status.partition("_")[0], stage):
        if name in STATUSES:
            return STATUSES[name]
        if name in STAGES:
            return STAGES[name]
    return from_text(text)
