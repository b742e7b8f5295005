"""Start a process without its collector: what it reads then stays for the life of the process.

The collector would look through all of it again and again while it grows, and find nothing: that
takes a quarter of the start of a web server or a worker.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keeping_all() -> Iterator[None]:
    """Rest the collector; what is here afterwards it will not look through any more."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
