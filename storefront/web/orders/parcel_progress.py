"""Parcel progress: find the stage of a parcel, list its tracking events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shipping.models import Parcel, TrackingEvent
from shipping.shipments.event_sources import drop_superseded
from shipping.shipments.statuses import RANK

CarrierStatus = Parcel.CarrierStatus
MAX_UNFOLDED = 3


class Stage(IntEnum):
    """Progress of a parcel; each stage includes those before it."""

    PLACED = 0
    CONFIRMED = 1
    PACKED = 2
    ON_THE_WAY = 3
    OUT_FOR_DELIVERY = 4
    DELIVERED = 5


STAGES: Mapping[Stage, Promise] = {
    Stage.PLACED: _("Placed"),
    Stage.CONFIRMED: _("Confirmed"),
    Stage.PACKED: _("Packed"),
    Stage.ON_THE_WAY: _("In transit"),
    Stage.OUT_FOR_DELIVERY: _("Out for delivery"),
    Stage.DELIVERED: _("Delivered"),
}
AT_DESTINATION = frozenset(
    {
        CarrierStatus.OUT_FOR_DELIVERY,
        CarrierStatus.ATTEMPT_FAILED,
        CarrierStatus.AVAILABLE_FOR_PICKUP,
    }
)
PROBLEMS = frozenset(
    {
        CarrierStatus.ATTEMPT_FAILED,
        CarrierStatus.EXCEPTION,
        CarrierStatus.RETURN_TO_SENDER,
        *Parcel.UNDELIVERABLE,
        CarrierStatus.LOST,
    }
)
EVENT_TEXTS: Mapping[str, Promise] = {
    **{status.value: status.label for status in CarrierStatus},
    CarrierStatus.UNKNOWN: _("Carrier update"),
    Parcel.Status.RETURNED: Parcel.Status.RETURNED.label,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of the six steps. ``note``: what happened there instead, such as a failed delivery."""

    label: Promise
    is_done: bool
    is_current: bool
    note: Promise | str = ""
    is_problem: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """A tracking event. ``wording``: the carrier's own text, "" if it repeats the label."""

    label: Promise
    wording: str
    place: str
    happened_at: datetime | None


def stage_of(parcel: Parcel) -> Stage:
    if parcel.status == Parcel.Status.SHIPPED and parcel.carrier_status in AT_DESTINATION:
        return Stage.OUT_FOR_DELIVERY
    return {
        Parcel.Status.LABEL_CREATED.value: Stage.PACKED,
        Parcel.Status.DELIVERED.value: Stage.DELIVERED,
    }.get(parcel.status, Stage.ON_THE_WAY)


def steps_of(stage: Stage, parcel: Parcel | None = None) -> list[Step]:
    """Return the six steps; a delivery exception or loss is a note at the step where it happened."""
    status = ""
    if parcel and stage < Stage.DELIVERED:
        is_ended = parcel.status in Parcel.UNDELIVERABLE
        status = parcel.status if is_ended else parcel.carrier_status
    is_problem = status in PROBLEMS
    has_note = is_problem or status == CarrierStatus.AVAILABLE_FOR_PICKUP
    return [
        Step(
            label=label,
            is_done=step <= stage,
            is_current=step == stage,
            note=EVENT_TEXTS[status] if has_note and step == stage else "",
            is_problem=is_problem and step == stage,
        )
        for step, label in STAGES.items()
    ]


def event_views(events: Iterable[TrackingEvent]) -> list[EventView]:
    """Return the events that count, the newest first; those without a time come last."""
    newest_first = sorted(drop_superseded(events), key=_event_key, reverse=True)
    return [
        EventView(
            label=EVENT_TEXTS[event.carrier_status],
            wording=_wording(event),
            place=event.place,
            happened_at=event.happened_at,
        )
        for event in newest_first
    ]


def _wording(event: TrackingEvent) -> str:
    label = str(EVENT_TEXTS[event.carrier_status])
    return "" if event.description.casefold() == label.casefold() else event.description


def _event_key(event: TrackingEvent) -> tuple[bool, float, int, int]:
    happened_at = event.happened_at
    return (
        happened_at is not None,
        happened_at.timestamp() if happened_at else 0.0,
        RANK[event.carrier_status],
        event.pk,
    )
