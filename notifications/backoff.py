"""Retry backoff: compute the delay before the next attempt to send a message. Pure."""

from __future__ import annotations

import hashlib
from datetime import timedelta

# Before the 2nd, 3rd, … try. Source: the schedule that Standard Webhooks recommends.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_TRIES = len(WAITS) + 1
JITTER_RATE = 0.1


def wait_after(*, tries: int, salt: str) -> timedelta | None:
    """Return how long to wait after so many tries failed; None when it was the last one.

    Up to a tenth is added, by ``salt``, so that messages which failed together do not come
    back together. It is never subtracted: all tries together span at least 72 hours.
    """
    if tries >= MAX_TRIES:
        return None
    digest = hashlib.sha256(f"{salt}:{tries}".encode()).digest()
    jitter = int.from_bytes(digest[:4]) / 2**32 * JITTER_RATE
    return WAITS[tries - 1] * (1 + jitter)
