"""Count what we ask of a supplier in one go."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime

from suppliers.connectors.context import Budget, Quota

UNNAMED = "other"  # a call that its connector names for nothing


class Meter:
    """What one connector asked, from all its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._points: Counter[str] = Counter()

    def called(self, ability: str) -> None:
        with self._lock:
            self._calls[ability or UNNAMED] += 1

    def spent(self, quota: Quota, points: int) -> None:
        with self._lock:
            self._points[quota.name] += points

    def read(self) -> dict[str, dict[str, int]]:
        """Return calls by what they were for, and points by quota, as a run keeps them."""
        with self._lock:
            return {
                "calls": dict(sorted(self._calls.items())),
                "points": dict(sorted(self._points.items())),
            }


class MeteredBudget:
    """A budget whose points are counted for somebody."""

    def __init__(self, budget: Budget, *, meter: Meter) -> None:
        self._budget = budget
        self._meter = meter

    def spend(self, quota: Quota, *, points: int = 1, is_for_order: bool = False) -> None:
        self._budget.spend(quota, points=points, is_for_order=is_for_order)
        self._meter.spent(quota, points)

    def told(self, quota: Quota, *, left: int, total: int | None, until: datetime | None) -> None:
        self._budget.told(quota, left=left, total=total, until=until)

    def left(self, quota: Quota) -> int:
        return self._budget.left(quota)
