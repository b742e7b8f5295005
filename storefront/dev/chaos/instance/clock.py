"""A clock that can be moved from outside, while the process goes on.

The file ``CHAOS_CLOCK`` names holds seconds; so far from the true time the process believes to be.
"""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

LOOKS_EVERY_S = 0.2
_true_now = timezone.now


class Clock:
    """The true time, and how far away from it we are."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._off = timedelta()
        self._looked_at = float("-inf")

    def now(self) -> datetime:
        if time.monotonic() > self._looked_at + LOOKS_EVERY_S:
            self._looked_at = time.monotonic()
            self._off = timedelta(seconds=float(self._file.read_text()))
        return _true_now() + self._off


def put_on() -> None:
    """Let everybody in this process who asks Django for the time ask this clock."""
    if file := os.environ.get("CHAOS_CLOCK"):
        timezone.now = Clock(Path(file)).now
