"""How much was asked, and what it cost."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any


class Usage:
    """Counts the calls of the dialect by path; forgotten when the sandbox stops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._points = 0

    def count(self, path: str, *, points: int) -> None:
        with self._lock:
            self._calls[path] += 1
            self._points += points

    def told(self) -> dict[str, Any]:
        with self._lock:
            return {
                "calls": self._calls.total(),
                "points": self._points,
                "by_path": dict(self._calls.most_common()),
            }

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._points = 0
