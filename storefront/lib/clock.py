"""Running clock: start at a given time, return that time plus what has passed since."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta


def elapsing(now: datetime) -> Callable[[], datetime]:
    """Start a clock at ``now``; each call tells the time on it.

    For work that waits for others: what it writes after a minute did not happen at its start.
    """
    started_ns = time.monotonic_ns()

    def moment() -> datetime:
        return now + timedelta(microseconds=(time.monotonic_ns() - started_ns) // 1000)

    return moment
