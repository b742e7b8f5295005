"""Dangerous goods: list why a service may not carry the lithium cells of a parcel. Pure.

Source: IATA packing instructions 965 to 970 (section II) and the rules of international mail: a
cell up to 20 Wh, the battery of one light up to 100 Wh, a limited number of cells per parcel.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

NO_LITHIUM = "none"


class Restriction(StrEnum):
    PACKING_NOT_ACCEPTED = "way"  # the packing is not accepted: inside the light, with it, or alone
    ENERGY_UNKNOWN = "energy_unknown"  # the cell's energy is unknown
    CELL_ENERGY = "cell_energy"
    BATTERY_ENERGY = "battery_energy"
    CELL_COUNT = "cell_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class LithiumCells:
    """The lithium cells of one line; ``lithium`` is a value of ``catalog.Variant.Lithium``.

    Units: ``cell_wh`` and ``cell_count`` are per piece, ``pieces`` the number of pieces
    """

    lithium: str
    cell_wh: Decimal | None
    cell_count: int
    pieces: int = 1

    @property
    def cells_per_unit(self) -> int:
        """Cells per piece; at least one if the count is unknown."""
        return max(self.cell_count, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LithiumLimits:
    """What a service accepts; ``max_cells`` is per parcel, None: limited only by weight."""

    accepts: frozenset[str]
    max_cell_wh: Decimal
    max_battery_wh: Decimal = Decimal(100)
    max_cells: int | None = None


def restrictions(*, cells: Iterable[LithiumCells], limits: LithiumLimits) -> frozenset[Restriction]:
    lithium = [piece for piece in cells if piece.lithium != NO_LITHIUM]
    reasons = set()
    for piece in lithium:
        if piece.lithium not in limits.accepts:
            reasons.add(Restriction.PACKING_NOT_ACCEPTED)
        if piece.cell_wh is None:
            reasons.add(Restriction.ENERGY_UNKNOWN)
        elif piece.cell_wh > limits.max_cell_wh:
            reasons.add(Restriction.CELL_ENERGY)
        elif piece.cell_wh * piece.cells_per_unit > limits.max_battery_wh:
            reasons.add(Restriction.BATTERY_ENERGY)
    total_cells = sum(piece.cells_per_unit * piece.pieces for piece in lithium)
    if limits.max_cells is not None and total_cells > limits.max_cells:
        reasons.add(Restriction.CELL_COUNT)
    return frozenset(reasons)
