"""Fixtures of the contract: one running store for each test; short timeouts where one is awaited."""

import pytest

from storefront.lib.http import retries
from storefront.lib.http.client import ApiClient
from tests.storefront.sales_channels.platforms.contract.cases import headlamp, light, written
from tests.storefront.sales_channels.platforms.contract.stores import all_stores, store_class

# The timeouts of tests whose fault is ``slow``, and of all others on a busy machine.
SHORT_S, LONG_S = (0.6, 1.5), (10.0, 15.0)


@pytest.fixture(params=all_stores())
def store(request, tmp_path, monkeypatch):
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0)
    is_slow = request.node.callspec.params.get("kind") == "slow"
    read_s, total_s = SHORT_S if is_slow else LONG_S
    monkeypatch.setitem(ApiClient.__init__.__kwdefaults__, "read_s", read_s)
    monkeypatch.setitem(ApiClient.__init__.__kwdefaults__, "total_s", total_s)
    kind = store_class(request.param)
    if kind.CLIENT:
        monkeypatch.setattr(f"{kind.CLIENT}.READ_S", read_s)
        monkeypatch.setattr(f"{kind.CLIENT}.TOTAL_S", total_s)
    opened = kind(tmp_path / request.param)
    yield opened
    opened.close()


@pytest.fixture
def goods(store):
    """A headlamp with four variants and a light, both in the store."""
    return written(store, headlamp(), light())
