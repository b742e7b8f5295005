"""Dangerous goods: list why a service may not carry the lithium cells of a parcel. Pure.

Source: IATA packing instructions 965 to 970 (section II) and the rules of international mail:
a cell up to 20 Wh, the battery of one light up to 100 Wh, a limited number of cells a parcel.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

NO_LITHIUM = "none"


class Refusal(StrEnum):
    """Why a route may not carry a parcel."""

    WAY = "way"  # not this way of packing: inside the light, with it, or alone
    ENERGY_UNKNOWN = "energy_unknown"  # nobody says how strong the cell is
    CELL_ENERGY = "cell_energy"
    BATTERY_ENERGY = "battery_energy"
    CELL_COUNT = "cell_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The lithium of one line: ``lithium`` is a word of ``catalog.Variant.Lithium``.

    Units:  ``cell_wh`` and ``cell_count`` are of one piece, of which there are ``pieces``
    """

    lithium: str
    cell_wh: Decimal | None
    cell_count: int
    pieces: int = 1

    @property
    def in_one_piece(self) -> int:
        """Cells in one piece; lithium that nobody counted is at least one cell."""
        return max(self.cell_count, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one route takes; ``max_cells`` is per parcel, None where only the weight limits."""

    accepts: frozenset[str]
    max_cell_wh: Decimal
    max_battery_wh: Decimal = Decimal(100)
    max_cells: int | None = None


def refusals(*, cells: Iterable[Cells], limits: Limits) -> frozenset[Refusal]:
    """List everything that stands against carrying these cells together in one parcel."""
    lithium = [one for one in cells if one.lithium != NO_LITHIUM]
    found = set()
    for one in lithium:
        if one.lithium not in limits.accepts:
            found.add(Refusal.WAY)
        if one.cell_wh is None:
            found.add(Refusal.ENERGY_UNKNOWN)
        elif one.cell_wh > limits.max_cell_wh:
            found.add(Refusal.CELL_ENERGY)
        elif one.cell_wh * one.in_one_piece > limits.max_battery_wh:
            found.add(Refusal.BATTERY_ENERGY)
    together = sum(one.in_one_piece * one.pieces for one in lithium)
    if limits.max_cells is not None and together > limits.max_cells:
        found.add(Refusal.CELL_COUNT)
    return frozenset(found)
