"""Default rules: list the limits for silent parcels of a new shop."""

from collections.abc import Mapping, Sequence
from typing import Any


def _limits(
    kind: str,
    customer: int,
    offer: int | None,
    staff: int,
    repeat: int,
    **more: Any,
) -> Mapping[str, Any]:
    return {
        "kind": kind,
        "customer_after_days": customer,
        "offer_after_days": offer,
        "staff_after_days": staff,
        "repeat_after_days": repeat,
        "can_refund": offer is not None,
        "can_replace": offer is not None,
        **more,
    }


# In days from the start of the silence: the customer is told, gets an offer, staff see it. The last
# number is the days until the customer gets the next message.
DEFAULT_RULES: Sequence[Mapping[str, Any]] = (
    _limits("no_scan", 3, 8, 4, 7),
    _limits("no_event", 7, 14, 9, 7),
    # Parcels from China are not scanned between the export and the import.
    _limits("no_event", 12, 21, 14, 7, origin="CN"),
    _limits("late", 1, 7, 3, 7),
    _limits("customs", 5, 21, 7, 7),
    _limits("pickup", 2, None, 4, 3, kept_days=7),
    _limits("returning", 1, 1, 2, 7),
    _limits("expired", 1, 7, 2, 7),
)
