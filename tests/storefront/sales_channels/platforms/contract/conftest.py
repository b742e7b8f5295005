"""Fixtures of the contract: one running store for each test, with short timeouts."""

import pytest

from storefront.lib.http import retries
from storefront.lib.http.client import ApiClient
from tests.storefront.sales_channels.platforms.contract.cases import headlamp, light, written
from tests.storefront.sales_channels.platforms.contract.stores import all_stores, store_class

READ_S, TOTAL_S = 0.6, 1.5


@pytest.fixture(params=all_stores())
def store(request, tmp_path, monkeypatch):
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0)
    monkeypatch.setitem(ApiClient.__init__.__kwdefaults__, "read_s", READ_S)
    monkeypatch.setitem(ApiClient.__init__.__kwdefaults__, "total_s", TOTAL_S)
    kind = store_class(request.param)
    if kind.CLIENT:
        monkeypatch.setattr(f"{kind.CLIENT}.READ_S", READ_S)
        monkeypatch.setattr(f"{kind.CLIENT}.TOTAL_S", TOTAL_S)
    opened = kind(tmp_path / request.param)
    yield opened
    opened.close()


@pytest.fixture
def goods(store):
    """A headlamp with four variants and a light, both in the store."""
    return written(store, headlamp(), light())
