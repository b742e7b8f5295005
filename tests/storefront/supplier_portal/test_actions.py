"""Portal actions: accept a part, report a delay or a price, enter parcels."""

from decimal import Decimal

import pytest

from notifications.models import Event
from orders.models import Backorder, OrderLine, PaymentEvent, PurchaseLine
from shipping.models import Parcel
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.factories.suppliers import NOON
from tests.storefront.supplier_portal.client import NUMBER, answer, fresh, parcel, path_of, post
from tests.storefront.web.page_parser import Page

pytestmark = pytest.mark.django_db


def answer_first(client, purchase_order, word, some):
    line = purchase_order.lines.order_by("pk").first()
    given = {f"line_{line.order_line_id}": word, f"some_{line.order_line_id}": some}
    return post(client, purchase_order, "answer/", **given)


@pytest.mark.parametrize(
    ("word", "code"), [("ship", "out_of_stock"), ("discontinued", "discontinued")]
)
def test_two_of_three_units_ship_and_the_rest_is_rerouted(client, word, code):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)

    response = answer_first(client, purchase_order, word, "2")

    assert response["Location"].endswith("?done=answered")
    purchase_order = fresh(purchase_order)
    assert purchase_order.submission_status == "partially_accepted"
    assert sorted(OrderLine.objects.values_list("quantity", flat=True)) == [1, 2]
    assert Backorder.objects.get().lines.get().code == code
    page = Page(client.get(path_of(purchase_order)))
    assert "Rejected:" in page.text.split("Items you do not ship")[1]
    assert "of 2" in page.text  # what is left to ship


@pytest.mark.parametrize(
    ("word", "some", "status"), [("ship", "3", "accepted"), ("out_of_stock", "0", "rejected")]
)
def test_full_or_zero_quantity_does_not_split_the_line(client, word, some, status):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)

    answer_first(client, purchase_order, word, some)

    assert fresh(purchase_order).submission_status == status
    assert OrderLine.objects.get().quantity == 3


@pytest.mark.parametrize(
    ("word", "some", "says"),
    [
        ("ship", "0", "Choose a reason."),
        ("ship", "4", "Enter how many of the 3 units you ship."),
        ("ship", "-1", "Enter how many of the 3 units you ship."),
        ("ship", "some", "Enter how many of the 3 units you ship."),
        ("out_of_stock", "3", "Ship the full quantity, or enter a smaller one."),
    ],
)
def test_invalid_quantity_shows_an_error_and_changes_nothing(client, word, some, says):
    purchase_order = make_sent_purchase_order(make_sellable(), quantity=3)

    response = answer_first(client, purchase_order, word, some)

    assert response.status_code == 422
    assert says in Page(response).text
    # The error is not in a folded part.
    assert all("open" not in one for one in Page(response).all("details"))
    assert fresh(purchase_order).submission_status == "submitted"


def test_single_unit_has_no_quantity_field(client):
    page = Page(client.get(path_of(make_sent_purchase_order())))

    assert "if not all" not in page.text


def accept(client, purchase_order, *, ships_by="", costs=()):
    lines = list(purchase_order.lines.order_by("pk"))
    given = {f"line_{line.order_line_id}": "ship" for line in lines}
    for line, cost in zip(lines, costs, strict=False):
        given[f"cost_{line.order_line_id}"] = cost
    return post(client, purchase_order, "answer/", **given, ships_by=ships_by)


def make_order_of_unknown_profit(listing):
    purchase_order = make_sent_purchase_order(listing)
    PurchaseLine.objects.update(cost_currency="USD")
    return purchase_order


def test_later_date_is_stored_and_the_customer_will_be_asked(client):
    purchase_order = make_sent_purchase_order()

    accept(client, purchase_order, ships_by="2026-12-10")

    assert fresh(purchase_order).status == "in_progress"
    backorder = Backorder.objects.get()
    assert (backorder.kind, f"{backorder.ships_by}") == ("later", "2026-12-10")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        *(({"ships_by": day}, "Enter a date") for day in ("2026-11-23", "2027-11-24", "soon")),
        ({"ships_by": "2026-02-31"}, "Enter a date"),
        *(
            ({"costs": [price]}, "Enter a price such as 12.50")
            for price in ("-1", "0", "abc", "1e9", "12.505")
        ),
    ],
)
def test_invalid_input_shows_an_error_and_changes_nothing(client, given, words):
    purchase_order = make_sent_purchase_order()

    response = accept(client, purchase_order, **given)

    assert response.status_code == 422
    assert words in Page(response).text
    assert fresh(purchase_order).status == "ready"
    assert not Backorder.objects.exists()


@pytest.mark.parametrize(
    ("make", "cost", "agreed", "status"),
    [
        (make_sent_purchase_order, "12.50", "12.50", "in_progress"),
        (make_sent_purchase_order, "10.10", "10.00", "in_progress"),  # a rounding difference
        (make_sent_purchase_order, "45.00", "10.00", "canceled"),
        (make_order_of_unknown_profit, "12.50", "10.00", "canceled"),
        (make_accepted_purchase_order, "45.00", "10.00", "in_progress"),
    ],
    ids=["profitable", "as before", "loss", "unknown profit", "accepted before"],
)
def test_only_a_profitable_new_price_is_accepted(client, make, cost, agreed, status):
    purchase_order = make(make_sellable(price="39.99", cost="10.00"))

    accept(client, purchase_order, costs=[cost])

    assert fresh(purchase_order).status == status
    assert PurchaseLine.objects.get().agreed_cost_amount == Decimal(agreed)
    is_canceled = status == "canceled"
    assert Backorder.objects.filter(kind="refused").count() == is_canceled
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == (not is_canceled)
    page = Page(client.get(path_of(purchase_order)))
    assert ("Please do not ship it" in page.text) == is_canceled


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
    for form in ({}, {"said": "no"}):
        assert post(client, purchase_order, "stop/", **form)["Location"].endswith("=late")
    assert fresh(purchase_order).status == "in_progress"
    assert fresh(purchase_order).submission_status == "accepted"
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
