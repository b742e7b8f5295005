"""Inventory history: read past costs of an offer and past stock of a row from the ledgers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from suppliers.models import CostChange, StockLevel, StockMovement, SupplierOffer

MAX_ENTRIES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEntry:
    """The cost of an offer from a moment on; None: unknown."""

    at: datetime
    amount: Decimal | None
    before: Decimal | None
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StockEntry:
    """The stock of a row from a moment on: as reported, and the units sold or reserved."""

    at: datetime
    reported: int
    promised: int
    kind: str
    cause: str

    @property
    def remaining(self) -> int:
        """Units neither sold nor reserved."""
        return max(0, self.reported - self.promised)


def cost_history(offers: Iterable[SupplierOffer], *, since: datetime) -> dict[int, list[CostEntry]]:
    """Return each offer's newest costs, oldest first; the first is that at ``since``, if known."""
    history = {}
    for offer in offers:
        changes = CostChange.objects.filter(offer=offer, at__gte=since).order_by("-at", "-pk")
        rows = [
            CostEntry(
                at=change.at, amount=change.new_amount, before=change.old_amount, cause=change.cause
            )
            for change in changes[:MAX_ENTRIES]
        ][::-1]
        if rows:
            first = CostEntry(at=since, amount=rows[0].before, before=None, cause="")
            is_complete = len(rows) < MAX_ENTRIES and first.amount is not None
            history[offer.pk] = [first, *rows] if is_complete else rows
        elif offer.cost_amount is not None:
            known = offer.cost_reported_at or offer.seen_at
            first_entry = CostEntry(
                at=max(since, known), amount=offer.cost_amount, before=None, cause=""
            )
            history[offer.pk] = [first_entry]
    return history


def stock_history(levels: Iterable[StockLevel], *, since: datetime) -> dict[int, list[StockEntry]]:
    """Return each row's stock changes, oldest first, computed back from the current counters."""
    history = {}
    for level in levels:
        moves = list(
            StockMovement.objects.filter(level=level, at__gte=since).order_by("-at", "-pk")[
                :MAX_ENTRIES
            ]
        )
        reported = level.reported_quantity
        promised = level.reserved + level.allocated_outstanding
        rows = []
        for move in moves:
            rows.append(
                StockEntry(
                    at=move.at,
                    reported=reported,
                    promised=promised,
                    kind=move.kind,
                    cause=move.cause,
                )
            )
            reported -= move.reported_delta
            promised -= move.reserved_delta + move.allocated_delta
        if len(moves) < MAX_ENTRIES and reported:
            rows.append(
                StockEntry(at=since, reported=reported, promised=promised, kind="", cause="")
            )
        history[level.pk] = rows[::-1]
    return history
