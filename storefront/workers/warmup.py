"""Worker warm-up: load texts and templates before the fork, freeze the garbage collector.

Processes share what is loaded before the fork. A process that replaces a dead one would otherwise
load texts and templates again for its first mail. During start-up the garbage collector would scan
all that is loaded, again and again, and find nothing. That takes a quarter of the start of a web
server or worker. ``keeping_all`` therefore disables it, and freezes what was loaded.
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
