"""Change requests: suppliers change the address of what they have, or refuse."""

import dataclasses

import pytest
from django.db import transaction

from notifications.models import Event
from orders import privacy
from orders.address_changes import change_requests, corrections
from orders.addresses import verification
from orders.models import AddressChangeRequest, Order, PurchaseOrder
from orders.purchasing.supplier_request import build_request
from storefront.lib.address import Address
from suppliers.connectors.records import Acknowledgement
from tests.factories.address_changes import THERE, accept, apart
from tests.factories.backorders import tell
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_parcel_news
from tests.factories.suppliers import NOON
from tests.storefront.supplier_portal.client import fresh, path_of, post

pytestmark = pytest.mark.django_db


def change_request(order, ship_to=THERE):
    return change_requests.request_change(
        order=order, ship_to=ship_to, reason="customer moved", actor="ann", now=NOON
    )


def answer(row, is_yes):
    change_requests.record_answer(change_request=row, is_yes=is_yes, actor="ben", now=NOON)


def told():
    events = Event.objects.filter(name="order.delivery_address_change_result").order_by("pk")
    return [event.payload["is_changed"] for event in events]


def test_an_accepted_request_changes_the_address():
    purchase_order = make_accepted_purchase_order()

    said = change_request(purchase_order.order)
    assert (said.requested, said.done, said.late) == ((purchase_order.number,), (), ())
    assert fresh(purchase_order).goes_to["city"] == "Berlin"

    answer(AddressChangeRequest.objects.get(), is_yes=True)
    answer(AddressChangeRequest.objects.get(), is_yes=True)

    assert build_request(fresh(purchase_order)).ship_to == THERE
    assert Order.objects.get().ship_to["city"] == "Berlin"
    assert told() == [True]
    with pytest.raises(corrections.AddressLockedError):
        answer(AddressChangeRequest.objects.get(), is_yes=False)


def test_a_refused_request_is_reported_to_the_customer():
    purchase_order = make_accepted_purchase_order()
    change_request(purchase_order.order)

    answer(AddressChangeRequest.objects.get(), is_yes=False)

    assert fresh(purchase_order).goes_to["city"] == "Berlin"
    assert told() == [False]
    assert change_request(purchase_order.order).requested  # the supplier may be asked again


def test_unsubmitted_orders_change_at_once_and_shipped_ones_never():
    unsent, asked, left = apart(make_sellable(), make_sellable(), make_sellable())
    for one in (asked, left):
        accept(one)
    PurchaseOrder.objects.filter(pk=left.pk).update(status="shipped")

    said = change_request(unsent.order)

    assert said.done == (unsent.number,)
    assert said.requested == (asked.number,)
    assert said.late == (left.number,)
    assert build_request(fresh(unsent)).ship_to == THERE


def test_a_second_request_is_rejected_and_rolled_back():
    purchase_order = make_accepted_purchase_order()
    change_request(purchase_order.order)

    with pytest.raises(corrections.AddressLockedError):
        change_request(purchase_order.order, dataclasses.replace(THERE, line1="Dritte 3"))

    assert AddressChangeRequest.objects.count() == 1


@pytest.mark.parametrize(
    "ship_to",
    [
        dataclasses.replace(THERE, country="FR"),
        dataclasses.replace(THERE, line1=""),
        dataclasses.replace(THERE, postcode=""),
    ],
)
def test_another_country_or_an_invalid_address_is_rejected(ship_to):
    purchase_order = make_accepted_purchase_order()

    with pytest.raises((corrections.InvalidNewAddressError, corrections.AddressLockedError)):
        change_request(purchase_order.order, ship_to)

    assert not AddressChangeRequest.objects.exists()


def test_a_shipped_or_ended_order_takes_no_request():
    purchase_order = make_accepted_purchase_order()
    tell(purchase_order, word=Acknowledgement.SHIPPED, parcels=(make_parcel_news(),))
    PurchaseOrder.objects.update(status="shipped")

    with pytest.raises(corrections.AddressLockedError):
        change_request(purchase_order.order)


@pytest.mark.parametrize(("said", "city"), [("yes", "Hamburg"), ("no", "Berlin")])
def test_the_supplier_answers_on_its_page(client, said, city):
    purchase_order = make_accepted_purchase_order()
    change_request(purchase_order.order)
    row = AddressChangeRequest.objects.get()
    page = client.get(path_of(purchase_order)).content.decode()
    assert "The customer asks for a different delivery address." in page
    assert "Hamburg" in page

    for _ in range(2):
        post(client, purchase_order, "readdress/", change_request=row.pk, said=said)

    assert fresh(purchase_order).goes_to["city"] == city
    page = client.get(path_of(purchase_order)).content.decode()
    assert "The customer asks for a different delivery address." not in page
    assert city in page


@pytest.mark.parametrize(
    "given", [{}, {"said": "yes"}, {"said": "maybe"}, {"said": "yes", "change_request": 0}]
)
def test_an_invalid_answer_changes_nothing(client, given):
    purchase_order = make_accepted_purchase_order()
    change_request(purchase_order.order)

    post(client, purchase_order, "readdress/", **given)

    assert AddressChangeRequest.objects.get().status == "requested"


def test_erasure_removes_the_customer_from_requests():
    purchase_order = make_accepted_purchase_order()
    change_request(purchase_order.order)
    answer(AddressChangeRequest.objects.get(), is_yes=True)
    Order.objects.update(status="completed")

    with transaction.atomic():
        privacy.erase_customer(addresses=["erika@example.org"], owner_id=0, now=NOON)

    kept = str(list(AddressChangeRequest.objects.values())) + str(
        list(PurchaseOrder.objects.values())
    )
    assert [word for word in (THERE.line1, THERE.name) if word in kept] == []
    assert Address(**fresh(purchase_order).goes_to).country == "DE"


def test_a_repeated_request_is_sent_once():
    purchase_order = make_accepted_purchase_order()
    first, again = change_request(purchase_order.order), change_request(purchase_order.order)

    assert first.requested == again.requested == (purchase_order.number,)
    assert AddressChangeRequest.objects.count() == 1
    assert purchase_order.messages.filter(kind="readdress").count() == 1


def test_a_rerouted_order_with_its_own_address_follows_a_later_correction():
    unsent, asked = apart(make_sellable(), make_sellable())
    accept(asked)
    change_request(unsent.order)
    PurchaseOrder.objects.filter(pk=asked.pk).update(status="canceled")
    third = dataclasses.replace(THERE, line1="Dritte 3")

    corrections.correct(
        order=unsent.order, ship_to=third, reason="customer moved again", actor="ann", now=NOON
    )

    assert build_request(fresh(unsent)).ship_to == third


def test_a_confirmed_warning_does_not_hold_the_changed_part():
    unsent, asked = apart(make_sellable(), make_sellable())
    accept(asked)
    box = dataclasses.replace(THERE, line1="Postfach 7")

    change_request(unsent.order, box)

    order = Order.objects.get()
    assert verification.unconfirmed_warnings(box, order.address_verification) == {}
    other = dataclasses.replace(box, line1="Postfach 8")
    assert set(verification.unconfirmed_warnings(other, order.address_verification)) == {"line1"}
