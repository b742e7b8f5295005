import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import Order, ReturnAuthorization
from tests.factories.accounts import make_shopper
from tests.factories.orders import make_order, make_sellable
from tests.factories.returns import make_delivered
from tests.storefront.api.schema_client import kind_of, pointers
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
ORDERS = "/api/v1/me/orders/"


@pytest.fixture
def me(api):
    user = make_shopper()
    api.client.force_login(user)
    return user


def test_own_orders_are_listed_and_read(api, me, django_assert_max_num_queries):
    listing = make_sellable(quantity=9)
    mine = [make_order(listing, email=email) for email in ("Erika@example.org", me.email)]
    make_order(listing, email="other@example.org")

    with django_assert_max_num_queries(9):
        listed = api.get(ORDERS).json()["results"]

    assert [order["number"] for order in listed] == [order.number for order in reversed(mine)]
    assert api.get(f"{ORDERS}{mine[0].number}/").json() == listed[1]
    assert listed[1]["lines"][0]["id"] == mine[0].lines.get().pk


def test_list_takes_as_many_statements_for_many_orders(api, me, django_assert_num_queries):
    listing = make_sellable(quantity=9)
    make_order(listing, email=me.email)
    api.get(ORDERS)  # fills caches
    with CaptureQueriesContext(connection) as one:
        api.get(ORDERS)
    for _ in range(2):
        make_order(listing, email=me.email)

    with django_assert_num_queries(len(one)):
        assert len(api.get(ORDERS).json()["results"]) == 3


def test_order_of_another_customer_is_not_found(api, me):
    theirs = make_delivered(email="other@example.org")

    for path in ("", "tracking/", "returns/"):
        answer = api.get(f"{ORDERS}{theirs.number}/{path}")
        assert (answer.status_code, kind_of(answer)) == (404, "object-not-found")
    line = {"line_id": theirs.lines.get().pk, "quantity": 1}
    body = {"kind": "withdrawal", "lines": [line]}
    answer = api.post(f"{ORDERS}{theirs.number}/returns/", body, key="r1")

    assert (answer.status_code, kind_of(answer)) == (404, "object-not-found")
    assert not ReturnAuthorization.objects.exists()
    assert api.get("/api/v1/me/returns/").json()["results"] == []


def test_unverified_address_shows_no_orders(api):
    api.client.force_login(make_shopper("new@example.org", proven=False))
    make_order(email="new@example.org")

    assert api.get(ORDERS).json() == {"results": [], "next": None}


def test_order_is_tracked(api, me):
    order = make_delivered(email=me.email)

    (parcel,) = api.get(f"{ORDERS}{order.number}/tracking/").json()["parcels"]

    assert parcel["status"] == "delivered"


def test_return_is_opened_once(api, me):
    order = make_delivered(email=me.email)
    path, line = f"{ORDERS}{order.number}/returns/", order.lines.get()
    body = {"kind": "withdrawal", "lines": [{"line_id": line.pk, "quantity": 2}]}
    before = api.get(path).json()

    first, second = (api.post(path, body, key="r1") for _ in range(2))

    (opened,) = first.json()
    assert (before["returnable"][0]["withdrawal"], before["returns"]) == (3, [])
    assert (first.status_code, opened["status"], opened["order"]) == (201, "approved", order.number)
    assert opened["lines"][0]["quantity"] == 2
    assert second.json() == first.json()
    after = api.get(path).json()
    assert (after["returnable"][0]["withdrawal"], after["returns"]) == (1, [opened])
    assert api.get("/api/v1/me/returns/").json()["results"] == [opened]


def test_return_is_refused_with_the_reason(api, me):
    order = make_delivered(email=me.email)
    path, line = f"{ORDERS}{order.number}/returns/", order.lines.get().pk
    units = {"line_id": line, "quantity": 9}

    too_many = api.post(path, {"kind": "withdrawal", "lines": [units]}, key="r1")
    repeated = api.post(path, {"kind": "withdrawal", "lines": [units, units]}, key="r2")
    silent = api.post(path, {"kind": "defect", "lines": [units]}, key="r3")
    without_key = api.post(path, {"kind": "withdrawal", "lines": [units]})

    assert (too_many.status_code, kind_of(too_many)) == (409, "cannot-return")
    assert too_many.json()["reason"].startswith("You can return at most 3 of")
    assert pointers(repeated) == ["#/lines"]
    assert pointers(silent) == ["#/message"]
    assert kind_of(without_key) == "idempotency-key-required"
    assert not ReturnAuthorization.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_return_is_opened_once_by_simultaneous_requests(api, me):
    order = make_delivered(email=me.email)
    path, line = f"{ORDERS}{order.number}/returns/", order.lines.get()
    body = {"kind": "withdrawal", "lines": [{"line_id": line.pk, "quantity": 3}]}

    all_at_once([lambda: api.post(path, body, key="r1")] * 2, refusal=())

    assert ReturnAuthorization.objects.count() == 1
    assert Order.objects.get().lines.get().returning_quantity == 3
