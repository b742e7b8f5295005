"""Read priority: changed products are read first, in case time or quota runs out."""

from dataclasses import replace
from functools import partial

import pytest

from suppliers.models import Connection, SupplierProduct
from suppliers.sync import concurrent_requests, price_reading, products
from tests.factories.feeds import NOON, stock_world, sync, usd

pytestmark = pytest.mark.django_db

ALL_EACH_TIME = 60 * 24 * 30


@pytest.fixture
def known(supplier, world, monkeypatch):
    """Thirty known products; each run rereads all of them sequentially."""
    for job in (products, price_reading):
        monkeypatch.setattr(
            job,
            "fetch_concurrently",
            partial(concurrent_requests.fetch_concurrently, max_concurrent=1),
        )
    Connection.objects.update(products_every_min=ALL_EACH_TIME, prices_every_min=ALL_EACH_TIME)
    supplier.refresh_from_db()
    stock_world(world, 30)
    sync(supplier)
    sync(supplier, "prices")
    world.asked.clear()
    return supplier


def test_a_changed_page_is_read_before_the_others(known, world):
    record = world.records["P29"]
    world.records["P29"] = replace(record, title="Another headlamp")
    SupplierProduct.objects.filter(external_id="P27").update(changed_at=NOON.replace(year=2020))

    sync(known)

    asked = [call for call in world.asked if call.startswith("product ")]
    assert len(asked) == 30
    assert asked[:2] == ["product P29", "product P27"]


def test_a_changed_price_is_read_before_the_others(known, world):
    world.costs["P29-Black"] = usd("8.60")

    sync(known, "prices")

    asked = [call for call in world.asked if call.startswith("costs ")]
    assert len(asked) == 30
    assert asked[0] == "costs P29"
