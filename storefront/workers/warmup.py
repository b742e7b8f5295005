"""Warm-up: load models, texts, URLs and templates before the fork, freeze the garbage collector.

Processes share what is loaded before the fork; a process that replaces a dead one would otherwise
load it again. During start-up the garbage collector would scan all loaded objects repeatedly and
free nothing, a quarter of the start of a web server or worker. ``gc_frozen`` disables it, then
freezes the loaded objects.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from celery.signals import worker_init
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.template import engines
from django.urls import reverse
from django.utils import translation

from notifications import rendering
from orders.gateways import gateway_class
from suppliers.connectors import CONNECTORS, connector_class


@worker_init.connect
def preload_database(**_: Any) -> None:
    """Relate the models, and set up the database library: about 5 MB each for a process."""
    for model in apps.get_models():
        model._meta.get_fields()  # noqa: SLF001 - Django's documented model API
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
    with suppress(ImportError):
        import_module("cffi.cparser")  # billiard uses it in each child: 3 MB
    gc.freeze()  # a child's collector would touch these objects, and so copy their pages


def preload_pages() -> None:
    """Load models, texts, names of URLs and templates for web workers: 20 MB that they then share."""
    preload_database()
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            reverse("home")
            jinja = engines["jinja"].env  # type: ignore[attr-defined]
            for name in jinja.list_templates(filter_func=lambda name: name.startswith("web/")):
                jinja.get_template(name)
    gc.freeze()


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
