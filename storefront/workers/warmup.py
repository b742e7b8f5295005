"""Worker warm-up: load connectors, texts and templates before the fork, freeze the garbage collector.

Processes share what is loaded before the fork; a process that replaces a dead one would otherwise
load it again. During start-up the garbage collector would scan all loaded objects repeatedly and
free nothing, a quarter of the start of a web server or worker. ``gc_frozen`` disables it, then
freezes the loaded objects.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from celery.signals import worker_init
from django.conf import settings
from django.db import DatabaseError, connection

from notifications import rendering
from orders.gateways import gateway_class
from suppliers.connectors import CONNECTORS, connector_class


@worker_init.connect
def preload_connection(**_: Any) -> None:
    """Set up once what the library of the database needs for its first connection: 5 MB a process."""
    with suppress(DatabaseError):  # each task opens a connection of its own
        connection.ensure_connection()
    connection.close()


@worker_init.connect
def preload_gateway(sender: Any, **_: Any) -> None:
    """Import the payment gateway in the worker of orders; its library takes 15 MB a process."""
    if sender.app.conf.task_default_queue in sender.app.amqp.queues.consume_from:
        gateway_class(settings.PAYMENT_GATEWAY)


@worker_init.connect
def preload(**_: Any) -> None:
    rendering.preload()
    for code in CONNECTORS:
        connector_class(code)
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
