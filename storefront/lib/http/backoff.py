"""Backoff: compute how long to wait before a later attempt. Pure."""

import random
from datetime import timedelta

MAX_DOUBLINGS = 20  # every maximum wait is reached by then
JITTER_SHARE = 10  # jitter: at most a tenth of the wait


def backoff(first: timedelta, *, failures: int, longest: timedelta) -> timedelta:
    """Return the first wait, doubled for each failure, at most ``longest``."""
    times: int = 2 ** min(failures, MAX_DOUBLINGS)
    return min(first * times, longest)


def add_jitter(wait: timedelta) -> timedelta:
    """Add jitter, so that what failed together is not retried together."""
    return wait + wait / JITTER_SHARE * random.random()  # noqa: S311 - no secret
