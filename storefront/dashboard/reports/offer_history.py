"""Offer history: load cost and stock of each offer over 90 days, draw charts that fit a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from storefront.lib.line_charts import Chart, Stair, draw
from suppliers.inventory import history
from suppliers.inventory.history import Cost, Stock
from suppliers.models import StockLevel, SupplierOffer

SHOWN_OVER = timedelta(days=90)
WIDTH, HEIGHT, LEFT = 360, 168, 52
# The table is the text alternative of the chart; the ledger has all rows.
MOST_TOLD = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Stock of an offer at one location; ``rows`` are newest first."""

    level: StockLevel
    chart: Chart | None
    rows: Sequence[Stock]
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Cost and stock history of one offer; ``costs`` are newest first."""

    offer: SupplierOffer
    cost_chart: Chart | None
    costs: Sequence[Cost]
    shelves: Sequence[Shelf]


def read(
    *, offers: Sequence[SupplierOffer], levels: Sequence[StockLevel], now: datetime
) -> list[History]:
    """Return the history and charts of the last 90 days of some offers."""
    since = now - SHOWN_OVER
    costs = history.costs(offers, since=since)
    stocks = history.stocks(levels, since=since)
    return [
        History(
            offer=offer,
            cost_chart=_drawn([[(row.at, row.amount) for row in costs.get(offer.pk, ())]], now),
            costs=costs.get(offer.pk, [])[::-1][:MOST_TOLD],
            shelves=[
                _shelf(level, stocks[level.pk], now)
                for level in levels
                if level.offer_id == offer.pk
            ],
        )
        for offer in offers
    ]


def _shelf(level: StockLevel, rows: Sequence[Stock], now: datetime) -> Shelf:
    told = [(row.at, Decimal(row.reported)) for row in rows]
    left = (
        [(row.at, Decimal(row.left)) for row in rows] if any(row.promised for row in rows) else []
    )
    return Shelf(
        level=level,
        chart=_drawn([told, left], now),
        rows=rows[::-1][:MOST_TOLD],
        is_cut=len(rows) > MOST_TOLD,
    )


def _drawn(lines: Sequence[Sequence[Stair]], now: datetime) -> Chart | None:
    return draw(lines, until=now, width=WIDTH, height=HEIGHT, left=LEFT)
