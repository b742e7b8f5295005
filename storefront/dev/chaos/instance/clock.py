"""Movable clock: shift the time of a running process from outside.

The file that ``CHAOS_CLOCK`` names holds seconds: the shift from the real time.
"""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

POLL_INTERVAL_S = 0.2
_true_now = timezone.now


class Clock:
    """The real time, shifted by the offset in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._off = timedelta()
        self._looked_at = float("-inf")

    def now(self) -> datetime:
        if time.monotonic() > self._looked_at + POLL_INTERVAL_S:
            self._looked_at = time.monotonic()
            self._off = timedelta(seconds=float(self._file.read_text()))
        return _true_now() + self._off


def install() -> None:
    """Make ``timezone.now`` of this process use the movable clock."""
    if file := os.environ.get("CHAOS_CLOCK"):
        timezone.now = Clock(Path(file)).now
