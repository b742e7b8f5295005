"""Decrement statistics: infer when a supplier decrements its stock for our orders. Pure.

Only isolated sales count: no other sale of ours on the stock row within the window. A single drop
of exactly that size is a hit, no drop is a miss, anything else is ignored (other buyers, new
stock). The same window before the sale shows whether the row is quiet; if not, a drop afterwards
proves nothing. While the supplier's stock was not read, nothing counts as a miss.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from orders.inventory.evidence import HEARD_LATE, CountsDownAt
from suppliers.scorecards import statistics

# The shortest window that shows the sales is used: longer ones are rarely undisturbed.
WINDOWS = (timedelta(hours=2), timedelta(hours=8), timedelta(hours=26))
SMALLEST_SAMPLE = 20  # to conclude a decrement; ``FEW`` are enough to exclude one
FEW = 5
QUIET_SHARE = Decimal("0.5")
MISSED_SHARE = Decimal("0.02")  # maximum share of misses of a supplier that decrements
CLEARLY_MISSED = Decimal("0.05")  # Wilson lower bound
MARGIN_PERCENT = 125  # of the longest observed lag


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """Units sold of one stock row, and when the supplier learned of it.

    Shape:  ``accepted_at`` is when we received the acceptance; it may have decremented from
            ``ordered_at`` on
    """

    quantity: int
    ordered_at: datetime
    accepted_at: datetime | None
    shipped_at: datetime | None
    released_at: datetime | None

    @property
    def moments(self) -> tuple[datetime, ...]:
        all_of_them = (self.accepted_at, self.shipped_at, self.released_at)
        return tuple(moment for moment in all_of_them if moment is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Sales of one stock row and changes of its figure until ``known_at``, in order of time.

    Shape:  ``looks`` are the times of which the supplier's figures were read
    """

    sales: Sequence[Sold]
    moves: Sequence[tuple[datetime, int]]
    known_at: datetime
    looks: Sequence[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Result of isolated sales after one event; ``lags`` are those of the hits."""

    window: timedelta = WINDOWS[-1]
    lags: tuple[timedelta, ...] = ()
    missed: int = 0
    looked_at: int = 0  # isolated sales
    quiet: int = 0  # of them, with no change before the sale

    @property
    def size(self) -> int:
        return len(self.lags) + self.missed

    @property
    def is_quiet(self) -> bool:
        return self.quiet >= QUIET_SHARE * self.looked_at

    @property
    def is_enough(self) -> bool:
        return self.size >= SMALLEST_SAMPLE and self.is_quiet

    @property
    def counts_down(self) -> bool:
        return self.is_enough and self.missed <= MISSED_SHARE * self.size

    @property
    def does_not(self) -> bool:
        score = statistics.rate(self.missed, self.size)
        low = score.low if score else None
        return self.size >= FEW and self.is_quiet and low is not None and low > CLEARLY_MISSED

    @property
    def tail(self) -> timedelta:
        """Return a lag that no sale exceeds; after a miss at least the whole window."""
        longest = max(self.lags) * MARGIN_PERCENT / 100
        return max(longest, self.window) if self.missed else longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """When the supplier decrements (None: unknown), how late figures show it, and the samples."""

    at: CountsDownAt | None
    median: timedelta | None
    tail: timedelta | None
    order: Sample
    shipment: Sample


def conclude(histories: Sequence[History]) -> Measure:
    """Conclude from orders first: a supplier decrements once, at order or at shipment."""
    order, shipment = _best(histories, by_shipment=False), _best(histories, by_shipment=True)
    at = None
    if order.counts_down:
        at = CountsDownAt.ORDER
    elif shipment.counts_down:
        at = CountsDownAt.SHIPMENT
    elif order.does_not:
        at = CountsDownAt.NEVER if shipment.does_not else CountsDownAt.SHIPMENT
    shown = {CountsDownAt.ORDER: order, CountsDownAt.SHIPMENT: shipment}.get(at) if at else None
    if shown is None or not shown.counts_down:
        return Measure(at=at, median=None, tail=None, order=order, shipment=shipment)
    middle = timedelta(seconds=median(lag.total_seconds() for lag in shown.lags))
    return Measure(at=at, median=middle, tail=shown.tail, order=order, shipment=shipment)


def _best(histories: Sequence[History], *, by_shipment: bool) -> Sample:
    found = Sample()
    for window in WINDOWS:
        sample = watch(histories, window=window, by_shipment=by_shipment)
        if sample.counts_down:
            return sample
        if sample.is_enough or sample.does_not or not (found.is_enough or found.does_not):
            found = sample
    return found


def watch(histories: Sequence[History], *, window: timedelta, by_shipment: bool) -> Sample:
    """Return the sample of all isolated sales, each from its event to the end of the window."""
    lags, missed, looked_at, quiet = [], 0, 0, 0
    for history in histories:
        ours = sorted(moment for sale in history.sales for moment in sale.moments)
        times = [at for at, _ in history.moves]
        for sale in history.sales:
            begin = _begin(sale, window, by_shipment=by_shipment)
            if begin is None:
                continue
            first = begin - HEARD_LATE if by_shipment else sale.ordered_at
            end = begin + window
            is_alone = _within(ours, first - window, end) == _within(
                sorted(sale.moments), first - window, end
            )
            if not is_alone or end > history.known_at:
                continue
            if not _within(history.looks, begin + window / 2, end):
                continue
            looked_at += 1
            quiet += bisect_right(times, first) == bisect_left(times, first - window)
            moves = history.moves[bisect_right(times, first) : bisect_right(times, end)]
            if not moves:
                missed += 1
            elif len(moves) == 1 and moves[0][1] == -sale.quantity:
                lags.append(max(moves[0][0] - begin, timedelta(0)))
    return Sample(window=window, lags=tuple(lags), missed=missed, looked_at=looked_at, quiet=quiet)


def _begin(sale: Sold, window: timedelta, *, by_shipment: bool) -> datetime | None:
    """Return the event of a sale if no other event of it is within the window, else None.

    After a late acceptance it is unknown when the supplier decremented.
    """
    accepted, shipped, released = sale.accepted_at, sale.shipped_at, sale.released_at
    if accepted is None or accepted > sale.ordered_at + HEARD_LATE:
        return None
    if by_shipment:
        is_apart = shipped is not None and accepted < shipped - HEARD_LATE - window
        return shipped if is_apart else None
    ends = [released] if released else []
    if shipped is not None:
        ends.append(shipped - HEARD_LATE)
    return accepted if all(end > accepted + window for end in ends) else None


def _within(moments: Sequence[datetime], first: datetime, last: datetime) -> int:
    return bisect_right(moments, last) - bisect_left(moments, first)
