"""Price reduction: find the lowest price of the 30 days before an announced reduction. Pure.

The shop shows that price beside the reduction and computes the percentage from it. If the current
price is not below it, there is no reduction.
Source: Directive 98/6/EC, article 6a (Omnibus); Court of Justice, C-330/23
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PricePoint:
    """A price valid from ``at``, and whether a reduction set it; ``amount`` None: no price."""

    at: datetime
    amount: Decimal | None
    is_reduced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    price: Decimal
    lowest: Decimal
    since: datetime
    until: datetime

    @property
    def percent(self) -> int:
        """The reduction in whole percent, rounded down."""
        return int((self.lowest - self.price) * 100 / self.lowest)


def current_reduction(
    prices: Sequence[PricePoint], *, price: Decimal, until: datetime, now: datetime
) -> Reduction | None:
    """Return the reduction that may be shown for the current price; None if there is none.

    Consecutive price cuts count as one reduction that starts with the first cut. A regular price in
    between ends it; a period without a price does not. A price increase within a promotion starts a
    new reduction: the lower price before it counts as prior price. An item without an earlier price
    has no reduction.
    Shape:  ``prices`` are in order of time, from the one in force 30 days before the reduction
    """
    if now >= until or not prices or not prices[-1].is_reduced:
        return None
    first = _first_step(prices)
    since = prices[first].at
    lowest = lowest_before(prices[:first], since=since)
    if lowest is None or price >= lowest:
        return None
    return Reduction(price=price, lowest=lowest, since=since, until=until)


def _first_step(prices: Sequence[PricePoint]) -> int:
    """Return the index at which the reduction of the last price began."""
    first, after = len(prices) - 1, prices[-1].amount
    for index in range(first, -1, -1):
        point = prices[index]
        if point.amount is None:
            continue
        if not point.is_reduced or (after is not None and point.amount < after):
            break
        first, after = index, point.amount
    return first


def lowest_before(prices: Sequence[PricePoint], *, since: datetime) -> Decimal | None:
    """Return the lowest price in force in the 30 days before ``since``; None if there was none.

    A price set earlier counts if it was still in force at the start of these days.
    """
    start = since - WINDOW
    lowest: Decimal | None = None
    for index, point in enumerate(prices):
        ends = prices[index + 1].at if index + 1 < len(prices) else since
        amount = point.amount
        if amount is None or point.at >= since or ends <= start:
            continue
        lowest = amount if lowest is None else min(lowest, amount)
    return lowest
