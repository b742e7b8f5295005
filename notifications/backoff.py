"""Retry backoff: compute the delay before the next attempt to send a message. Pure."""

from __future__ import annotations

from datetime import timedelta

from storefront.lib.http.backoff import add_jitter

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


def delay_after(*, tries: int) -> timedelta | None:
    """Return the delay after so many failed attempts, with jitter; None after the last one.

    Jitter is only added: all attempts together span at least 72 hours.
    """
    return add_jitter(DELAYS[tries - 1]) if tries < MAX_ATTEMPTS else None
