"""A shop with categories and prices, and an in-memory supplier."""

from contextlib import ExitStack

import pytest

from storefront.dev.sandboxes import in_memory_supplier
from tests.factories.feeds import make_feed_supplier, make_shop, stock_world, sync
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier
from tests.support.module_world import NO_REDIS, module_world

__all__ = ["sandbox_process", "sandbox_supplier"]


@pytest.fixture
def shop(db):
    """A channel in euros that sells products with costs in dollars."""
    return make_shop()


@pytest.fixture
def world(settings):
    """The data of the in-memory supplier; Redis is down, so the rate limit is local."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    in_memory_supplier.reset_data()
    yield in_memory_supplier.data_at("http://fake.example")
    in_memory_supplier.reset_data()


@pytest.fixture
def supplier(shop, world):
    return make_feed_supplier()


@pytest.fixture
def known(supplier, world):
    """A supplier whose products P1 to P5 were imported at noon, each with one SKU."""
    stock_world(world, 5)
    sync(supplier)
    world.asked.clear()
    return supplier


@pytest.fixture(scope="module")
def build_once(django_db_setup, django_db_blocker, tmp_path_factory):
    """Return a function that builds rows and files for all tests of a module, in a folder.

    For modules without ``django_db(transaction=True)``; ``copy_feeds`` gives a test the files.
    """
    with ExitStack() as worlds:

        def build(make):
            folder = tmp_path_factory.mktemp("world")
            world = module_world(
                django_db_blocker, folder, lambda: make(folder), REDIS_URL=NO_REDIS
            )
            worlds.enter_context(world)
            return folder

        yield build
