"""Get ready what every process of a worker needs, before it forks: they share it, and start warm.

A process that died would read words and templates anew for its first mail.
"""

from __future__ import annotations

import gc
from typing import Any

from celery.signals import worker_init

from notifications import rendering


@worker_init.connect
def get_ready(**_: Any) -> None:
    rendering.warm()
    gc.freeze()  # a child's collector would touch all of it, and so copy it
