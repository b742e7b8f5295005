"""Fixtures of match decisions: two suppliers, and a function that imports a page of one."""

from datetime import timedelta

import pytest

from storefront.dev.sandboxes import in_memory_supplier
from suppliers.models import SupplierOffer
from tests.factories.feeds import NOON, make_feed_supplier, sync, usd
from tests.factories.match_decisions import GTIN, page


@pytest.fixture
def second():
    return make_feed_supplier(code="second", base_url="http://second.example")


@pytest.fixture
def put(supplier, world, second):
    """Return a function that imports a page of the first or the second supplier."""
    worlds = {supplier: world, second: in_memory_supplier.data_at("http://second.example")}
    hours = iter(range(2, 20))

    def put(record, *, of=second):
        worlds[of].put(record, stock={"DE": 20}, cost=usd("5.10"))
        of.products.update(list_digest="", detail_digest="")
        sync(of, now=NOON + timedelta(hours=next(hours)))
        sku = record.variants[0].sku
        return SupplierOffer.objects.get(supplier=of, supplier_sku=sku)

    put(page(gtin=GTIN), of=supplier)
    return put
