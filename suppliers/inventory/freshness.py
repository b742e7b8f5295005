"""Stock freshness: decide how much an aging stock figure is still worth. Pure.

The database function ``stock_decay`` has the same rule, so that a reservation applies it in its
own statement. A test compares both.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suppliers.models.policies import FreshnessPolicy

HOUR = timedelta(hours=1)
MIN_QUERY_AGE = timedelta(seconds=5)
# Each percent of broken promises adds a tenth to the decay, up to ``MAX_UNRELIABILITY_FACTOR``
# times.
UNRELIABILITY_WEIGHT = 10
MAX_UNRELIABILITY_FACTOR = Decimal(3)


class Freshness(StrEnum):
    FRESH = "fresh"
    DECAYING = "decaying"  # sold from, less the decay
    EXPIRED = "expired"  # not sold from


@dataclass(frozen=True, slots=True, kw_only=True)
class DecayTerms:
    """The freshness policy of a supplier.

    Units: ``units`` and ``percent`` (of the figure) are subtracted for each hour begun after
        ``fresh_for``; after ``age_shown_after`` staff are alerted
    """

    fresh_for: timedelta
    expires_after: timedelta
    age_shown_after: timedelta
    units: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureFreshness:
    """The freshness of a figure; ``extra`` units are subtracted besides the safety stock."""

    status: Freshness
    extra: int


def decay(
    *, reported: int, age: timedelta, terms: DecayTerms, accuracy: Decimal | None = None
) -> FigureFreshness:
    """Return the decay of a figure; ``accuracy`` is the share of promises the supplier kept."""
    if age > terms.expires_after:
        return FigureFreshness(status=Freshness.EXPIRED, extra=reported)
    if age <= terms.fresh_for:
        return FigureFreshness(status=Freshness.FRESH, extra=0)
    hours = -((terms.fresh_for - age) // HOUR)
    grown = hours * (terms.units + reported * terms.percent / 100) * unreliability_factor(accuracy)
    extra = min(reported, int(grown.to_integral_value(rounding=ROUND_CEILING)))
    return FigureFreshness(status=Freshness.DECAYING, extra=extra)


def unreliability_factor(accuracy: Decimal | None) -> Decimal:
    """Return the factor of the decay: 1 for perfect or unknown accuracy."""
    if accuracy is None:
        return Decimal(1)
    return max(Decimal(1), min(MAX_UNRELIABILITY_FACTOR, 1 + UNRELIABILITY_WEIGHT * (1 - accuracy)))


def decay_steps(terms: DecayTerms) -> list[timedelta]:
    """Return the ages at which a figure loses units, or staff are alerted."""
    ages = {terms.expires_after}
    if terms.age_shown_after < terms.expires_after:
        ages.add(terms.age_shown_after)
    age = terms.fresh_for
    while (terms.units or terms.percent) and age < terms.expires_after:
        ages.add(age)
        age += HOUR
    return sorted(ages)


def live_check_from(
    *, age: timedelta, available: int, query_after: timedelta, live_check_below_units: int
) -> int | None:
    """Return the smallest order that needs a live check; None: no order does.

    Each order needs one if the figure is old, else those that leave few units.
    """
    if age > query_after:
        return 0
    return max(0, available - live_check_below_units) if age > MIN_QUERY_AGE else None


def decay_terms(policy: "FreshnessPolicy") -> DecayTerms:
    return DecayTerms(
        fresh_for=timedelta(minutes=policy.stock_fresh_for_min),
        expires_after=timedelta(minutes=policy.stock_expires_after_min),
        age_shown_after=timedelta(minutes=policy.stock_age_shown_after_min),
        units=policy.stock_decay_units_per_hour,
        percent=policy.stock_decay_percent_per_hour,
    )
