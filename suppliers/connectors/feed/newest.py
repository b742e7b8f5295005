"""Remember the newest rows of a file while it is walked. Pure."""

from __future__ import annotations

import heapq
from datetime import datetime

from suppliers.connectors.bulk import FARTHEST_AHEAD

REMEMBERED = 20


class Newest:
    """The newest rows so far, and their SKUs. A row that is dated in the future is not among them.

    A file is known by several of them: the newest one alone may be sold out tomorrow.
    """

    def __init__(self, *, now: datetime) -> None:
        self._latest = now + FARTHEST_AHEAD
        self._rows: list[tuple[datetime, str]] = []

    def see(self, at: datetime) -> bool:
        """Tell whether a row of this moment would be among them."""
        is_full = len(self._rows) >= REMEMBERED
        return at <= self._latest and not (is_full and at <= self._rows[0][0])

    def add(self, at: datetime, sku: str) -> None:
        keep = heapq.heappushpop if len(self._rows) >= REMEMBERED else heapq.heappush
        keep(self._rows, (at, sku))

    @property
    def at(self) -> datetime | None:
        return max(self._rows)[0] if self._rows else None

    @property
    def rows(self) -> dict[str, datetime]:
        """Shape:  the moment of each SKU, the newest if it has several."""
        return {sku: at for at, sku in sorted(self._rows) if sku}
