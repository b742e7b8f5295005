"""Decrement statistics: infer when a supplier decrements its stock for our orders. Pure.

Only isolated sales count: no other sale of ours on the stock row within the window. A single drop
of exactly that size is a hit, no drop is a miss, anything else is ignored (other buyers, new
stock). The same window before the sale shows whether the row is quiet; if not, a drop afterwards
proves nothing. A window in which we did not read the supplier's stock is not a miss.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from orders.inventory.evidence import REPORTING_DELAY, StockDecrementedAt
from suppliers.scorecards import statistics

# The shortest sufficient window is used: longer windows usually contain other changes.
WINDOWS = (timedelta(hours=2), timedelta(hours=8), timedelta(hours=26))
MIN_SAMPLE = 20  # to conclude a decrement; ``MIN_EXCLUDING_SAMPLE`` are enough to exclude one
MIN_EXCLUDING_SAMPLE = 5
MIN_QUIET_SHARE = Decimal("0.5")
MAX_MISS_RATE = Decimal("0.02")  # maximum share of misses of a supplier that decrements
MIN_EXCLUDING_MISS_RATE = Decimal("0.05")  # Wilson lower bound
LAG_MARGIN_PERCENT = 125  # of the longest observed lag


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedSale:
    """Units sold of one stock row, and when the supplier learned of the sale.

    Shape:  ``accepted_at`` is when we received the acceptance; the supplier may
            have decremented at any time after ``ordered_at``
    """

    quantity: int
    ordered_at: datetime
    accepted_at: datetime | None
    shipped_at: datetime | None
    released_at: datetime | None

    @property
    def event_times(self) -> tuple[datetime, ...]:
        moments = (self.accepted_at, self.shipped_at, self.released_at)
        return tuple(moment for moment in moments if moment is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Sales of one stock row and its quantity changes until ``known_at``, oldest first.

    Shape:  ``observed_at`` are the times at which the supplier's stock was read
    """

    sales: Sequence[ObservedSale]
    moves: Sequence[tuple[datetime, int]]
    known_at: datetime
    observed_at: Sequence[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Result of isolated sales after one event; ``lags`` are those of the hits."""

    window: timedelta = WINDOWS[-1]
    lags: tuple[timedelta, ...] = ()
    missed: int = 0
    isolated: int = 0  # isolated sales
    quiet: int = 0  # isolated sales with no change of the stock row before them

    @property
    def size(self) -> int:
        return len(self.lags) + self.missed

    @property
    def is_quiet(self) -> bool:
        return self.quiet >= MIN_QUIET_SHARE * self.isolated

    @property
    def is_sufficient(self) -> bool:
        return self.size >= MIN_SAMPLE and self.is_quiet

    @property
    def is_decrementing(self) -> bool:
        return self.is_sufficient and self.missed <= MAX_MISS_RATE * self.size

    @property
    def is_not_decrementing(self) -> bool:
        score = statistics.rate_score(self.missed, self.size)
        low = score.low if score else None
        return (
            self.size >= MIN_EXCLUDING_SAMPLE
            and self.is_quiet
            and low is not None
            and low > MIN_EXCLUDING_MISS_RATE
        )

    @property
    def max_lag(self) -> timedelta:
        """Return a lag that no sale exceeds; after a miss at least the whole window."""
        longest = max(self.lags) * LAG_MARGIN_PERCENT / 100
        return max(longest, self.window) if self.missed else longest


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """When the supplier decrements (None: unknown), how late figures show it, and the samples."""

    at: StockDecrementedAt | None
    median_lag: timedelta | None
    max_lag: timedelta | None
    order: Sample
    shipment: Sample


def infer(histories: Sequence[History]) -> Measurement:
    """Conclude from orders first: a supplier decrements once, at order or at shipment."""
    order, shipment = (
        _best_sample(histories, by_shipment=False),
        _best_sample(histories, by_shipment=True),
    )
    at = None
    if order.is_decrementing:
        at = StockDecrementedAt.ORDER
    elif shipment.is_decrementing:
        at = StockDecrementedAt.SHIPMENT
    elif order.is_not_decrementing:
        at = (
            StockDecrementedAt.NEVER
            if shipment.is_not_decrementing
            else StockDecrementedAt.SHIPMENT
        )
    sample = (
        {StockDecrementedAt.ORDER: order, StockDecrementedAt.SHIPMENT: shipment}.get(at)
        if at
        else None
    )
    if sample is None or not sample.is_decrementing:
        return Measurement(at=at, median_lag=None, max_lag=None, order=order, shipment=shipment)
    typical_lag = timedelta(seconds=median(lag.total_seconds() for lag in sample.lags))
    return Measurement(
        at=at, median_lag=typical_lag, max_lag=sample.max_lag, order=order, shipment=shipment
    )


def _best_sample(histories: Sequence[History], *, by_shipment: bool) -> Sample:
    best = Sample()
    for window in WINDOWS:
        sample = sample_sales(histories, window=window, by_shipment=by_shipment)
        if sample.is_decrementing:
            return sample
        if (
            sample.is_sufficient
            or sample.is_not_decrementing
            or not (best.is_sufficient or best.is_not_decrementing)
        ):
            best = sample
    return best


def sample_sales(histories: Sequence[History], *, window: timedelta, by_shipment: bool) -> Sample:
    """Return the sample of all isolated sales, each from its event to the end of the window."""
    lags, missed, isolated, quiet = [], 0, 0, 0
    for history in histories:
        ours = sorted(moment for sale in history.sales for moment in sale.event_times)
        times = [at for at, _ in history.moves]
        for sale in history.sales:
            begin = _event_time(sale, window, by_shipment=by_shipment)
            if begin is None:
                continue
            first = begin - REPORTING_DELAY if by_shipment else sale.ordered_at
            end = begin + window
            is_alone = _count_between(ours, first - window, end) == _count_between(
                sorted(sale.event_times), first - window, end
            )
            if not is_alone or end > history.known_at:
                continue
            if not _count_between(history.observed_at, begin + window / 2, end):
                continue
            isolated += 1
            quiet += bisect_right(times, first) == bisect_left(times, first - window)
            moves = history.moves[bisect_right(times, first) : bisect_right(times, end)]
            if not moves:
                missed += 1
            elif len(moves) == 1 and moves[0][1] == -sale.quantity:
                lags.append(max(moves[0][0] - begin, timedelta(0)))
    return Sample(window=window, lags=tuple(lags), missed=missed, isolated=isolated, quiet=quiet)


def _event_time(sale: ObservedSale, window: timedelta, *, by_shipment: bool) -> datetime | None:
    """Return when the sale was accepted or shipped; None if another event of it is too close.

    After a late acceptance it is unknown when the supplier decremented.
    """
    accepted, shipped, released = sale.accepted_at, sale.shipped_at, sale.released_at
    if accepted is None or accepted > sale.ordered_at + REPORTING_DELAY:
        return None
    if by_shipment:
        is_apart = shipped is not None and accepted < shipped - REPORTING_DELAY - window
        return shipped if is_apart else None
    ends = [released] if released else []
    if shipped is not None:
        ends.append(shipped - REPORTING_DELAY)
    return accepted if all(end > accepted + window for end in ends) else None


def _count_between(event_times: Sequence[datetime], first: datetime, last: datetime) -> int:
    return bisect_right(event_times, last) - bisect_left(event_times, first)
