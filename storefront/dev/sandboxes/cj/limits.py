"""How often a caller may ask: so many times a second, so many points a day."""

from __future__ import annotations

import threading
from collections import deque

from .state import DAY_S

WINDOW_S = 1.0


class Limits:
    """Counts for each caller; forgotten when the sandbox stops."""

    def __init__(self, *, qps: int, points: int) -> None:
        self.qps, self.points = qps, points
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}
        self._day, self._used = -1, 0

    def is_too_fast(self, caller: str, *, now_s: float, most: int = 0) -> bool:
        """Count a call, unless it is one too many of this second.

        Shape:  ``most`` is of a call with a limit of its own; without limits nothing is counted
        """
        if not self.qps:
            return False
        most = most or self.qps
        with self._lock:
            calls = self._calls.setdefault(caller, deque())
            while calls and calls[0] <= now_s - WINDOW_S:
                calls.popleft()
            if len(calls) >= most:
                return True
            calls.append(now_s)
            return False

    def is_used_up(self, points: int, *, now_s: float) -> bool:
        """Spend points, unless the day has not so many left."""
        with self._lock:
            day = int(now_s // DAY_S)
            if day != self._day:
                self._day, self._used = day, 0
            if self.points and self._used + points > self.points:
                return True
            self._used += points
            return False

    def report(self) -> dict[str, int]:
        with self._lock:
            remaining = max(self.points - self._used, 0)
            return {"usedToday": self._used, "remaining": remaining, "total": self.points}
