"""Event sources: decide which tracking events of a parcel count if two sources report it. Pure.

The supplier comes first. The tracking provider's events fill the gaps: they neither repeat nor
contradict what the supplier reports.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from shipping.shipments.statuses import WITH_CARRIER

SUPPLIER, PROVIDER = "supplier", "provider"
# Two reports of one scan differ by at most this: by rounding, or by a time zone of Europe.
SAME_SCAN = timedelta(hours=3)
# The end of a parcel's journey counts from either source, once.
OUTCOMES = frozenset({"delivered", "return_to_sender", "lost"})


class SourcedEvent(Protocol):
    @property
    def source(self) -> str: ...
    @property
    def carrier_status(self) -> str: ...
    @property
    def happened_at(self) -> datetime | None: ...


def drop_superseded[E: SourcedEvent](events: Iterable[E]) -> list[E]:
    """Return the events that count, in the given order.

    All events of the supplier count. An event of the provider does not count if the supplier
    reports the same outcome, at any time; or the same status at about the same time; or, at about
    the same time, another status of a parcel that the carrier has, unless the provider's is an
    outcome.

    The result depends only on the set of events, and an event that marks the parcel shipped or
    ended always leaves one that does. So the order of arrival does not matter.
    """
    known = [*events]
    own = [event for event in known if event.source == SUPPLIER]
    return [
        event
        for event in known
        if event.source == SUPPLIER or not any(_supersedes(reported, event) for reported in own)
    ]


def _supersedes(reported: SourcedEvent, event: SourcedEvent) -> bool:
    """Return whether the supplier's report stands for the provider's event."""
    is_same = reported.carrier_status == event.carrier_status
    if event.carrier_status in OUTCOMES:
        return is_same
    if reported.happened_at is None or event.happened_at is None:
        return False
    is_near = abs(reported.happened_at - event.happened_at) <= SAME_SCAN
    return is_near and (is_same or reported.carrier_status in WITH_CARRIER)
