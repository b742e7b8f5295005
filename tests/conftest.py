"""Fixtures of every test: no broker, no shared cache, files only in the test's own folder."""

import gc
import math
import os
import re
import shutil
import uuid
from functools import cache

import pytest
from django.conf import settings
from django.core.cache import cache as shared_cache
from django.template import Template
from django.test import TransactionTestCase
from django.test.signals import template_rendered
from xdist.scheduler import LoadGroupScheduling

from storefront.celery import app
from storefront.dev.runtime.bootstrap import compile_translations
from tests.support import database

# Each of these starts a whole shop or a worker once for all of its tests, or changes the real queues.
SHARED_PROCESSES = (
    *("tests/e2e/browser/", "tests/e2e/demo/", "tests/storefront/test_containers.py"),
    *("tests/architecture/test_celery.py", "tests/storefront/ops/test_health.py"),
    "tests/architecture/test_query_plans.py",  # makes a large shop once
)
# A module with one of these makes its data once for all of its tests.
SHARED_FIXTURES = re.compile(r'\bshared_world\b|\bbuild_once\b|scope="module"')


class SharedDataScheduling(LoadGroupScheduling):
    """Give all tests that share a running shop or data to one test worker, so that it is made once.

    The marks that xdist has for this do nothing under pytest 9.2, where no plugin can change the
    id of a test any more.
    """

    def _split_scope(self, nodeid):
        module = nodeid.partition("::")[0]
        if prefix := next(
            (prefix for prefix in SHARED_PROCESSES if module.startswith(prefix)), None
        ):
            return prefix
        return module if self._shares_data(module) else nodeid

    @cache  # noqa: B019 - there is one scheduler
    def _shares_data(self, module):
        return bool(SHARED_FIXTURES.search((self.config.rootpath / module).read_text()))


def pytest_xdist_make_scheduler(config, log):
    return SharedDataScheduling(config, log)


def pytest_configure(config):
    # Processes that tests start run as the shop does, not with the settings of this process.
    os.environ["DJANGO_SETTINGS_MODULE"] = "storefront.settings"
    if not os.environ.get("PYTEST_XDIST_WORKER"):
        compile_translations(config.rootpath)
    # Queued tasks are never run: a test calls the function that the task would call.
    app.conf.broker_url = "memory://"
    TransactionTestCase._fixture_teardown = lambda _: database.empty()


def pytest_collection_finish():
    """Collect garbage less often, and never examine the thousands of collected tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix, tmp_path_factory, django_db_blocker
):
    """If there are several test processes, run the migrations once for all of them."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        with django_db_blocker.unblock():
            database.share_migrations(tmp_path_factory.getbasetemp().parent)


@pytest.fixture(scope="session", autouse=True)
def whole_pages_in_context(django_test_environment):
    """Record the context of a whole page for ``response.context``, and not those of its parts.

    Copying the context for each of the 200 parts of a staff page takes a fifth of its time.
    """

    def render(template, context):
        if context.template is template:
            template_rendered.send(sender=template, template=template, context=context)
        return template.nodelist.render(context)

    Template._render = render  # until the end of ``django_test_environment``


@pytest.fixture(autouse=True)
def fresh_routes():
    """Clear the cache of shipping services, which would outlive a test: it lasts a minute."""
    from shipping.rates import quotes  # noqa: PLC0415 - the apps are not loaded when this file is

    quotes.clear_cache()


@pytest.fixture(autouse=True)
def unrecorded_inbox():
    """Let each inbox rule find its rows; after a recording, some look only at recorded cases."""
    from storefront.dashboard.inbox import query  # noqa: PLC0415 - the apps are not loaded yet

    shared_cache.delete(query.RECORDED_KEY)


@pytest.fixture(autouse=True)
def fresh_card_index(monkeypatch):
    """Forget the cards and the channel of the previous test, and notice each change at once."""
    from catalog.products import shop  # noqa: PLC0415 - the apps are not loaded yet
    from catalog.search import card_index  # noqa: PLC0415

    monkeypatch.setattr(card_index, "_indexes", {})
    monkeypatch.setattr(card_index, "REFRESH_AFTER_S", -1)
    monkeypatch.setattr(shop, "SHOP_CACHE_TTL_S", -1)
    monkeypatch.setattr(shop, "_shops", {})


@pytest.fixture(autouse=True)
def main_market(monkeypatch):
    """Cache one market, the channel ``shop``, which saves a query; tests of others reset it."""
    from catalog.markets import registry  # noqa: PLC0415 - the apps are not loaded yet

    market = registry.Market(
        channel_id=0, code="shop", currency="EUR", country="DE", languages=("en", "az")
    )
    monkeypatch.setattr(registry, "_cached", (math.inf, (market,)))


@pytest.fixture(autouse=True)
def fresh_costing(monkeypatch):
    """Read exchange rates and selling costs for each order."""
    from catalog.pricing import policy  # noqa: PLC0415 - the apps are not loaded yet

    monkeypatch.setattr(policy, "COSTING_KEPT_NS", -1)
    monkeypatch.setattr(policy, "_costings", {})


@pytest.fixture(autouse=True)
def fresh_attributes(monkeypatch):
    """Cache that there are no custom attributes, which saves a query; tests of them reset it."""
    from catalog.custom_attributes import registry  # noqa: PLC0415 - the apps are not loaded yet

    monkeypatch.setattr(registry, "_cached", (math.inf, ()))


@pytest.fixture(autouse=True)
def built_in_families(monkeypatch):
    """Cache the families of a new shop, which saves a query; tests of others reset it."""
    from catalog.attributes.families import BUILT_IN  # noqa: PLC0415 - the apps are not loaded yet
    from catalog.models import families  # noqa: PLC0415

    monkeypatch.setattr(families, "_cached", (math.inf, BUILT_IN))


@pytest.fixture(autouse=True)
def broker_answers(monkeypatch):
    """Forget that the broker was down in the previous test, so that it is used again at once."""
    from storefront.workers import deduplication  # noqa: PLC0415 - the settings are not read yet

    monkeypatch.setattr(deduplication, "broker", deduplication.Broker())


@pytest.fixture
def no_visits(monkeypatch):
    """Count visits under keys of this test in Redis, which test processes share."""
    from catalog.markets import visit_counters  # noqa: PLC0415 - the settings are not read yet

    for name in ("STEPS", "SEARCHES"):
        monkeypatch.setattr(visit_counters, name, f"test:{name}:{uuid.uuid4()}")
    monkeypatch.setattr(visit_counters, "RETENTION_S", 600)
    monkeypatch.setattr(visit_counters.Pause, "until", 0.0)


@pytest.fixture(autouse=True)
def demonstration(monkeypatch):
    """Cache the demonstration identity without notices; tests of the identity reset it."""
    from storefront.identity import current  # noqa: PLC0415 - the apps are not loaded yet

    monkeypatch.setattr(current, "_cached", (math.inf, current.DEMONSTRATION))
    monkeypatch.setattr(current, "_artwork", (math.inf, {}))


@pytest.fixture(autouse=True)
def live_database(monkeypatch):
    """Cache that this is the shop's database, which saves a query; tests of copies reset it."""
    from storefront.identity import live_database  # noqa: PLC0415 - the settings are not read yet

    monkeypatch.setattr(live_database, "_cached", (math.inf, live_database.State(is_recorded=True)))


@pytest.fixture(autouse=True)
def settled_language():
    """Reset the language, which a page in Azerbaijani leaves active in the thread."""
    from django.utils import translation  # noqa: PLC0415 - the settings are not read yet

    translation.deactivate()


@pytest.fixture(autouse=True)
def no_files_left():
    """Delete what a test stored below ``VAR_DIR``."""
    yield
    for path in settings.VAR_DIR.iterdir():
        if path.is_file():
            path.unlink()
        elif path != settings.STATIC_ROOT:
            shutil.rmtree(path)


pytest_plugins = [
    "tests.support.staff_fixtures",
    "tests.fakes.stripe_server",
    "tests.fakes.twilio_server",
    "tests.fakes.webhook_receiver",
    "tests.fakes.label_provider",
    "tests.fakes.tracking_provider",
    "tests.support.template_branches",
]
