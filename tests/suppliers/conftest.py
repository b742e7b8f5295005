"""A shop with shelves and prices, and a supplier in memory."""

from __future__ import annotations

import pytest

from storefront.dev.sandboxes import in_memory_supplier
from tests.factories.catalog import (
    make_category,
    make_channel,
    make_exchange_rate,
    make_price_rule,
)
from tests.factories.feeds import make_feed_supplier
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier

__all__ = ["sandbox_process", "sandbox_supplier"]

SHELVES = ("headlamps", "flashlights", "lanterns", "work-lights", "bike-lights", "cells-chargers")


@pytest.fixture
def shop(db):
    """A channel in euros that sells what suppliers ask dollars for."""
    channel = make_channel()
    make_price_rule(channel=channel)
    make_exchange_rate()
    for slug in (*SHELVES, "accessories"):
        make_category(slug=slug, families=())
    return channel


@pytest.fixture
def world(settings):
    """What the supplier in memory has; Redis is not asked for his pace."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    in_memory_supplier.forget_worlds()
    yield in_memory_supplier.world_at("http://fake.example")
    in_memory_supplier.forget_worlds()


@pytest.fixture
def supplier(shop, world):
    return make_feed_supplier()
