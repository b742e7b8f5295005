"""Backoff: compute how long to wait before a later attempt. Pure."""

import random
from datetime import timedelta

MAX_DOUBLINGS = 20  # every maximum wait is reached by then
JITTER_SHARE = 10  # jitter: at most a tenth of the wait
# Before the 2nd, 3rd, … attempt to deliver an event or e-mail. Source: the schedule that Standard
# Webhooks recommends.
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


def backoff(first: timedelta, *, failures: int, longest: timedelta) -> timedelta:
    """Return the first wait, doubled for each failure, at most ``longest``."""
    times: int = 2 ** min(failures, MAX_DOUBLINGS)
    return min(first * times, longest)


def add_jitter(wait: timedelta) -> timedelta:
    """Add jitter, so that what failed together is not retried together."""
    return wait + wait / JITTER_SHARE * random.random()  # noqa: S311 - no secret
