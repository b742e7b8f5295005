"""Stock of the merchant API: read per warehouse, set where no system reports it."""

from datetime import timedelta
from unittest.mock import Mock

import pytest

from storefront.api.models import Scope
from storefront.lib.http.errors import TemporaryError
from suppliers.models import Connection, StockLevel, StockMovement
from suppliers.pushes import stock
from suppliers.runs.runs import QuarantinedError
from tests.factories.api import ADMIN, merchant_caller
from tests.factories.catalog import make_variant
from tests.factories.suppliers import NOON, make_level, make_offer
from tests.storefront.api.schema_client import kind_of, pointers

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


@pytest.mark.django_db(transaction=True)
def test_stock_is_set_where_no_system_reports_it(merchant):
    level = make_level(make_offer(make_variant(sku="HL-1")), quantity=5)
    Connection.objects.update(base_url="")
    body = {"sku": "HL-1", "location_id": level.location_id, "quantity": 9}

    answer = merchant.call("PUT", STOCK, body=body)
    earlier = (NOON - timedelta(hours=1)).isoformat()
    older = merchant.call("PUT", STOCK, body=body | {"quantity": 1, "as_of": earlier})

    assert (answer.json()["reported"], answer.json()["available"]) == (9, 9)
    assert pointers(older) == ["#/quantity"]
    assert StockLevel.objects.get().reported_quantity == 9
    assert StockMovement.objects.latest("pk").reported_delta == 4


@pytest.mark.django_db(transaction=True)
def test_stock_of_the_future_counts_from_now(merchant):
    level = make_level(make_offer(make_variant(sku="HL-1")), quantity=5)
    Connection.objects.update(base_url="")
    body = {"sku": "HL-1", "location_id": level.location_id, "quantity": 9}

    merchant.call("PUT", STOCK, body=body | {"as_of": (NOON + timedelta(days=9)).isoformat()})
    later = merchant.call("PUT", STOCK, body=body | {"quantity": 0})

    assert (later.status_code, later.json()["reported"]) == (200, 0)


def test_stock_that_a_supplier_reports_is_refused(merchant):
    level = make_level(make_offer(make_variant(sku="HL-1")), quantity=5)
    Connection.objects.update(base_url="https://supplier.example")
    body = {"sku": "HL-1", "location_id": level.location_id, "quantity": 9}

    answer = merchant.call("PUT", STOCK, body=body)
    unknown = merchant.call("PUT", STOCK, body=body | {"location_id": 999})

    assert (answer.status_code, kind_of(answer)) == (409, "stock-reported-by-supplier")
    assert pointers(unknown) == ["#/location_id"]
    assert StockLevel.objects.get().reported_quantity == 5


@pytest.mark.django_db(transaction=True)
def test_item_without_an_offer_of_the_supplier_is_refused(merchant):
    level = make_level(make_offer(make_variant(sku="HL-1")), quantity=5)
    Connection.objects.update(base_url="")
    body = {"sku": "HL-2", "location_id": level.location_id, "quantity": 9}

    assert pointers(merchant.call("PUT", STOCK, body=body)) == ["#/sku"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (QuarantinedError("too many changes"), (409, "stock-quarantined")),
        (TemporaryError("a stock run is open"), (503, "unavailable")),
    ],
)
def test_stock_that_waits_for_staff_or_for_a_run_is_refused(merchant, monkeypatch, error, expected):
    level = make_level(make_offer(make_variant(sku="HL-1")), quantity=5)
    Connection.objects.update(base_url="")
    body = {"sku": "HL-1", "location_id": level.location_id, "quantity": 9}
    monkeypatch.setattr(stock, "apply_stock", Mock(side_effect=error))

    answer = merchant.call("PUT", STOCK, body=body)

    assert (answer.status_code, kind_of(answer)) == expected


@pytest.mark.django_db(transaction=True)
def test_first_figure_of_an_item_may_be_zero(merchant):
    location = make_level(make_offer(make_variant(sku="HL-1")), quantity=5).location
    make_offer(make_variant(sku="HL-2"))
    Connection.objects.update(base_url="")
    body = {"sku": "HL-2", "location_id": location.pk, "quantity": 0}

    answer = merchant.call("PUT", STOCK, body=body)

    assert (answer.status_code, answer.json()["reported"]) == (200, 0)
