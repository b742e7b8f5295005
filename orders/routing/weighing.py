"""Say why a stock row cannot fill anything. Pure: no database, no clock, no network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why nothing is sold from a stock row, whoever asks, and however few."""

    SUPPLIER = "supplier"  # we do not buy from him now
    GONE = "gone"  # he no longer lists it
    HELD = "held"  # its data cannot be believed, or staff stopped it
    EVIDENCE = "evidence"  # nothing valid proves a certificate that it needs
    NO_COST = "no_cost"
    OLD_COST = "old_cost"
    OLD_STOCK = "old_stock"
    NO_UNITS = "no_units"  # none left above what is kept back
    NO_RATE = "no_rate"  # nobody knows what his money is worth, or nobody does any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one stock row. ``left`` are the units above all that is kept back."""

    is_bought_from: bool
    status: str
    lacks_evidence: bool
    has_cost: bool
    has_fresh_cost: bool
    has_fresh_stock: bool
    left: int


def refusal(facts: Facts) -> Refusal | None:
    """Return the first thing that stands against a row; the money is asked about last."""
    against = {
        Refusal.SUPPLIER: not facts.is_bought_from,
        Refusal.GONE: facts.status == "gone",
        Refusal.HELD: facts.status != "active",
        Refusal.EVIDENCE: facts.lacks_evidence,
        Refusal.NO_COST: not facts.has_cost,
        Refusal.OLD_COST: not facts.has_fresh_cost,
        Refusal.OLD_STOCK: not facts.has_fresh_stock,
        Refusal.NO_UNITS: facts.left <= 0,
    }
    return next((reason for reason, holds in against.items() if holds), None)
