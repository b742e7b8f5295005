"""Offer history: load cost and stock of each offer over 90 days, draw charts that fit a phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from storefront.lib.line_charts import StepChart, TimedValue, step_chart
from suppliers.inventory import history
from suppliers.inventory.history import CostEntry, StockEntry
from suppliers.models import StockLevel, SupplierOffer

SHOWN_OVER = timedelta(days=90)
WIDTH, HEIGHT, LEFT = 360, 168, 52
# The table is the text alternative of the chart; the ledger has all rows.
MAX_ROWS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelHistory:
    """Stock of an offer at one location; ``rows`` are newest first."""

    level: StockLevel
    chart: StepChart | None
    rows: Sequence[StockEntry]
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferHistory:
    """Cost and stock history of one offer; ``costs`` are newest first."""

    offer: SupplierOffer
    cost_chart: StepChart | None
    costs: Sequence[CostEntry]
    level_histories: Sequence[LevelHistory]


def load(
    *, offers: Sequence[SupplierOffer], levels: Sequence[StockLevel], now: datetime
) -> list[OfferHistory]:
    """Return the history and charts of the last 90 days of some offers."""
    since = now - SHOWN_OVER
    costs = history.cost_history(offers, since=since)
    stocks = history.stock_history(levels, since=since)
    return [
        OfferHistory(
            offer=offer,
            cost_chart=_drawn([[(row.at, row.amount) for row in costs.get(offer.pk, ())]], now),
            costs=costs.get(offer.pk, [])[::-1][:MAX_ROWS],
            level_histories=[
                _level_history(level, stocks[level.pk], now)
                for level in levels
                if level.offer_id == offer.pk
            ],
        )
        for offer in offers
    ]


def _level_history(level: StockLevel, rows: Sequence[StockEntry], now: datetime) -> LevelHistory:
    reported = [(row.at, Decimal(row.reported)) for row in rows]
    available = (
        [(row.at, Decimal(row.remaining)) for row in rows]
        if any(row.promised for row in rows)
        else []
    )
    return LevelHistory(
        level=level,
        chart=_drawn([reported, available], now),
        rows=rows[::-1][:MAX_ROWS],
        is_cut=len(rows) > MAX_ROWS,
    )


def _drawn(lines: Sequence[Sequence[TimedValue]], now: datetime) -> StepChart | None:
    return step_chart(lines, until=now, width=WIDTH, height=HEIGHT, left=LEFT)
