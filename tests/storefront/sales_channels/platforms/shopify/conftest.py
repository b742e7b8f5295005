"""A Shopify store of the sandbox, and its counters."""

import pytest

from storefront.lib.http import retries
from tests.storefront.sales_channels.platforms.contract.shopify_store import ShopifyStore


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0)
    opened = ShopifyStore(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def calls(store):
    """Return a function that tells the calls by operation since it was called last."""

    def since_last():
        said = store.running.control("usage")["by_path"]
        store.running.control("usage/forget", {})
        return said

    return since_last
