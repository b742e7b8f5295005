"""Decide whether a feed can be believed. Pure: no database, no clock, no network.

A guard returns the reason not to believe it, in words for staff, or an empty text. What a
guard refuses is quarantined whole: nothing of the run is applied until a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

# A feed may lose, or zero, so much of what we know at once before we ask a person.
MOST_LOST_RATE = Decimal("0.20")
# In a small catalog a share says little: so many rows may always go.
FEW = 3
MOST_BAD_RATE = Decimal("0.50")
MOST_JUMPED_RATE = Decimal("0.10")
JUMP_FACTOR = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CostMove:
    """A cost that changed."""

    sku: str
    before: Decimal
    after: Decimal


def list_is_believable(*, good: int, bad: int, known: int, still_there: int) -> str:
    """Judge a product list against the products we know."""
    if good == 0 and bad == 0:
        return f"The list is empty; we know {known} products."
    if reason := rows_are_readable(good=good, bad=bad):
        return reason
    lost = known - still_there
    if _is_too_much(lost, of=known):
        return f"{lost} of {known} known products are missing from the list ({_rate(lost, known)})."
    return ""


def rows_are_readable(*, good: int, bad: int) -> str:
    read = good + bad
    if bad > FEW and Decimal(bad) > MOST_BAD_RATE * read:
        return f"{bad} of {read} rows cannot be used ({_rate(bad, read)})."
    return ""


def currency_is_right(*, expected: str, found: Iterable[str]) -> str:
    """Judge the currencies of a feed's prices; a single stray one is a matter of its row."""
    codes = list(found)
    strange = [code for code in codes if code != expected]
    if strange and 2 * len(strange) > len(codes):
        return f"Prices are in {strange[0]}; this supplier's currency is {expected}."
    return ""


def stock_is_believable(*, stocked: int, emptied: int) -> str:
    """Judge the stock rows that had units: how many have none now, or were left out."""
    if _is_too_much(emptied, of=stocked):
        return (
            f"{emptied} of {stocked} stock rows fall to zero at once ({_rate(emptied, stocked)})."
        )
    return ""


def jumps(moves: Sequence[CostMove]) -> list[CostMove]:
    """Return the moves that look like a slipped decimal point or a price in cents."""
    return [
        move
        for move in moves
        if move.after >= move.before * JUMP_FACTOR or move.after * JUMP_FACTOR <= move.before
    ]


def costs_are_believable(*, moves: Sequence[CostMove], known: int) -> str:
    jumped = len(jumps(moves))
    if jumped > FEW and Decimal(jumped) > MOST_JUMPED_RATE * known:
        example = jumps(moves)[0]
        return (
            f"{jumped} of {known} costs move by a factor of {JUMP_FACTOR} or more, "
            f"such as {example.sku}: {example.before} to {example.after}."
        )
    return ""


def _is_too_much(lost: int, *, of: int) -> bool:
    return lost > FEW and Decimal(lost) > MOST_LOST_RATE * of


def _rate(part: int, whole: int) -> str:
    return f"{Decimal(100 * part) / max(1, whole):.0f} %"
