"""Worker warm-up: load texts and templates before the fork, freeze the garbage collector.

Processes share what is loaded before the fork; a process that replaces a dead one would otherwise
load it again. During start-up the garbage collector would scan all loaded objects repeatedly and
free nothing, a quarter of the start of a web server or worker. ``gc_frozen`` disables it, then
freezes the loaded objects.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery.signals import worker_init
from django.urls import get_resolver

from notifications import rendering


@worker_init.connect
def preload_pages(sender: Any, **_: Any) -> None:
    """Load the URLs once for all processes of the worker that sends e-mails, which link to pages."""
    if sender.app.conf.task_default_queue in sender.app.amqp.queues.consume_from:
        get_resolver().url_patterns  # noqa: B018 - loads them


@worker_init.connect
def preload(**_: Any) -> None:
    rendering.preload()
    gc.freeze()  # a child's collector would touch these objects, and so copy their pages


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Disable the garbage collector within, then exclude all present objects from it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
