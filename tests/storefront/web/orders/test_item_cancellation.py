"""Item cancellation: the form by state of each parcel, its answers, wrong and late input."""

import pytest

from orders.models import Order, OrderLine
from suppliers.models import StockLevel
from tests.factories.cancellation import send, ship
from tests.factories.orders import make_order, make_purchase_orders, make_sellable
from tests.factories.returns import make_delivered
from tests.factories.scripted_supplier import connect_without_holds
from tests.factories.suppliers import make_location
from tests.storefront.web.page_parser import Page, in_each_language, page_of

pytestmark = pytest.mark.django_db
PATH = "cancel/items/"


@pytest.fixture
def parcels(monkeypatch):
    """Return the purchase orders of two parcels with two units each."""
    connect_without_holds(monkeypatch)
    first, second = make_sellable(), make_sellable(price="20.00")
    location = make_location(code="W1", country="PL")
    StockLevel.objects.filter(pk=second.level.pk).update(location=location)
    return make_purchase_orders(first, second, quantity=2)


def cancel(client, order, **posted):
    return client.post(page_of(order, PATH), posted, follow=True)


def line_of(purchase_order):
    return purchase_order.lines.order_by("pk").first().order_line


def open_units():
    return sorted(line.quantity - line.canceled_quantity for line in OrderLine.objects.all())


@in_each_language
def test_page_offers_units_parcels_or_nothing(client, parcels, language):
    first, _second = parcels
    order = first.order

    unsent = Page(client.get(page_of(order, PATH, language)))
    send(first)
    ordered = Page(client.get(page_of(order, PATH, language)))
    ship(first)
    shipped = Page(client.get(page_of(order, PATH, language)))

    assert unsent.faults == ordered.faults == shipped.faults == []
    numbers = [len(page.all("input", type="number")) for page in (unsent, ordered, shipped)]
    ticks = [len(page.all("input", name="all")) for page in (unsent, ordered, shipped)]
    assert (numbers, ticks) == ([2, 1, 1], [0, 1, 0])
    assert unsent.unlabeled() == []


def test_units_are_canceled_once_by_a_double_click(client, parcels):
    order, line = parcels[0].order, line_of(parcels[0])
    posted = {f"units_{line.pk}": "1", f"of_{line.pk}": "2"}

    answers = [cancel(client, order, **posted) for _ in range(2)]

    for answer in answers:
        assert "The items are canceled. You do not pay for them." in answer.content.decode()
    assert open_units() == [0, 1, 2]
    assert 'id="box-stopped"' in answers[0].content.decode()


def test_parcel_that_was_ordered_meanwhile_is_answered(client, parcels):
    order, line = parcels[0].order, line_of(parcels[0])
    send(parcels[0])

    units = cancel(client, order, **{f"units_{line.pk}": "1", f"of_{line.pk}": "2"})
    whole = cancel(client, order, all=str(line.pk))

    assert "only all items of a parcel together" in units.content.decode()
    assert "We received your cancellation request" in whole.content.decode()


def test_parcel_that_shipped_meanwhile_is_answered(client, parcels):
    first, second = parcels
    order = first.order
    send(first)
    ship(first)

    late = cancel(client, order, all=str(line_of(first).pk))
    both = cancel(client, order, all=[str(line_of(first).pk), str(line_of(second).pk)])

    assert "You can return it after delivery." in late.content.decode()
    assert "Not all of it could be canceled at once." in both.content.decode()


def test_last_items_cancel_the_order(client, parcels):
    order = parcels[0].order
    names = ",".join(str(line.pk) for line in order.lines.all())

    answers = [cancel(client, order, all=names).content.decode() for _ in range(2)]

    assert all("The order is canceled." in answer for answer in answers)
    assert Order.objects.get().status == "canceled"


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ("0", "Choose what to cancel."),
        ("", "Choose what to cancel."),
        ("3", "Enter how many to cancel, from 0 to 2."),
        ("-1", "Enter how many to cancel, from 0 to 2."),
        ("1" * 5000, "Enter how many to cancel, from 0 to 2."),
    ],
)
def test_wrong_input_is_refused_with_a_reason(client, parcels, units, message):
    order, line = parcels[0].order, line_of(parcels[0])

    answer = cancel(client, order, **{f"units_{line.pk}": units, f"of_{line.pk}": "2"})

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert open_units() == [2, 2]


def test_chosen_parcel_stays_chosen_after_wrong_input(client, parcels):
    first, second = parcels
    send(first)
    posted = {"all": str(line_of(first).pk), f"units_{line_of(second).pk}": "9"}

    page = Page(cancel(client, first.order, **posted, **{f"of_{line_of(second).pk}": "2"}))

    assert [box for box in page.all("input", name="all") if "checked" in box]


@pytest.mark.parametrize(
    ("status", "words"),
    [("unpaid", "The order is not paid yet."), ("canceled", "This order is canceled.")],
)
def test_unpaid_or_canceled_order_says_why(client, light, status, words):
    order = make_order(light)
    if status != "unpaid":
        Order.objects.update(status=status)

    assert words in client.get(page_of(order, PATH)).content.decode()


def test_delivered_order_says_that_it_can_be_returned(client, light):
    order = make_delivered(light)

    page = client.get(page_of(order, PATH)).content.decode()
    late = cancel(client, order, all=str(order.lines.get().pk)).content.decode()

    assert "You can return it after delivery." in page
    assert "It could not be canceled." in late


def test_too_many_cancellations_are_refused(client, light, monkeypatch):
    monkeypatch.setattr("storefront.web.orders.item_cancellation.CANCELLATIONS_PER_HOUR", 1)
    order = make_order(light)

    codes = [cancel(client, order).status_code for _ in range(2)]

    assert codes == [422, 429]
