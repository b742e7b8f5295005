"""Decide whether a supplier's figure contains our sales. Pure: no database, no clock.

The law: a doubt keeps a unit subtracted. Time alone proves nothing (he may count down later
than he says), and a drop alone proves nothing (somebody else may have bought). Both together
are believed; so is time alone where his lag is measured and goods that came in hide the drop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import comb

# Where nothing is measured: even a file that he makes once a day contains it then.
UNMEASURED_LAG = timedelta(days=1)
# His yes and his shipments reach us late, and a run that is being read has begun before.
HEARD_LATE = timedelta(hours=1)
# A new count shows on most rows that we sold from, and hardly on the others.
COUNTED_ROWS, OTHER_ROWS = 5, 20
COUNTED_SHARE = Decimal("0.7")
COINCIDENCE = Decimal("0.000001")


class CountsDownAt(StrEnum):
    """The words of ``Supplier.CountsDownAt``, the more careful one later."""

    ORDER = "order"
    SHIPMENT = "shipment"
    NEVER = "never"


class SeenBy(StrEnum):
    """The words of ``Allocation.SeenBy`` that figures can earn."""

    ORDER = "order"
    SHIPMENT = "shipment"
    LAG = "lag"
    COUNT = "count"


class Doubt(StrEnum):
    """The words of ``Allocation.Doubt``."""

    NO_YES = "no_yes"
    NOT_SHIPPED = "not_shipped"
    TOO_SOON = "too_soon"
    SILENT = "silent"
    NO_DROP = "no_drop"
    NO_COUNT = "no_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """When a supplier counts down, and how long his figures take to show it."""

    at: str
    lag: timedelta = UNMEASURED_LAG
    is_measured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Units sold on one stock row, and what the supplier said of them."""

    id: int
    quantity: int
    sold_at: datetime
    accepted_at: datetime | None
    shipped_at: datetime | None


@dataclass(slots=True, kw_only=True)
class Drop:
    """A figure that fell; ``left`` are the units of it that no sale has claimed yet."""

    id: int
    at: datetime
    left: int
    is_count: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a supplier says of one stock row; ``drops`` are in order of time."""

    known_at: datetime
    is_silent: bool
    reported: int
    drops: Sequence[Drop] = field(default_factory=tuple)
    rose_at: datetime | None = None  # the last time


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What became of one sale: either ``seen_by`` or ``doubt`` is set."""

    sale: Sale
    seen_by: str = ""
    drop: int | None = None
    doubt: str = ""


def manner(*, configured: str, measured: str, tail_s: int | None) -> Manner:
    """Believe what is more careful: what staff were told, or what his figures show."""
    order = list(CountsDownAt)
    at = max(configured, measured or configured, key=lambda word: order.index(CountsDownAt(word)))
    if at == measured and tail_s is not None:
        return Manner(at=at, lag=timedelta(seconds=tail_s), is_measured=True)
    return Manner(at=at)


def weigh(sales: Iterable[Sale], row: Row, manner: Manner) -> list[Finding]:
    """Judge the sales of one row that are still subtracted; the drops they claim are used up."""
    if manner.at == CountsDownAt.NEVER:
        return _counted_anew(sales, row, manner)
    findings = []
    for sale in sorted(sales, key=lambda sale: (since(sale, manner) or row.known_at, sale.id)):
        doubt = too_soon(sale, row, manner)
        findings.append(Finding(sale=sale, doubt=doubt) if doubt else _dropped(sale, row, manner))
    return findings


def since(sale: Sale, manner: Manner) -> datetime | None:
    """Return when this supplier began to count the sale down, as far as we heard."""
    return sale.accepted_at if manner.at == CountsDownAt.ORDER else sale.shipped_at


def too_soon(sale: Sale, row: Row, manner: Manner) -> str:
    """Say why his figure cannot be expected to contain the sale yet; empty when it can."""
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
    # What came in before the sale hides no drop that the sale made.
    came_in_after = max(moment - HEARD_LATE, sale.sold_at)
    if manner.is_measured and row.rose_at is not None and row.rose_at > came_in_after:
        return Finding(sale=sale, seen_by=SeenBy.LAG)
    return Finding(sale=sale, doubt=Doubt.NO_DROP)


def _counted_anew(sales: Iterable[Sale], row: Row, manner: Manner) -> list[Finding]:
    """Judge sales to somebody who never counts them down: only a new count contains them.

    One is known by its pattern over his rows (``is_count``), and by logic: all that he has
    shipped and not counted was once in his figure, so a smaller figure has been counted anew.
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
    """Tell whether enough of the rows that owe us units fell to ask about the others at all."""
    return of >= COUNTED_ROWS and dropped >= COUNTED_SHARE * of


def is_new_count(*, dropped: int, of: int, others_dropped: int, others: int) -> bool:
    """Tell a new count of a warehouse from a good day of the supplier's other buyers.

    Shape:  of ``of`` rows that owe us units, ``dropped`` fell by at least these units in one
            run; of ``others`` rows in the same warehouse, ``others_dropped`` fell at all.
            What we sell may sell three times as well elsewhere, too
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
