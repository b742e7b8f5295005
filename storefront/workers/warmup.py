"""Get ready what every process of a worker needs, before it forks: they share it, and start warm.

A process that died would read words and templates anew for its first mail.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.signals import worker_init

from notifications import rendering


@worker_init.connect
def get_ready(**_: Any) -> None:
    rendering.warm()
    gc.freeze()  # a child's collector would touch all of it, and so copy it


# Start a process without its collector: what it reads then stays for the life of the process.
#
# The collector would look through all of it again and again while it grows, and find nothing:
# that takes a quarter of the start of a web server or a worker.


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
