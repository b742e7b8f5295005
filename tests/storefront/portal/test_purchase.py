from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache

from notifications.models import Event
from orders import access
from orders.models import OrderLine, PurchaseOrder
from shipping.models import Parcel
from storefront.portal import purchase
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.factories.suppliers import NOON
from tests.storefront.web.reading import Page

pytestmark = pytest.mark.django_db

NUMBER = "JJD000390007882123456"


@pytest.fixture(autouse=True)
def noon():
    cache.clear()  # who was counted
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def goods():
    return make_sellable(), make_sellable(price="19.99")


def path_of(purchase_order, rest="", language="en"):
    return f"/{language}/supplier/{purchase_order.number}/{purchase_order.access_key}/{rest}"


def post(client, purchase_order, rest, **values):
    # Under no-referrer, browsers say no origin of a form.
    return client.post(path_of(purchase_order, rest), values, headers={"Origin": "null"})


def answer(client, purchase_order, *words):
    lines = purchase_order.lines.order_by("pk")
    names = [f"line_{line.order_line_id}" for line in lines]
    return post(client, purchase_order, "answer/", **dict(zip(names, words, strict=True)))


def parcel(client, purchase_order, *units, number=NUMBER, carrier="DHL"):
    lines = purchase_order.lines.order_by("pk")
    names = [f"units_{line.order_line_id}" for line in lines]
    given = dict(zip(names, units, strict=False))
    return post(client, purchase_order, "parcel/", carrier=carrier, number=number, **given)


def fresh(purchase_order):
    return PurchaseOrder.objects.get(pk=purchase_order.pk)


def test_a_page_opens_by_its_whole_link_only(client):
    purchase_order = make_sent_purchase_order()
    other = make_sent_purchase_order()

    right = client.get(path_of(purchase_order))
    wrong = [
        client.get(f"/en/supplier/{purchase_order.number}/{key}/")
        for key in ("x" * 32, other.access_key, purchase_order.order.access_key)
    ]

    assert right.status_code == 200
    assert [response.status_code for response in wrong] == [404, 404, 404]


def test_a_page_leaves_no_trace_of_its_link(client):
    response = client.get(path_of(make_sent_purchase_order()))

    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert not response.cookies


def test_an_order_that_was_never_sent_has_no_page(client):
    (purchase_order,) = make_purchase_orders()

    assert client.get(path_of(purchase_order)).status_code == 404


def test_an_old_row_without_a_key_has_no_page(client):
    purchase_order = make_sent_purchase_order()
    PurchaseOrder.objects.update(access_key="")

    assert client.get(f"/en/supplier/{purchase_order.number}/x/").status_code == 404
    assert access.find_purchase(number=purchase_order.number, key="", now=NOON) is None


def test_a_renewed_link_closes_the_old_one(client):
    purchase_order = make_sent_purchase_order()
    old = path_of(purchase_order)

    url = access.renew_key(purchase_order=purchase_order)

    assert client.get(old).status_code == 404
    assert url.endswith(path_of(purchase_order))
    assert client.get(path_of(purchase_order)).status_code == 200


def test_a_page_ends_some_time_after_its_order(client):
    purchase_order = make_sent_purchase_order()
    PurchaseOrder.objects.update(status="canceled")

    assert client.get(path_of(purchase_order)).status_code == 200
    with time_machine.travel(NOON + timedelta(days=31)):
        assert client.get(path_of(purchase_order)).status_code == 404


@pytest.mark.parametrize("language", ["en", "az"])
@pytest.mark.parametrize("make", [make_sent_purchase_order, make_accepted_purchase_order])
def test_a_page_is_sound(client, goods, make, language):
    page = Page(client.get(path_of(make(*goods), language=language)))

    assert page.faults == []
    assert page.unlabeled() == []
    assert len(page.all("h1")) == 1
    assert len(page.ids) == len(set(page.ids))


def test_who_accepts_is_heard_once(client):
    purchase_order = make_sent_purchase_order()

    responses = [answer(client, purchase_order, "ship") for _ in range(3)]

    assert {response.status_code for response in responses} == {303}
    assert {response["Location"] for response in responses} == {
        path_of(purchase_order, "?done=answered")
    }
    assert fresh(purchase_order).request_status == "accepted"
    assert purchase_order.messages.filter(kind="accepted").count() == 1


def test_who_refuses_a_line_accepts_the_rest(client, goods):
    purchase_order = make_sent_purchase_order(*goods)

    for _ in range(2):
        answer(client, purchase_order, "ship", "out_of_stock")

    assert fresh(purchase_order).request_status == "partially_accepted"
    assert purchase_order.lines.get(is_live=False).acknowledgment == "out_of_stock"
    page = client.get(path_of(purchase_order)).content.decode()
    assert "Refused: Out of stock" in page


def test_who_refuses_all_has_refused_the_order(client, goods):
    purchase_order = make_sent_purchase_order(*goods)

    answer(client, purchase_order, "discontinued", "out_of_stock")

    assert fresh(purchase_order).request_status == "rejected"
    page = client.get(path_of(purchase_order)).content.decode()
    assert "Please do not ship it." in page
    assert "Musterweg" not in page


def test_an_answer_that_is_none_is_asked_for_at_its_field(client, goods):
    purchase_order = make_sent_purchase_order(*goods)

    response = answer(client, purchase_order, "ship", "eaten")

    page = Page(response)
    assert response.status_code == 422
    assert page.text.count("Choose whether you ship it.") == 2
    assert fresh(purchase_order).request_status == "submitted"


def test_a_parcel_that_is_entered_twice_is_one_and_told_once(client):
    purchase_order = make_sent_purchase_order(quantity=2)

    responses = [parcel(client, purchase_order, 2) for _ in range(3)]

    assert {response.status_code for response in responses} == {303}
    (box,) = Parcel.objects.all()
    assert (box.carrier, box.number, box.status) == ("DHL", NUMBER, "handed_over")
    assert fresh(purchase_order).status == "shipped"
    assert Event.objects.filter(name="parcel.shipped").count() == 1


def test_two_parcels_take_what_is_in_each(client, goods):
    purchase_order = make_accepted_purchase_order(*goods, quantity=2)
    first, second = OrderLine.objects.order_by("pk")

    parcel(client, purchase_order, 2, 1)
    halfway = fresh(purchase_order).status
    post(
        client,
        purchase_order,
        "parcel/",
        carrier="GLS",
        number="GLS00012345",
        **{f"units_{second.pk}": 1},
    )

    first.refresh_from_db()
    second.refresh_from_db()
    assert halfway == "partially_shipped"
    assert (first.shipped_quantity, second.shipped_quantity) == (2, 2)
    assert fresh(purchase_order).status == "shipped"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": ""}, "Enter the tracking number."),
        ({"number": "no"}, "A tracking number has letters and digits only"),
        ({"number": "<script>"}, "A tracking number has letters and digits only"),
        ({"carrier": ""}, "Enter the carrier, such as DHL."),
        ({"units": 0}, "Something must be in the parcel."),
        ({"units": 3}, "Enter how many of it are in the parcel: 0 to 2."),
        ({"units": -1}, "Enter how many of it are in the parcel: 0 to 2."),
        ({"units": "two"}, "Enter how many of it are in the parcel: 0 to 2."),
        ({"units": ""}, "Enter how many of it are in the parcel: 0 to 2."),
    ],
)
def test_wrong_input_gets_a_sentence_at_its_field(client, changes, words):
    purchase_order = make_accepted_purchase_order(quantity=2)
    given = {"units": 2, "number": NUMBER, "carrier": "DHL", **changes}

    response = parcel(client, purchase_order, given.pop("units"), **given)

    page = Page(response)
    assert response.status_code == 422
    assert page.faults == []
    assert page.text.count(words) == 2  # at the top, and at the field
    assert not Parcel.objects.exists()


def test_a_number_of_another_order_is_no_parcel_of_this_one(client):
    one, other = make_accepted_purchase_order(), make_accepted_purchase_order()
    parcel(client, one, 1)

    response = parcel(client, other, 1)

    words = response.content.decode()
    assert response.status_code == 422
    assert "This tracking number stands with another order." in words
    assert one.number not in words
    assert Parcel.objects.count() == 1


def test_what_arrived_completes_the_order_once(client):
    purchase_order = make_accepted_purchase_order()
    parcel(client, purchase_order, 1)

    for _ in range(2):
        post(client, purchase_order, "arrived/", number=NUMBER)

    assert Parcel.objects.get().status == "delivered"
    assert fresh(purchase_order).status == "closed"
    assert fresh(purchase_order).order.status == "completed"
    assert Event.objects.filter(name="parcel.delivered").count() == 1


def test_a_parcel_of_somebody_else_cannot_be_said_to_have_arrived(client):
    one, other = make_accepted_purchase_order(), make_accepted_purchase_order()
    parcel(client, one, 1)

    response = post(client, other, "arrived/", number=NUMBER)

    assert response["Location"].endswith("?done=late")
    assert Parcel.objects.get().status == "handed_over"


def test_a_refusal_after_the_goods_left_is_not_taken(client):
    purchase_order = make_accepted_purchase_order()
    parcel(client, purchase_order, 1)

    answer(client, purchase_order, "out_of_stock")

    assert fresh(purchase_order).status == "shipped"
    assert not OrderLine.objects.filter(canceled_quantity__gt=0).exists()


def test_a_wish_to_stop_is_shown_and_can_be_followed(client):
    purchase_order = make_accepted_purchase_order()
    for to in ("cancellation_requested", "cancellation_rejected"):
        purchase_order.move(to, at=NOON, axis="request_status")
    assert "The shopper wants to cancel it." in client.get(path_of(purchase_order)).content.decode()

    responses = [post(client, purchase_order, "stop/") for _ in range(2)]

    assert {response["Location"] for response in responses} == {
        path_of(purchase_order, "?done=stopped")
    }
    assert fresh(purchase_order).status == "canceled"


def test_nobody_can_stop_what_nobody_wished_to_stop(client):
    purchase_order = make_accepted_purchase_order()

    post(client, purchase_order, "stop/")

    assert fresh(purchase_order).status == "in_progress"


def test_nothing_can_be_shipped_for_a_canceled_order(client):
    purchase_order = make_sent_purchase_order()
    answer(client, purchase_order, "out_of_stock")

    response = parcel(client, purchase_order, 1)

    assert response["Location"].endswith("?done=late")
    assert not Parcel.objects.exists()


def test_forms_without_end_are_turned_down_in_words(client, monkeypatch):
    monkeypatch.setattr(purchase, "FORMS_PER_HOUR", 1)
    purchase_order = make_sent_purchase_order()

    answer(client, purchase_order, "ship")
    response = answer(client, purchase_order, "ship")

    assert response.status_code == 429
    assert "Too many forms in one hour." in response.content.decode()


def test_who_tries_keys_is_turned_down(client, monkeypatch):
    monkeypatch.setattr(purchase, "WRONG_KEYS_PER_HOUR", 2)
    purchase_order = make_sent_purchase_order()

    tries = [client.get(f"/en/supplier/{purchase_order.number}/{n}/") for n in range(3)]

    assert [response.status_code for response in tries] == [404, 404, 429]
    assert client.get(path_of(purchase_order)).status_code == 200
