"""Carrier statuses: map the texts of carriers and suppliers to statuses, find the latest. Pure.

The statuses are those of ``shipping.Parcel.CarrierStatus``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

# Of updates with the same time, the higher rank wins.
RANK: Mapping[str, int] = MappingProxyType(
    {
        "unknown": 0,
        "pre_transit": 1,
        "in_transit": 2,
        "out_for_delivery": 3,
        "attempt_failed": 4,
        "available_for_pickup": 5,
        "exception": 6,
        "expired": 7,
        "return_to_sender": 8,
        "lost": 9,
        "delivered": 10,
    }
)
FINAL = "delivered"
# These statuses mean that the carrier has the parcel.
WITH_CARRIER = frozenset(RANK) - {"unknown", "pre_transit", "expired"}

# Source: CJ's trackingStatus, 0 to 14.
CJ_CODES: Mapping[int, str] = MappingProxyType(
    {
        0: "pre_transit",
        1: "in_transit",  # out of the warehouse
        2: "in_transit",
        3: "return_to_sender",  # the forwarder sends it back
        4: "in_transit",
        5: "in_transit",
        6: "in_transit",
        7: "in_transit",  # customs
        8: "in_transit",
        9: "in_transit",
        10: "out_for_delivery",
        11: "available_for_pickup",
        12: "delivered",
        13: "exception",
        14: "return_to_sender",
    }
)

# The first match wins, so specific patterns come first: "not delivered" is no delivery, and
# "delivered back to the sender" is a return.
_TEXT_PATTERNS = (
    ("return_to_sender", r"return|sent back|back to (the )?sender"),
    ("lost", r"\blost\b|missing"),
    ("attempt_failed", r"attempt|nobody|no one|not (at )?home|undelivered|not delivered"),
    ("attempt_failed", r"deliver\w* (has )?failed|fail\w* (to deliver|delivery)|unsuccessful"),
    ("exception", r"exception|damage|abnormal|failed|held|seized|destroyed|refused|undeliverable"),
    ("expired", r"expired"),
    ("out_for_delivery", r"out for delivery|with (the )?courier|on (the )?vehicle"),
    ("available_for_pickup", r"pick.?up|collection|awaiting collect|parcel (shop|locker)"),
    ("pre_transit", r"label|pre.?shipment|pre.?transit|information received|pre.?advice|announced"),
    ("pre_transit", r"not (yet )?(shipped|found|scanned)|awaiting|pending|created"),
    ("delivered", r"delivered|signed|proof of delivery"),
    ("in_transit", r"transit|shipped|departed|arriv|customs|accepted|sorting|handed|dispatch"),
    ("in_transit", r"outbound|forward|flight|hub|on its way|processed|moving|picked up"),
    ("in_transit", r"\bleft\b|received by"),
)
_PATTERNS = tuple((word, re.compile(pattern)) for word, pattern in _TEXT_PATTERNS)
_MAX_TEXT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingUpdate:
    """One update of a carrier about one parcel.

    ``happened_at`` is the carrier's own time, None if it gives none. ``external_id`` is the
    carrier's event id, if it has one. ``source`` is as in ``event_sources``.
    """

    status: str
    text: str = ""
    place: str = ""
    happened_at: datetime | None = None
    external_id: str = ""
    source: str = "supplier"


def from_code(code: int) -> str:
    """Map a CJ status code; an unlisted code is ``unknown``."""
    return CJ_CODES.get(code, "unknown")


def from_text(text: str) -> str:
    """Map a carrier's text; a text that matches no pattern is ``unknown``."""
    normalized = text.strip().casefold().replace("_", " ")[:_MAX_TEXT]
    if normalized.replace(" ", "_") in RANK:
        return normalized.replace(" ", "_")
    if normalized.isdecimal() and normalized.isascii():
        return from_code(int(normalized[:4]))
    for status, pattern in _PATTERNS:
        if pattern.search(normalized):
            return status
    return "unknown"


def latest(updates: Iterable[tuple[datetime | None, str]]) -> tuple[datetime | None, str]:
    """Return the current status: the newest by the carrier's time, then by rank.

    The result does not depend on the order or repetition of updates. Delivered is final. Updates
    without a time are older than any with one. ``unknown`` updates change nothing.
    """
    best: tuple[datetime | None, str] = (None, "unknown")
    for update in updates:
        if _sort_key(update) > _sort_key(best):
            best = update
    return best


def _sort_key(update: tuple[datetime | None, str]) -> tuple[bool, bool, bool, float, int]:
    happened_at, status = update
    seconds = happened_at.timestamp() if happened_at else 0.0
    return (status == FINAL, status != "unknown", happened_at is not None, seconds, RANK[status])
