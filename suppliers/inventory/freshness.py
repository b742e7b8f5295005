"""Stock freshness: decide how much an aging stock figure is still worth. Pure.

The database function ``aged_buffer`` has the same rule, so that a reservation applies it in its
own statement. A test compares both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suppliers.models.supplier import FiguresAge

HOUR = timedelta(hours=1)
# Each percent of broken promises adds a tenth to the decay, up to ``MOST_DISTRUST`` times.
DISTRUST = 10
MOST_DISTRUST = Decimal(3)


class Standing(StrEnum):
    """How an aged figure is used."""

    BELIEVED = "believed"
    BUFFERED = "buffered"  # sold from, less the decay
    HIDDEN = "hidden"  # not sold from


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The freshness policy of a supplier.

    Units: ``units`` and ``percent`` (of the figure) are subtracted for each hour begun after
        ``believed``; after ``told`` pages show the age
    """

    believed: timedelta
    hidden: timedelta
    told: timedelta
    units: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The freshness of a figure; ``extra`` units are subtracted besides the safety stock."""

    standing: Standing
    extra: int


def judge(
    *, reported: int, age: timedelta, terms: Terms, accuracy: Decimal | None = None
) -> Judged:
    """Return the decay of a figure; ``accuracy`` is the share of promises the supplier kept."""
    if age > terms.hidden:
        return Judged(standing=Standing.HIDDEN, extra=reported)
    if age <= terms.believed:
        return Judged(standing=Standing.BELIEVED, extra=0)
    hours = -((terms.believed - age) // HOUR)
    grown = hours * (terms.units + reported * terms.percent / 100) * distrust(accuracy)
    extra = min(reported, int(grown.to_integral_value(rounding=ROUND_CEILING)))
    return Judged(standing=Standing.BUFFERED, extra=extra)


def distrust(accuracy: Decimal | None) -> Decimal:
    """Return the factor of the decay: 1 for perfect or unknown accuracy."""
    if accuracy is None:
        return Decimal(1)
    return max(Decimal(1), min(MOST_DISTRUST, 1 + DISTRUST * (1 - accuracy)))


def steps(terms: Terms) -> list[timedelta]:
    """Return the ages at which a figure loses units, or its presentation changes."""
    ages = {terms.hidden}
    if terms.told < terms.hidden:
        ages.add(terms.told)
    age = terms.believed
    while (terms.units or terms.percent) and age < terms.hidden:
        ages.add(age)
        age += HOUR
    return sorted(ages)


def should_ask(
    *,
    age: timedelta,
    left: int,
    asked_after: timedelta,
    asked_below: int,
    just_asked: timedelta,
) -> bool:
    """Return whether to query the supplier: the figure is old, or too few units would be left."""
    return age > asked_after or (left <= asked_below and age > just_asked)


def terms_of(ages: FiguresAge) -> Terms:
    """Return the freshness policy of a supplier."""
    return Terms(
        believed=timedelta(minutes=ages.stock_believed_min),
        hidden=timedelta(minutes=ages.stock_hidden_min),
        told=timedelta(minutes=ages.stock_told_min),
        units=ages.stock_grows_units,
        percent=ages.stock_grows_percent,
    )
