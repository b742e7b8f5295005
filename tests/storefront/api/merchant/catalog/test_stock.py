"""Stock of the merchant API: read per warehouse."""

import pytest

from storefront.api.models import Scope
from tests.factories.api import ADMIN, merchant_caller
from tests.factories.catalog import make_variant
from tests.factories.suppliers import make_level, make_offer

pytestmark = pytest.mark.django_db
STOCK, LOCATIONS = f"{ADMIN}stock/", f"{ADMIN}locations/"


def test_stock_is_listed_by_item_and_warehouse(merchant):
    level = make_level(make_offer(make_variant(sku="HL-1")), quantity=5)
    make_level(make_offer(make_variant(sku="HL-2")), quantity=3, location=level.location)

    (row,) = merchant.get(STOCK, {"sku": "HL-1"}).json()["results"]
    rows = merchant.get(STOCK, {"location_id": str(level.location_id)}).json()["results"]

    assert (row["reported"], row["available"], row["reserved"]) == (5, 5, 0)
    assert (row["supplier"], row["country"]) == ("lumen", "DE")
    assert len(rows) == 2


def test_suppliers_of_stock_need_their_scope():
    make_level(make_offer(make_variant(sku="HL-1")), quantity=5)
    caller = merchant_caller(Scope.INVENTORY_READ)

    assert "lumen" not in caller.get(STOCK).content.decode()
    assert "lumen" not in caller.get(LOCATIONS).content.decode()
