"""Retry backoff: compute the delay before the next attempt to send a message. Pure."""

from __future__ import annotations

import hashlib
from datetime import timedelta

# Before the 2nd, 3rd, … attempt. Source: the schedule that Standard Webhooks recommends.
DELAYS = (
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
MAX_ATTEMPTS = len(DELAYS) + 1
JITTER_RATE = 0.1


def delay_after(*, tries: int, salt: str) -> timedelta | None:
    """Return the delay after so many failed attempts; None after the last one.

    Jitter of up to 10 %, by ``salt``, so that messages which failed together do not retry together.
    It is only added: all attempts together span at least 72 hours.
    """
    if tries >= MAX_ATTEMPTS:
        return None
    digest = hashlib.sha256(f"{salt}:{tries}".encode()).digest()
    jitter = int.from_bytes(digest[:4]) / 2**32 * JITTER_RATE
    return DELAYS[tries - 1] * (1 + jitter)
