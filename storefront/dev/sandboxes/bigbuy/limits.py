"""How often each endpoint may be called: so many times in a window that its first call opens."""

from __future__ import annotations

import threading
from dataclasses import dataclass

HOURLY = {
    "products": 10, "productprices": 10, "productvariationprices": 10,
    "productsstockbyhandlingdays": 10, "productsvariationsstockbyhandlingdays": 10,
    "productsimages": 10, "productsvariations": 10, "variations": 10, "languages": 10,
    "productsinformation": 24, "taxonomies": 24, "attributes": 24, "attributegroups": 24,
    "manufacturers": 5, "productstaxonomies": 5, "new-products": 2,
}  # fmt: skip
SINGLE_S = 5
HOUR = 3600


@dataclass(slots=True)
class Window:
    ends_s: float
    used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an endpoint's window stands after a call."""

    limit: int
    remaining: int
    reset_s: float
    is_over: bool


class Limits:
    """Counts for the whole account; forgotten when the sandbox stops.

    Units:  an hour lasts ``hour_s``, and a second ``second_s``; 0 lifts the limit
    """

    def __init__(self, *, hour_s: float, second_s: float) -> None:
        self.hour_s, self.second_s = hour_s, second_s
        self._lock = threading.Lock()
        self._windows: dict[str, Window] = {}

    def count(self, endpoint: str, *, now_s: float) -> Standing | None:
        """Count a call; None where nothing limits it."""
        points, length_s = self._rule(endpoint)
        if not length_s:
            return None
        with self._lock:
            window = self._windows.get(endpoint)
            if window is None or window.ends_s <= now_s:
                window = self._windows[endpoint] = Window(ends_s=now_s + length_s)
            is_over = window.used >= points
            window.used += not is_over
            return Standing(
                limit=points,
                remaining=points - window.used,
                reset_s=window.ends_s,
                is_over=is_over,
            )

    def _rule(self, endpoint: str) -> tuple[int, float]:
        if endpoint in HOURLY:
            return HOURLY[endpoint], self.hour_s
        if endpoint.endswith("/{id}") and not endpoint.startswith(("order/", "tracking/")):
            return 1, SINGLE_S * self.second_s
        return 1, self.second_s

    def forget(self) -> None:
        with self._lock:
            self._windows.clear()
