from functools import partial

import pytest

from notifications.models import Event
from shipping.models import Parcel
from tests.factories.api import ADMIN
from tests.factories.full_shop import settle
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.shipping import CJ_NUMBER, make_accepted_purchase_order
from tests.storefront.api.schema_client import kind_of, pointers
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
PURCHASE_ORDERS = f"{ADMIN}purchase-orders/"
TRACKING = {"carrier": "CJPacket", "tracking_number": CJ_NUMBER}


@pytest.fixture
def accepted():
    purchase_order = make_accepted_purchase_order(make_sellable(quantity=9), quantity=3)
    settle(purchase_order.order)
    return purchase_order


def parcels(purchase_order):
    return f"{PURCHASE_ORDERS}{purchase_order.number}/parcels/"


def test_purchase_orders_are_listed_and_read(merchant, accepted):
    listed = merchant.get(PURCHASE_ORDERS, {"order": accepted.order.number}).json()["results"]

    assert listed == [merchant.get(f"{PURCHASE_ORDERS}{accepted.number}/").json()]
    (shown,) = listed
    assert shown["supplier"] == accepted.supplier.code
    assert shown["lines"][0]["unit_cost"] == {"amount": "10.00", "currency": "EUR"}
    assert merchant.get(PURCHASE_ORDERS, {"status": "closed"}).json()["results"] == []


def test_tracking_is_added_once(merchant, accepted):
    added = merchant.post(parcels(accepted), TRACKING, key="t1")
    replayed = merchant.post(parcels(accepted), TRACKING, key="t1")
    known = merchant.post(parcels(accepted), TRACKING, key="t2")

    shown = added.json()
    assert (added.status_code, shown["status"], shown["lines"][0]["quantity"]) == (
        201,
        "shipped",
        3,
    )
    assert replayed.json() == known.json() == shown
    assert (
        merchant.get(f"{ADMIN}parcels/", {"expand": "events"}).json()["results"][0][
            "tracking_number"
        ]
        == CJ_NUMBER
    )
    assert Event.objects.filter(name="parcel.shipped").count() == 1


def test_parcel_holds_the_named_units(merchant, accepted):
    line = accepted.lines.get().order_line_id
    body = {**TRACKING, "lines": [{"line_id": line, "quantity": 2}], "is_label_only": True}

    shown = merchant.post(parcels(accepted), body, key="t1").json()

    assert (shown["status"], shown["lines"][0]["quantity"]) == ("label_created", 2)
    too_many = {
        "carrier": "DHL",
        "tracking_number": "JD0000000001",
        "lines": [{"line_id": line, "quantity": 2}],
    }
    refused = merchant.post(parcels(accepted), too_many, key="t2")
    assert (refused.status_code, kind_of(refused)) == (409, "cannot-ship")
    assert refused.json()["reason"].startswith("At most 1 of")


def test_wrong_parcels_are_refused(merchant, accepted):
    unknown = {**TRACKING, "lines": [{"line_id": 99999, "quantity": 1}]}
    invalid = {**TRACKING, "tracking_number": "?"}

    assert pointers(merchant.post(parcels(accepted), unknown, key="t1")) == ["#/lines/0/line_id"]
    assert kind_of(merchant.post(parcels(accepted), invalid, key="t2")) == "cannot-ship"
    assert not Parcel.objects.exists()


def test_unsubmitted_purchase_order_is_not_shipped(merchant):
    (purchase_order,) = make_purchase_orders()

    refused = merchant.post(parcels(purchase_order), TRACKING, key="t1")

    assert (refused.status_code, kind_of(refused)) == (409, "cannot-ship")


@pytest.mark.django_db(transaction=True)
def test_simultaneous_requests_add_one_parcel(merchant, accepted):
    acts = [partial(merchant.post, parcels(accepted), TRACKING, key=key) for key in "ab"]

    all_at_once(acts, refusal=())

    assert Parcel.objects.get().lines.get().quantity == 3
    assert Event.objects.filter(name="parcel.shipped").count() == 1


def test_parcel_is_marked_delivered(merchant, accepted):
    parcel = merchant.post(parcels(accepted), TRACKING, key="t1").json()
    act = f"{ADMIN}parcels/{parcel['id']}/deliver/"

    delivered = [merchant.post(act, {"reason": "signed"}, key=key) for key in ("d1", "d1", "d2")]

    assert {answer.json()["status"] for answer in delivered} == {"delivered"}
    found = merchant.get(f"{ADMIN}parcels/", {"status": "delivered"}).json()["results"]
    assert [row["id"] for row in found] == [parcel["id"]]
    assert merchant.get(f"{ADMIN}parcels/{parcel['id']}/").json()["status"] == "delivered"
