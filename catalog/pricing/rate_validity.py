"""Exchange rate validity: rate by age and by a newer rate under review. Pure.

A rate is ``SURE`` while it is recent. It is ``UNSURE`` when it is old, or when a newer rate moved
so far that staff must review it. Prices then use the highest plausible rate, so that nothing sells
at a loss. After twice the maximum age a rate is ``UNKNOWN`` and not used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from catalog.enums import RateStanding

A_DAY = timedelta(days=1)
# A longer gap allows a larger change, up to this many days.
MOST_DAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The maximum age of a rate, and its maximum change per day in percent."""

    max_age: timedelta
    max_move_percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The validity of a rate at one time.

    ``dearest`` is the highest plausible rate while unconfirmed: never less than ``rate``.
    """

    standing: RateStanding
    rate: Decimal
    dearest: Decimal


def worth(
    *, rate: Decimal, as_of: datetime, waiting: Decimal | None, limits: Limits, now: datetime
) -> Worth:
    """Return the validity of a rate by its age and a newer rate under review."""
    age = now - as_of
    if age > 2 * limits.max_age:
        return Worth(standing=RateStanding.UNKNOWN, rate=rate, dearest=rate)
    is_old = age > limits.max_age
    standing = RateStanding.UNSURE if is_old or waiting is not None else RateStanding.SURE
    dearest = rate * (100 + limits.max_move_percent) / 100 if is_old else rate
    return Worth(standing=standing, rate=rate, dearest=max(dearest, waiting or rate))


def moved_too_far(*, old: Decimal, new: Decimal, passed: timedelta, limits: Limits) -> bool:
    """Test whether a rate moved more than the limit, per day passed, up to three days."""
    days = min(MOST_DAYS, max(1, math.ceil(passed / A_DAY)))
    return abs(new - old) * 100 > old * limits.max_move_percent * days
