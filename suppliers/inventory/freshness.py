"""Stock freshness: decide how much an aging stock figure is still worth.

Reads neither database nor clock. The database has the same rule as the function ``aged_buffer``, so
that a reservation counts the age in its own statement. A test compares both.
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
# A broken promise in a hundred adds a tenth to what is kept back, up to three times of it.
DISTRUST = 10
MOST_DISTRUST = Decimal(3)


class Standing(StrEnum):
    """What an aged figure is good for."""

    BELIEVED = "believed"
    BUFFERED = "buffered"  # promised from, less what its age may have taken
    HIDDEN = "hidden"  # nothing is promised from it


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How old a figure of stock may be, and what its age costs.

    Units:  ``units`` and ``percent`` (of the figure) are kept back for each hour begun after
            ``believed``. ``told`` is from when pages say how old it is
    """

    believed: timedelta
    hidden: timedelta
    told: timedelta
    units: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How a figure stands; ``extra`` units are kept back on top of the usual buffer."""

    standing: Standing
    extra: int


def judge(
    *, reported: int, age: timedelta, terms: Terms, accuracy: Decimal | None = None
) -> Judged:
    """Judge a figure by its age; ``accuracy`` is the share of his promises that he kept."""
    if age > terms.hidden:
        return Judged(standing=Standing.HIDDEN, extra=reported)
    if age <= terms.believed:
        return Judged(standing=Standing.BELIEVED, extra=0)
    hours = -((terms.believed - age) // HOUR)
    grown = hours * (terms.units + reported * terms.percent / 100) * distrust(accuracy)
    extra = min(reported, int(grown.to_integral_value(rounding=ROUND_CEILING)))
    return Judged(standing=Standing.BUFFERED, extra=extra)


def distrust(accuracy: Decimal | None) -> Decimal:
    """Return by what the growth is multiplied: 1 for who keeps every promise, or is unknown."""
    if accuracy is None:
        return Decimal(1)
    return max(Decimal(1), min(MOST_DISTRUST, 1 + DISTRUST * (1 - accuracy)))


def steps(terms: Terms) -> list[timedelta]:
    """Return the ages after which a figure is worth less, or is spoken of otherwise."""
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
    """Test whether a figure is too old, or would leave too little, to sell from unasked."""
    return age > asked_after or (left <= asked_below and age > just_asked)


def terms_of(ages: FiguresAge) -> Terms:
    """Return what staff agreed about the age of a supplier's figures."""
    return Terms(
        believed=timedelta(minutes=ages.stock_believed_min),
        hidden=timedelta(minutes=ages.stock_hidden_min),
        told=timedelta(minutes=ages.stock_told_min),
        units=ages.stock_grows_units,
        percent=ages.stock_grows_percent,
    )
