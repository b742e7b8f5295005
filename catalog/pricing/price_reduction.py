"""Price reduction: find the lowest price of the 30 days before an announced reduction. Pure.

The shop shows that price beside the reduction, and counts the reduction from it. A price that is
not below it is no reduction.

Source: Directive 98/6/EC, article 6a (Omnibus); Court of Justice, C-330/23
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

WINDOW = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Asked:
    """A price from the moment on that it was asked; and whether the reduction made it.

    ``amount`` is None where no price was asked from then on.
    """

    at: datetime
    amount: Decimal | None
    is_reduced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """An announced reduction: since when, until when, and the lowest price before it."""

    price: Decimal
    lowest: Decimal
    since: datetime
    until: datetime

    @property
    def percent(self) -> int:
        """How much less it is, in whole percent, never more than it is."""
        return int((self.lowest - self.price) * 100 / self.lowest)


def announced(
    prices: Sequence[Asked], *, price: Decimal, until: datetime, now: datetime
) -> Reduction | None:
    """Return what may be said of the present price, which a promotion made; None: nothing.

    A reduction that grew in steps is one: its first step counts, as long as no other price
    stood between; a while without any price is none. A rise ends it: what is asked then was
    cheaper before, within the same promotion. Goods that were not sold before it have nothing
    to compare with.

    Shape:  ``prices`` from the one in force 30 days before the reduction, oldest first
    """
    if now >= until or not prices or not prices[-1].is_reduced:
        return None
    first = _first_step(prices)
    since = prices[first].at
    lowest = lowest_before(prices[:first], since=since)
    if lowest is None or price >= lowest:
        return None
    return Reduction(price=price, lowest=lowest, since=since, until=until)


def _first_step(prices: Sequence[Asked]) -> int:
    """Find where the reduction that the last price belongs to began."""
    first, after = len(prices) - 1, prices[-1].amount
    for place in range(first, -1, -1):
        asked = prices[place]
        if asked.amount is None:
            continue
        if not asked.is_reduced or (after is not None and asked.amount < after):
            break
        first, after = place, asked.amount
    return first


def lowest_before(prices: Sequence[Asked], *, since: datetime) -> Decimal | None:
    """Return the lowest price in force at any moment of the 30 days before; None: there was none.

    A price that was set before them counts, if it was still asked when they began.
    """
    start = since - WINDOW
    found: Decimal | None = None
    for place, asked in enumerate(prices):
        ends = prices[place + 1].at if place + 1 < len(prices) else since
        amount = asked.amount
        if amount is None or asked.at >= since or ends <= start:
            continue
        found = amount if found is None else min(found, amount)
    return found
