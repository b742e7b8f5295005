"""Waiting: poll for the effect of another process or thread."""

import time


def eventually(fact, *, within_s=5.0, every_s=0.02):
    """Call until the result is true, and return it."""
    deadline = time.monotonic() + within_s
    while not (result := fact()):
        assert time.monotonic() < deadline, f"it did not happen within {within_s} s"
        time.sleep(every_s)
    return result
