"""Worker warm-up: pause the garbage collector at start, load texts and pages before the fork."""

import gc
import gettext
import subprocess
import sys
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.template import engines
from django.urls import URLResolver, clear_url_caches, reverse
from django.utils import translation
from django.utils.translation import trans_real
from jinja2 import Environment

from notifications import rendering
from storefront.workers import warmup
from storefront.workers.warmup import gc_frozen
from tests.e2e.worker_process import surroundings
from tests.factories.product_cards import make_card


@pytest.fixture(autouse=True)
def empty_caches():
    rendering._environment.cache_clear()
    yield
    rendering._environment.cache_clear()
    gc.unfreeze()


def test_garbage_collector_is_paused_and_present_objects_frozen():
    with gc_frozen():
        assert not gc.isenabled()
        kept = [[]]

    assert gc.isenabled()
    assert not any(one is kept for one in gc.get_objects())
    assert gc.get_freeze_count()
    with pytest.raises(KeyError), gc_frozen():
        raise KeyError
    assert gc.isenabled()
    gc.disable()
    try:
        with gc_frozen():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def printed_by_process(code):
    """Return what Python code prints in a new process of this test's shop."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=surroundings(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.django_db
def test_first_page_finds_urls_and_templates_loaded(monkeypatch):
    card, asked, done = make_card(), [], []
    languages = [language for language, _ in settings.LANGUAGES]
    monkeypatch.setattr(warmup, "preload_database", lambda: None)  # it closes this connection
    clear_url_caches()
    for language in languages:
        with translation.override(language):
            engines["jinja"].env.cache.clear()
    warmup.preload_pages(lambda environ, _start: asked.append(environ["PATH_INFO"]) or BytesIO())
    monkeypatch.setattr(URLResolver, "_populate", done.append)
    monkeypatch.setattr(Environment, "compile", lambda _self, _source, name: done.append(name))

    for language in languages:
        with translation.override(language):
            reverse("product", args=["spot-400"])
            engines["jinja"].get_template("web/catalog/product.html")

    assert done == []
    assert asked == ["/en/", f"/en/p/{card.slug}/"]
    assert gc.get_freeze_count()


@pytest.mark.django_db
def test_workers_inherit_no_connection_from_the_pages_answered_before_the_fork():
    start = (
        "from storefront import wsgi; from django.db import connection;"
        "opened = []; connect = connection.connect;"
        "connection.connect = lambda: opened.append(1) or connect();"
        "wsgi.before_fork(); print(bool(opened), connection.connection)"
    )

    assert printed_by_process(start) == "True None"


def test_first_email_finds_templates_and_translations_loaded(monkeypatch):
    compiled, opened = [], []
    plain, read = Environment.compile, gettext.GNUTranslations._parse

    def counted(self, source, name=None, *rest, **options):
        compiled.append(name)
        return plain(self, source, name, *rest, **options)

    def noted(self, file):
        opened.append(file.name)
        return read(self, file)

    monkeypatch.setattr(gettext.GNUTranslations, "_parse", noted)
    monkeypatch.setattr(trans_real, "_translations", {})
    monkeypatch.setattr(gettext, "_translations", {})
    warmup.preload()
    monkeypatch.setattr(Environment, "compile", counted)
    assert {language for language, _ in settings.LANGUAGES} <= {*trans_real._translations}
    assert any("/az/" in name for name in opened)
    opened.clear()

    for template in rendering.PRELOADED_TEMPLATES:
        for kind in ("txt", "html"):
            rendering._environment().get_template(f"email/{template}.{kind}")
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            translation.gettext("Home")

    assert compiled == opened == []
    assert gc.get_freeze_count()


def test_only_the_worker_of_orders_loads_the_gateway_before_it_forks(monkeypatch):
    loaded = []
    monkeypatch.setattr(warmup, "gateway_class", loaded.append)
    for queue in ("bulk", "syncs", "celery"):
        queues = SimpleNamespace(consume_from={queue: None})
        conf = SimpleNamespace(task_default_queue="celery")
        app = SimpleNamespace(conf=conf, amqp=SimpleNamespace(queues=queues))
        warmup.preload_gateway(sender=SimpleNamespace(app=app))

    assert loaded == [settings.PAYMENT_GATEWAY]


@pytest.mark.django_db
def test_worker_starts_without_libraries_that_only_pages_use():
    start = (
        "import sys, django; django.setup();"
        "from storefront.celery import app; app.loader.import_default_modules();"
        "print({'unfold.admin', 'storefront.urls', 'rest_framework.response', 'stripe', 'requests'}"
        " & {*sys.modules})"
    )

    assert printed_by_process(start) == "set()"
