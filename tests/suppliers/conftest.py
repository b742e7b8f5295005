"""A shop with categories and prices, and an in-memory supplier."""

from __future__ import annotations

import pytest

from storefront.dev.sandboxes import in_memory_supplier
from tests.factories.feeds import make_feed_supplier, make_shop
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier

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
