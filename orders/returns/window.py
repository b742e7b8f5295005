"""Until when goods may be given back. Pure.

The day on which the last of them arrived is not counted, and a time that ends on a Saturday or
Sunday ends on the Monday after it. Days are those of UTC: where we sell in the EU, midnight there
is never later.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta

WITHDRAWAL = timedelta(days=14)  # the law's; more is the shop's to give
SEND_WITHIN = timedelta(days=14)
SEND_PATIENCE = timedelta(days=14)  # who sends later than asked loses nothing at once
UNHEARD = timedelta(days=14)  # after what was promised: a carrier may never say "delivered"
LONGEST = timedelta(days=365)  # and somebody has withdrawn by then, whatever was heard
WARRANTY_MONTHS = 24  # the law's; a maker may give more, and never less
NEVER_SENT = timedelta(days=90)  # of what never arrived, and nobody sent back
SATURDAY = 5


def withdraw_until(arrived_at: datetime) -> date:
    """Return the last day on which somebody may withdraw."""
    return _working_day(arrived_at.date() + WITHDRAWAL)


def warranty_until(arrived_at: datetime, *, months: int | None = None) -> date:
    """Return the last day of the warranty: the law's, or of so many months where that is longer."""
    return months_after(arrived_at.date(), max(WARRANTY_MONTHS, months or 0))


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month: it may have fewer."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def is_over(last_day: date | None, now: datetime) -> bool:
    """Test whether a last day is behind us; what has not arrived has none."""
    return last_day is not None and now.date() > last_day


def _working_day(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= SATURDAY else day
