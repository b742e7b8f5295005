"""Report eligibility: which problems of a parcel can be reported now, from when, until when.

A parcel never arrived if the carrier reports its delivery, or if its promised day passed
``PROBLEM_NEVER_ARRIVED_AFTER_DAYS`` ago. Other problems can be reported until
``PROBLEM_REPORT_DAYS`` after the delivery; the return page takes complaints after that. A parcel
without a delivery event counts as delivered by the word of the customer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.conf import settings

from shipping.models import Parcel, ProblemReport
from shipping.silence import promises

Kind = ProblemReport.Kind
Status = Parcel.Status


class Obstacle(StrEnum):
    """Why a problem cannot be reported now."""

    NONE = ""
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    NOT_SHIPPED = "not_shipped"
    HANDLED = "handled"  # lost or returned: we settle it without a report
    SETTLED = "settled"  # all units are refunded, replaced or in another return
    CONTRADICTION = "contradiction"  # an open report says the opposite
    CONTENTS_UNKNOWN = "contents_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Possibility:
    """Whether a problem can be reported: ``units`` by order line, or the obstacle.

    ``day`` is the first day to report it, or the last one, which has passed. ``needs_arrival``: the
    customer must state that the parcel arrived.
    """

    kind: ProblemReport.Kind
    obstacle: Obstacle = Obstacle.NONE
    day: date | None = None
    units: Mapping[int, int] = field(default_factory=dict)
    needs_arrival: bool = False

    @property
    def is_open(self) -> bool:
        return not self.obstacle


def arrived_at(parcel: Parcel) -> datetime:
    """Return when the carrier delivered a delivered parcel, or when the shop learned of it."""
    is_reported = parcel.carrier_status == Parcel.CarrierStatus.DELIVERED
    return (parcel.carrier_status_at if is_reported else None) or parcel.status_since


def find_possibilities(parcel: Parcel, *, now: datetime) -> dict[ProblemReport.Kind, Possibility]:
    """Return for each kind of problem whether it can be reported now.

    An undecided report of a kind is no obstacle: a second form leads to that report.
    """
    units = _units(parcel)
    undecided = {report.kind for report in parcel.problem_reports.all() if report.is_undecided}
    return {kind: _possibility(kind, parcel, units, undecided, now) for kind in Kind}


def _possibility(
    kind: ProblemReport.Kind,
    parcel: Parcel,
    units: Mapping[int, int],
    undecided: set[str],
    now: datetime,
) -> Possibility:
    obstacle, day = _find_obstacle(kind, parcel, units, now)
    is_contradicted = any(
        (kind == Kind.NEVER_ARRIVED) != (other == Kind.NEVER_ARRIVED) for other in undecided
    )
    if not obstacle and is_contradicted:
        obstacle = Obstacle.CONTRADICTION
    return Possibility(
        kind=kind,
        obstacle=obstacle,
        day=day,
        units={line: count for line, count in units.items() if count > 0},
        needs_arrival=kind != Kind.NEVER_ARRIVED and parcel.status == Status.SHIPPED,
    )


def _find_obstacle(
    kind: ProblemReport.Kind, parcel: Parcel, units: Mapping[int, int], now: datetime
) -> tuple[Obstacle, date | None]:
    is_settled = units and not any(count > 0 for count in units.values())
    if is_settled or parcel.resolution != Parcel.Resolution.OPEN:
        return Obstacle.SETTLED, None
    if parcel.status in Parcel.UNDELIVERABLE:
        return Obstacle.HANDLED, None
    return _too_early(parcel, now) if kind == Kind.NEVER_ARRIVED else _too_late(parcel, units, now)


def _too_late(
    parcel: Parcel, units: Mapping[int, int], now: datetime
) -> tuple[Obstacle, date | None]:
    """Return the obstacle to report a problem with the contents."""
    if parcel.status not in {Status.SHIPPED, Status.DELIVERED}:
        return Obstacle.NOT_SHIPPED, None
    if not units:
        return Obstacle.CONTENTS_UNKNOWN, None
    last_day = arrived_at(parcel).date() + timedelta(days=settings.PROBLEM_REPORT_DAYS)
    if parcel.status == Status.DELIVERED and now.date() > last_day:
        return Obstacle.TOO_LATE, last_day
    return Obstacle.NONE, None


def _too_early(parcel: Parcel, now: datetime) -> tuple[Obstacle, date | None]:
    """Return the obstacle to report that a parcel never arrived."""
    if parcel.status == Status.DELIVERED:
        return Obstacle.NONE, None
    wait = timedelta(days=settings.PROBLEM_NEVER_ARRIVED_AFTER_DAYS)
    promised = promises.promised_by(parcel) or parcel.label_created_at.date()
    first_day = promised + wait + timedelta(days=1)
    if now.date() < first_day:
        return Obstacle.TOO_EARLY, first_day
    return Obstacle.NONE, None


def _units(parcel: Parcel) -> dict[int, int]:
    """Return the units of a parcel that are in no return, by order line.

    Units of a label that has not shipped count as well: no return can hold them.
    """
    return {
        row.order_line_id: min(
            row.quantity,
            (row.order_line.shipped_quantity if parcel.has_left else row.order_line.quantity)
            - row.order_line.returning_quantity,
        )
        for row in parcel.lines.all()
    }
