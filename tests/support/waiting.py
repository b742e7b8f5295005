"""Waiting: poll for the effect of another process or thread."""

import time


def eventually(fact, *, within_s=5.0):
    """Call until the result is true, and return it."""
    deadline = time.monotonic() + within_s
    while not (result := fact()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return result
