"""Evidence: decide whether a supplier's stock figure contains our sales. Pure: no I/O, no clock.

In doubt a unit stays subtracted. Neither time alone proves that the figure contains it (the
supplier may decrement later than stated), nor a drop alone (another buyer). Both together do; so
does time alone if the lag is measured and a restock hides the drop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import comb

# Lag without a measurement: covers a feed made once a day.
UNMEASURED_LAG = timedelta(days=1)
# Acceptances and shipments reach us late, and a feed run starts before it is read.
HEARD_LATE = timedelta(hours=1)
# A stocktake changes most rows we sold from, and few others.
COUNTED_ROWS, OTHER_ROWS = 5, 20
COUNTED_SHARE = Decimal("0.7")
COINCIDENCE = Decimal("0.000001")


class CountsDownAt(StrEnum):
    """Values of ``Supplier.CountsDownAt``, the more careful ones later."""

    ORDER = "order"
    SHIPMENT = "shipment"
    NEVER = "never"


class SeenBy(StrEnum):
    """Values of ``Allocation.SeenBy`` that figures can prove."""

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
class Manner:
    """When a supplier decrements, and how long its figures take to show it."""

    at: str
    lag: timedelta = UNMEASURED_LAG
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
class Drop:
    """A decrease of a figure; ``left`` are its units not assigned to a sale yet."""

    id: int
    at: datetime
    left: int
    is_count: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The supplier's figures of one stock row; ``drops`` are in order of time."""

    known_at: datetime
    is_silent: bool
    reported: int
    drops: Sequence[Drop] = field(default_factory=tuple)
    rose_at: datetime | None = None  # the last time


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Result for one sale: either ``seen_by`` or ``doubt`` is set."""

    sale: Sale
    seen_by: str = ""
    drop: int | None = None
    doubt: str = ""


def manner(*, configured: str, measured: str, tail_s: int | None) -> Manner:
    """Return the more careful of what staff configured and what was measured."""
    order = list(CountsDownAt)
    at = max(configured, measured or configured, key=lambda word: order.index(CountsDownAt(word)))
    if at == measured and tail_s is not None:
        return Manner(at=at, lag=timedelta(seconds=tail_s), is_measured=True)
    return Manner(at=at)


def weigh(sales: Iterable[Sale], row: Row, manner: Manner) -> list[Finding]:
    """Assess the sales of one row that are still subtracted. Consumes units of ``row.drops``."""
    if manner.at == CountsDownAt.NEVER:
        return _recounted(sales, row, manner)
    findings = []
    for sale in sorted(sales, key=lambda sale: (since(sale, manner) or row.known_at, sale.id)):
        doubt = too_soon(sale, row, manner)
        findings.append(Finding(sale=sale, doubt=doubt) if doubt else _dropped(sale, row, manner))
    return findings


def since(sale: Sale, manner: Manner) -> datetime | None:
    """Return when this supplier decremented the sale, as far as known."""
    return sale.accepted_at if manner.at == CountsDownAt.ORDER else sale.shipped_at


def too_soon(sale: Sale, row: Row, manner: Manner) -> str:
    """Return why the figure cannot contain the sale yet; empty if it can."""
    if sale.accepted_at is None and sale.shipped_at is None:
        return Doubt.NO_YES
    moment = since(sale, manner)
    if moment is None:
        return Doubt.NOT_SHIPPED
    if row.is_silent:
        return Doubt.SILENT
    return "" if row.known_at > moment + manner.lag else Doubt.TOO_SOON


def _dropped(sale: Sale, row: Row, manner: Manner) -> Finding:
    moment = since(sale, manner) or row.known_at
    for drop in row.drops:
        if drop.left >= sale.quantity and drop.at > moment - HEARD_LATE:
            drop.left -= sale.quantity
            by = SeenBy.ORDER if manner.at == CountsDownAt.ORDER else SeenBy.SHIPMENT
            return Finding(sale=sale, seen_by=by, drop=drop.id)
    # A restock before the sale cannot hide its drop.
    came_in_after = max(moment - HEARD_LATE, sale.sold_at)
    if manner.is_measured and row.rose_at is not None and row.rose_at > came_in_after:
        return Finding(sale=sale, seen_by=SeenBy.LAG)
    return Finding(sale=sale, doubt=Doubt.NO_DROP)


def _recounted(sales: Iterable[Sale], row: Row, manner: Manner) -> list[Finding]:
    """Assess sales of a supplier that never decrements: only a stocktake contains them.

    A stocktake is recognized by its pattern across rows (``is_count``), or by arithmetic: shipped
    units that were not counted were once in the figure, so a smaller figure was recounted.
    """
    findings, waiting = [], []
    for sale in sorted(sales, key=lambda sale: (sale.shipped_at or row.known_at, sale.id)):
        if doubt := too_soon(sale, row, manner):
            findings.append(Finding(sale=sale, doubt=doubt))
        elif count := _count_after(sale, row, manner):
            findings.append(Finding(sale=sale, seen_by=SeenBy.COUNT, drop=count.id))
        else:
            waiting.append(sale)
    excess = sum(sale.quantity for sale in waiting) - row.reported
    for sale in waiting:
        if sale.quantity <= excess:
            excess -= sale.quantity
            findings.append(Finding(sale=sale, seen_by=SeenBy.COUNT))
        else:
            findings.append(Finding(sale=sale, doubt=Doubt.NO_COUNT))
    return findings


def _count_after(sale: Sale, row: Row, manner: Manner) -> Drop | None:
    moment = sale.shipped_at or row.known_at
    later = (drop for drop in row.drops if drop.is_count and drop.at > moment + manner.lag)
    return next(later, None)


def may_be_count(*, dropped: int, of: int) -> bool:
    """Return True if enough rows with outstanding units dropped to examine the others."""
    return of >= COUNTED_ROWS and dropped >= COUNTED_SHARE * of


def is_new_count(*, dropped: int, of: int, others_dropped: int, others: int) -> bool:
    """Return True if the drops are a stocktake rather than sales to other buyers.

    Shape:  of ``of`` rows with outstanding units, ``dropped`` fell by at least those in one run;
            of ``others`` rows of the location, ``others_dropped`` fell at all. What we sell may
            sell three times as well elsewhere
    """
    if others < OTHER_ROWS or not may_be_count(dropped=dropped, of=of):
        return False
    usual = min(Decimal(1), Decimal(3 * (others_dropped + 1)) / (others + 2) + Decimal("0.05"))
    if usual == 1:
        return False
    chance = sum(
        comb(of, many) * usual**many * (1 - usual) ** (of - many) for many in range(dropped, of + 1)
    )
    return chance <= COINCIDENCE
