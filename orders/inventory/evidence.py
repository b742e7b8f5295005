"""Evidence: decide whether a supplier's stock figure contains our sales. Pure: no I/O, no clock.

In doubt a unit stays subtracted. Time alone proves nothing: the supplier may decrement later than
stated. A drop alone proves nothing: another buyer may have caused it. Both together are proof. Time
alone is proof only if the lag is measured and a restock hides the drop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import comb

# Lag without a measurement: covers a feed made once a day.
DEFAULT_LAG = timedelta(days=1)
# Acceptances and shipments reach us late, and a feed run starts before the feed is read.
REPORTING_DELAY = timedelta(hours=1)
# A stocktake changes most rows we sold from, and few others.
MIN_COUNTED_ROWS, MIN_OTHER_ROWS = 5, 20
MIN_COUNTED_SHARE = Decimal("0.7")
MAX_CHANCE = Decimal("0.000001")


class StockDecrementedAt(StrEnum):
    """Values of ``Supplier.StockDecrementedAt``, the most careful one last."""

    ORDER = "order"
    SHIPMENT = "shipment"
    NEVER = "never"


class AbsorbedBy(StrEnum):
    """Values of ``Allocation.AbsorbedBy`` that figures can prove."""

    ORDER = "order"
    SHIPMENT = "shipment"
    LAG = "lag"
    COUNT = "count"


class Doubt(StrEnum):
    """Values of ``Allocation.Doubt``."""

    NO_YES = "no_yes"
    NOT_SHIPPED = "not_shipped"
    TOO_SOON = "too_soon"
    SILENT = "silent"
    NO_DROP = "no_drop"
    NO_COUNT = "no_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecrementPolicy:
    """When a supplier decrements, and how long its figures take to show a decrement."""

    at: str
    lag: timedelta = DEFAULT_LAG
    is_measured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Units sold of one stock row, and what the supplier reported about them."""

    id: int
    quantity: int
    sold_at: datetime
    accepted_at: datetime | None
    shipped_at: datetime | None


@dataclass(slots=True, kw_only=True)
class StockDrop:
    """A decrease of a figure; ``remaining`` counts the units not yet assigned to a sale."""

    id: int
    at: datetime
    remaining: int
    from_stocktake: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFigures:
    """The supplier's figures of one stock row; ``drops`` are in order of time."""

    known_at: datetime
    is_unconfirmed: bool
    reported: int
    drops: Sequence[StockDrop] = field(default_factory=tuple)
    increased_at: datetime | None = None  # of the last increase


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Result for one sale: either ``absorbed_by`` or ``doubt`` is set."""

    sale: Sale
    absorbed_by: str = ""
    drop: int | None = None
    doubt: str = ""


def choose_policy(*, configured: str, measured: str, max_lag_s: int | None) -> DecrementPolicy:
    """Return the more careful of what staff configured and what was measured."""
    order = list(StockDecrementedAt)
    at = max(
        configured, measured or configured, key=lambda value: order.index(StockDecrementedAt(value))
    )
    if at == measured and max_lag_s is not None:
        return DecrementPolicy(at=at, lag=timedelta(seconds=max_lag_s), is_measured=True)
    return DecrementPolicy(at=at)


def assess(sales: Iterable[Sale], row: StockFigures, policy: DecrementPolicy) -> list[Assessment]:
    """Assess the sales of one row that are still subtracted. Consumes units of ``row.drops``."""
    if policy.at == StockDecrementedAt.NEVER:
        return _recounted(sales, row, policy)
    findings = []
    for sale in sorted(
        sales, key=lambda sale: (decremented_at(sale, policy) or row.known_at, sale.id)
    ):
        doubt = reason_to_wait(sale, row, policy)
        findings.append(
            Assessment(sale=sale, doubt=doubt) if doubt else _match_drop(sale, row, policy)
        )
    return findings


def decremented_at(sale: Sale, policy: DecrementPolicy) -> datetime | None:
    """Return when this supplier decremented the sale, as far as known."""
    return sale.accepted_at if policy.at == StockDecrementedAt.ORDER else sale.shipped_at


def reason_to_wait(sale: Sale, row: StockFigures, policy: DecrementPolicy) -> str:
    """Return why the figure cannot contain the sale yet; empty if it can."""
    if sale.accepted_at is None and sale.shipped_at is None:
        return Doubt.NO_YES
    moment = decremented_at(sale, policy)
    if moment is None:
        return Doubt.NOT_SHIPPED
    if row.is_unconfirmed:
        return Doubt.SILENT
    return "" if row.known_at > moment + policy.lag else Doubt.TOO_SOON


def _match_drop(sale: Sale, row: StockFigures, policy: DecrementPolicy) -> Assessment:
    moment = decremented_at(sale, policy) or row.known_at
    for drop in row.drops:
        if drop.remaining >= sale.quantity and drop.at > moment - REPORTING_DELAY:
            drop.remaining -= sale.quantity
            by = AbsorbedBy.ORDER if policy.at == StockDecrementedAt.ORDER else AbsorbedBy.SHIPMENT
            return Assessment(sale=sale, absorbed_by=by, drop=drop.id)
    # A restock before the sale cannot hide its drop.
    earliest = max(moment - REPORTING_DELAY, sale.sold_at)
    if policy.is_measured and row.increased_at is not None and row.increased_at > earliest:
        return Assessment(sale=sale, absorbed_by=AbsorbedBy.LAG)
    return Assessment(sale=sale, doubt=Doubt.NO_DROP)


def _recounted(
    sales: Iterable[Sale], row: StockFigures, policy: DecrementPolicy
) -> list[Assessment]:
    """Assess sales of a supplier that never decrements: only a stocktake contains them.

    A stocktake is recognized by its pattern across rows (``from_stocktake``), or by arithmetic:
    shipped units that were not counted were once in the figure, so a smaller figure was recounted.
    """
    findings, waiting = [], []
    for sale in sorted(sales, key=lambda sale: (sale.shipped_at or row.known_at, sale.id)):
        if doubt := reason_to_wait(sale, row, policy):
            findings.append(Assessment(sale=sale, doubt=doubt))
        elif count := _stocktake_after(sale, row, policy):
            findings.append(Assessment(sale=sale, absorbed_by=AbsorbedBy.COUNT, drop=count.id))
        else:
            waiting.append(sale)
    excess = sum(sale.quantity for sale in waiting) - row.reported
    for sale in waiting:
        if sale.quantity <= excess:
            excess -= sale.quantity
            findings.append(Assessment(sale=sale, absorbed_by=AbsorbedBy.COUNT))
        else:
            findings.append(Assessment(sale=sale, doubt=Doubt.NO_COUNT))
    return findings


def _stocktake_after(sale: Sale, row: StockFigures, policy: DecrementPolicy) -> StockDrop | None:
    moment = sale.shipped_at or row.known_at
    later = (drop for drop in row.drops if drop.from_stocktake and drop.at > moment + policy.lag)
    return next(later, None)


def may_be_stocktake(*, dropped: int, of: int) -> bool:
    """Return whether enough rows with outstanding units dropped to count the other rows."""
    return of >= MIN_COUNTED_ROWS and dropped >= MIN_COUNTED_SHARE * of


def is_stocktake(*, dropped: int, of: int, others_dropped: int, others: int) -> bool:
    """Return whether the drops are a stocktake rather than sales to other buyers.

    Our items may sell three times as often elsewhere as the other items.
    Shape:  ``dropped`` of ``of`` rows with outstanding units fell by at least those units in one
            run; ``others_dropped`` of ``others`` other rows of the location fell at all
    """
    if others < MIN_OTHER_ROWS or not may_be_stocktake(dropped=dropped, of=of):
        return False
    expected_share = min(
        Decimal(1), Decimal(3 * (others_dropped + 1)) / (others + 2) + Decimal("0.05")
    )
    if expected_share == 1:
        return False
    chance = sum(
        comb(of, count) * expected_share**count * (1 - expected_share) ** (of - count)
        for count in range(dropped, of + 1)
    )
    return chance <= MAX_CHANCE
