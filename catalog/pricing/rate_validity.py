"""Exchange rate validity: classify a rate by its age and by a newer rate under review. Pure.

A rate is ``SURE`` while it is recent. It is ``UNSURE`` when it is old, or when a newer rate moved
so far that staff must review it. Prices then use the highest plausible rate, so that nothing sells
at a loss. After twice the maximum age a rate is ``UNKNOWN`` and not used.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from catalog.enums import RateStatus

ONE_DAY = timedelta(days=1)
# The allowed change is the change per day times the days passed, at most this many.
MAX_DAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """The maximum age of a rate, and its maximum change per day in percent."""

    max_age: timedelta
    max_move_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateValidity:
    """The validity of a rate at one time.

    ``worst_case_rate`` is the highest plausible rate while unconfirmed: never less than ``rate``.
    """

    status: RateStatus
    rate: Decimal
    worst_case_rate: Decimal


def assess_rate(
    *,
    rate: Decimal,
    as_of: datetime,
    pending_rate: Decimal | None,
    limits: RateLimits,
    now: datetime,
) -> RateValidity:
    age = now - as_of
    if age > 2 * limits.max_age:
        return RateValidity(status=RateStatus.UNKNOWN, rate=rate, worst_case_rate=rate)
    is_old = age > limits.max_age
    status = RateStatus.UNSURE if is_old or pending_rate is not None else RateStatus.SURE
    worst_case_rate = rate * (100 + limits.max_move_percent) / 100 if is_old else rate
    return RateValidity(
        status=status, rate=rate, worst_case_rate=max(worst_case_rate, pending_rate or rate)
    )


def exceeds_max_change(
    *, old: Decimal, new: Decimal, passed: timedelta, limits: RateLimits
) -> bool:
    """Return whether a rate changed by more than its limit for the time passed."""
    days = min(MAX_DAYS, max(1, math.ceil(passed / ONE_DAY)))
    return abs(new - old) * 100 > old * limits.max_move_percent * days
