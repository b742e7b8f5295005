import pytest

from notifications.models import Event
from orders.models import OrderLine
from shipping.models import Parcel
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.factories.suppliers import NOON
from tests.storefront.supplier_portal.client import NUMBER, answer, fresh, parcel, path_of, post
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db


def test_parcel_entered_twice_is_one_with_one_email(client):
    purchase_order = make_sent_purchase_order(quantity=2)

    responses = [parcel(client, purchase_order, 2) for _ in range(3)]

    assert {response.status_code for response in responses} == {303}
    (box,) = Parcel.objects.all()
    assert (box.carrier, box.number, box.status) == ("DHL", NUMBER, "shipped")
    assert fresh(purchase_order).status == "shipped"
    assert Event.objects.filter(name="parcel.shipped").count() == 1


def test_two_parcels_have_their_own_content(client, goods):
    purchase_order = make_accepted_purchase_order(*goods, quantity=2)

    parcel(client, purchase_order, 2, 1)
    halfway = fresh(purchase_order).status
    parcel(client, purchase_order, 0, 1, carrier="GLS", number="GLS00012345")

    assert halfway == "partially_shipped"
    assert list(OrderLine.objects.values_list("shipped_quantity", flat=True)) == [2, 2]
    assert fresh(purchase_order).status == "shipped"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": ""}, "Enter the tracking number."),
        ({"number": "no"}, "A tracking number has at least five characters"),
        ({"number": "<script>"}, "A tracking number has at least five characters"),
        ({"carrier": ""}, "Enter the carrier, such as DHL."),
        ({"units": 0}, "Enter at least one item for the parcel."),
        ({"units": 3}, "Enter the quantity in the parcel: 0 to 2."),
        ({"units": -1}, "Enter the quantity in the parcel: 0 to 2."),
        ({"units": "two"}, "Enter the quantity in the parcel: 0 to 2."),
        ({"units": ""}, "Enter the quantity in the parcel: 0 to 2."),
    ],
)
def test_invalid_input_shows_an_error_at_its_field(client, changes, words):
    purchase_order = make_accepted_purchase_order(quantity=2)
    given = {"units": 2, "number": NUMBER, "carrier": "DHL", **changes}

    response = parcel(client, purchase_order, given.pop("units"), **given)

    page = Page(response)
    assert response.status_code == 422
    assert page.faults == []
    assert page.text.count(words) == 2  # at the top, and at the field
    assert not Parcel.objects.exists()


def test_parcel_of_another_order_is_refused(client):
    one, other = make_accepted_purchase_order(), make_accepted_purchase_order()
    parcel(client, one, 1)

    response = parcel(client, other, 1)
    arrived = post(client, other, "arrived/", number=NUMBER)

    words = response.content.decode()
    assert response.status_code == 422
    assert "This tracking number belongs to another order." in words
    assert one.number not in words
    assert arrived["Location"].endswith("?done=late")
    assert Parcel.objects.get().status == "shipped"


def test_delivery_completes_the_order_once_and_a_rejection_after_shipment_is_ignored(client):
    purchase_order = make_accepted_purchase_order()
    parcel(client, purchase_order, 1)
    answer(client, purchase_order, "out_of_stock")
    assert fresh(purchase_order).status == "shipped"
    assert not OrderLine.objects.filter(canceled_quantity__gt=0).exists()

    for _ in range(2):
        post(client, purchase_order, "arrived/", number=NUMBER)

    assert Parcel.objects.get().status == "delivered"
    assert fresh(purchase_order).status == "closed"
    assert fresh(purchase_order).order.status == "completed"
    assert Event.objects.filter(name="parcel.delivered").count() == 1


def test_cancellation_needs_a_request_and_is_accepted_once(client):
    purchase_order = make_accepted_purchase_order()
    post(client, purchase_order, "stop/")
    assert fresh(purchase_order).status == "in_progress"
    for to in ("cancellation_requested", "cancellation_rejected"):
        purchase_order.move(to, at=NOON, status_field="submission_status")
    page = client.get(path_of(purchase_order)).content.decode()

    responses = [post(client, purchase_order, "stop/")["Location"] for _ in range(2)]

    assert "The customer wants to cancel it." in page
    assert set(responses) == {path_of(purchase_order, "?done=stopped")}
    assert fresh(purchase_order).status == "canceled"


def test_canceled_order_accepts_no_parcel(client):
    purchase_order = make_sent_purchase_order()
    answer(client, purchase_order, "out_of_stock")

    response = parcel(client, purchase_order, 1)

    assert response["Location"].endswith("?done=late")
    assert not Parcel.objects.exists()
