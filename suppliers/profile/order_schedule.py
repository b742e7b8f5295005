"""Order schedule: decide when a supplier is sent its orders, at once or collected.

A collected order can be canceled at no cost. Its delivery promise counts from the supplier's first
open day whose cut-off has not passed. To keep the promise, all orders of that day are sent at the
latest ``CUT_OFF_MARGIN`` before the cut-off.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from suppliers.models.policies import EVERY_DAY, DispatchMode, OrderDispatchPolicy

# Allows for clock drift, a late sweep and a full bulkhead.
CUT_OFF_MARGIN = timedelta(minutes=15)
MAX_DAYS_AHEAD = 60  # days; no supplier closes for longer


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCalendar:
    """The days on which a supplier takes orders, and their cut-off.

    Shape: ``days`` are weekdays from 1 (Monday) to 7, ``closed`` dates; both in ``zone``.
    ``cut_off_hour`` is UTC.
    """

    cut_off_hour: int | None = None
    days: str = EVERY_DAY
    closed: frozenset[date] = frozenset()
    zone: str = "UTC"

    def is_open(self, at: datetime) -> bool:
        day = at.astimezone(ZoneInfo(self.zone)).date()
        return str(day.isoweekday()) in self.days and day not in self.closed

    def promise_day(self, promised_at: datetime) -> tuple[date, datetime]:
        """Return the day from which a promise counts, and the cut-off of that day."""
        today = promised_at.astimezone(UTC).date()
        for ahead in range(MAX_DAYS_AHEAD):
            day = today + timedelta(days=ahead)
            ends = self._ends(day)
            if ends > promised_at and self.is_open(ends - timedelta(seconds=1)):
                return day, ends
        day = today + timedelta(days=MAX_DAYS_AHEAD)
        return day, self._ends(day)

    def _ends(self, day: date) -> datetime:
        hours = 24 if self.cut_off_hour is None else self.cut_off_hour
        return datetime.combine(day, time(), UTC) + timedelta(hours=hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchSchedule:
    """When collected orders are sent to a supplier; ``times`` are in its time zone."""

    mode: str
    every: timedelta
    times: tuple[time, ...]
    calendar: OrderCalendar

    def submit_at(
        self, *, promised_at: datetime, now: datetime, before: datetime | None = None
    ) -> datetime | None:
        """Return when an order that is ready now is sent; None: at once.

        That is the next scheduled moment, at the latest ``CUT_OFF_MARGIN`` before the cut-off of
        the promise and before ``before``, after which the payment cannot be captured.
        """
        if self.mode == DispatchMode.AT_ONCE:
            return None
        _, ends = self.calendar.promise_day(promised_at)
        latest = min(ends, before or ends) - CUT_OFF_MARGIN
        moment = next(self._moments(now, latest), latest)
        return moment if moment > now else None

    def _moments(self, now: datetime, until: datetime) -> Iterator[datetime]:
        candidates = self._of_every(now) if self.mode == DispatchMode.EVERY else self._of_times(now)
        for moment in candidates:
            if moment > until:
                return
            if moment > now and self.calendar.is_open(moment):
                yield moment

    def _of_every(self, now: datetime) -> Iterator[datetime]:
        midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
        index = (now - midnight) // self.every + 1
        while True:
            yield midnight + index * self.every
            index += 1

    def _of_times(self, now: datetime) -> Iterator[datetime]:
        zone = ZoneInfo(self.calendar.zone)
        today = now.astimezone(zone).date()
        for ahead in range(MAX_DAYS_AHEAD):
            day = today + timedelta(days=ahead)
            moments = (
                datetime.combine(day, time_of_day, zone).astimezone(UTC)
                for time_of_day in self.times
            )
            yield from sorted(moments)


@lru_cache(maxsize=512)
def cut_off_delay_days(calendar: OrderCalendar, hour: datetime) -> int:
    """Return how many days later a promise starts to count that is made within this hour."""
    day, _ = calendar.promise_day(hour)
    return (day - hour.date()).days


def start_of_hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def parse_times(text: str) -> tuple[time, ...]:
    """Return the times in ``09:00 14:30``. Raises ValueError: invalid time."""
    return tuple(time.fromisoformat(word) for word in _split_words(text))


def parse_days(text: str) -> frozenset[date]:
    """Return the days in ``2026-12-25 2026-12-26``. Raises ValueError: invalid day."""
    return _parse_days(text) if text else frozenset()


@lru_cache(maxsize=512)
def _parse_days(text: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(word) for word in _split_words(text))


def _split_words(text: str) -> Iterable[str]:
    return text.replace(",", " ").split()


def calendar(cut_off_hour: int | None, days: str, closed_on: str, zone: str) -> OrderCalendar:
    return OrderCalendar(
        cut_off_hour=cut_off_hour, days=days, closed=parse_days(closed_on), zone=zone
    )


def dispatch_schedule(terms: OrderDispatchPolicy) -> DispatchSchedule:
    """Return the order schedule of a supplier."""
    return DispatchSchedule(
        mode=terms.dispatch_mode,
        every=timedelta(minutes=terms.dispatch_every_min),
        times=parse_times(terms.dispatch_times),
        calendar=calendar(
            getattr(terms, "cut_off_hour", None), terms.order_days, terms.closed_on, terms.time_zone
        ),
    )
