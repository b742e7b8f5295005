"""Warm-up: load models, texts, URLs, templates and cards before the fork, freeze the garbage collector.

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
from wsgiref.types import WSGIApplication
from wsgiref.util import setup_testing_defaults

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


def preload_pages(application: WSGIApplication) -> None:
    """Load all that shop pages need for web workers: about 40 MB that they then share.

    Answers two pages, so that the cards, and what only a request loads, are shared too.
    """
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            reverse("home")
            jinja = engines["jinja"].env  # type: ignore[attr-defined]
            for name in jinja.list_templates(filter_func=lambda name: name.startswith("web/")):
                jinja.get_template(name)
    pages = [reverse("home")]
    with suppress(DatabaseError):
        slugs = (
            apps.get_model("catalog.ProductCard")
            .objects.order_by("pk")
            .values_list("slug", flat=True)[:1]
        )
        pages += [reverse("product", args=[slug]) for slug in slugs]
    for page in pages:
        _answer(application, page)
    preload_database()  # last: it closes the connection, which no worker may use
    gc.freeze()


def _answer(application: WSGIApplication, path: str) -> None:
    """Answer a request as a worker does; HEAD, because the page cache answers GET."""
    environ = {
        "REQUEST_METHOD": "HEAD",
        "PATH_INFO": path,
        "HTTP_HOST": settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost",
        "HTTP_X_FORWARDED_PROTO": "https",
    }
    setup_testing_defaults(environ)
    response: Any = application(environ, lambda *_: lambda _: None)
    response.close()


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
