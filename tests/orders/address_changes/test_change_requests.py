"""Address change requests: a supplier that has the order accepts or refuses a new address."""

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
from storefront.lib.http.errors import TemporaryError
from tests.factories.address_changes import THERE, accept, apart
from tests.factories.cancellation import fresh, send
from tests.factories.orders import HOME, make_purchase_orders, make_sellable
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON
from tests.storefront.supplier_portal.client import path_of, post

pytestmark = pytest.mark.django_db
LAST = dataclasses.replace(THERE, line1="Dritte Straße 3")
WHO = {"reason": "moved", "actor": "ann", "now": NOON}


def change_request(order, ship_to=THERE):
    return change_requests.request_change(order=order, ship_to=ship_to, **WHO)


def answer(row, is_yes):
    change_requests.record_answer(change_request=row, is_yes=is_yes, actor="ben", now=NOON)


def reported_results():
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
    assert reported_results() == [True]
    with pytest.raises(corrections.AddressLockedError):
        answer(AddressChangeRequest.objects.get(), is_yes=False)


def test_a_refused_request_is_reported_to_the_customer():
    purchase_order = make_accepted_purchase_order()
    change_request(purchase_order.order)

    answer(AddressChangeRequest.objects.get(), is_yes=False)

    assert fresh(purchase_order).goes_to["city"] == "Berlin"
    assert reported_results() == [False]
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


def test_a_repeated_request_is_sent_once_and_another_waits_for_the_answer():
    purchase_order = make_accepted_purchase_order()
    first, again = change_request(purchase_order.order), change_request(purchase_order.order)
    assert first.requested == again.requested == (purchase_order.number,)

    with pytest.raises(change_requests.AnswerPendingError):
        change_request(purchase_order.order, HOME)  # HOME remains if the supplier refuses

    assert AddressChangeRequest.objects.count() == 1
    assert purchase_order.messages.filter(kind="readdress").count() == 1


def test_an_invalid_address_is_rejected():
    purchase_order = make_accepted_purchase_order()

    with pytest.raises(corrections.InvalidNewAddressError):
        change_request(purchase_order.order, dataclasses.replace(THERE, country="FR"))

    assert not AddressChangeRequest.objects.exists()


def test_a_shipped_order_takes_no_request():
    purchase_order = make_accepted_purchase_order()
    PurchaseOrder.objects.update(status="shipped")

    with pytest.raises(change_requests.NothingLeftError):
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


def test_an_invalid_answer_changes_nothing(client):
    purchase_order = make_accepted_purchase_order()
    change_request(purchase_order.order)

    yes = {"said": "yes"}
    for given in ({}, yes, {"said": "maybe"}, yes | {"change_request": 0}):
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


def test_a_later_correction_replaces_the_own_address_of_a_purchase_order():
    unsent, asked = apart(make_sellable(), make_sellable())
    accept(asked)
    change_request(unsent.order)
    PurchaseOrder.objects.filter(pk=asked.pk).update(status="canceled")

    corrections.correct(order=unsent.order, ship_to=LAST, **WHO)

    assert build_request(fresh(unsent)).ship_to == LAST


def test_a_confirmed_warning_does_not_hold_the_changed_part():
    unsent, asked = apart(make_sellable(), make_sellable())
    accept(asked)
    box = dataclasses.replace(THERE, line1="Postfach 7")

    change_request(unsent.order, box)

    order = Order.objects.get()
    assert verification.unconfirmed_warnings(box, order.address_verification) == {}
    other = dataclasses.replace(box, line1="Postfach 8")
    assert set(verification.unconfirmed_warnings(other, order.address_verification)) == {"line1"}


class AskedMeanwhile(ScriptedSupplier):
    """A supplier whose first call fails; during it the customer requests another address."""

    def place(self, request):
        self.ship_to = request.ship_to
        if not self.calls:
            order = PurchaseOrder.objects.get(number=request.number).order
            said = change_requests.change_address(order=order, ship_to=THERE, **WHO)
            assert said.requested == (request.number,)
        return super().place(request)


@pytest.fixture
def supplier(monkeypatch):
    supplier = connect(monkeypatch, AskedMeanwhile())
    supplier.script = [TemporaryError("not now")]
    return supplier


@pytest.mark.parametrize("last", [LAST, HOME])
def test_a_failed_submission_uses_the_last_requested_address(supplier, last):
    (made,) = make_purchase_orders()
    assert send(made).submission_status == "submit_failed"
    assert AddressChangeRequest.objects.get().status == "requested"

    assert change_requests.change_address(order=made.order, ship_to=last, **WHO) is None
    send(made)

    assert AddressChangeRequest.objects.get().status == "refused"
    assert supplier.effects == [made.number]
    assert supplier.ship_to == last
    with pytest.raises(corrections.AddressLockedError):
        change_requests.change_address(order=made.order, ship_to=last, **WHO)


def test_a_failed_submission_uses_the_last_address_if_another_supplier_accepted(supplier):
    failed, kept = apart(make_sellable(), make_sellable())
    send(failed)
    accept(kept)

    said = change_requests.change_address(order=failed.order, ship_to=HOME, **WHO)
    send(failed)

    assert said.done == (failed.number,)
    assert supplier.ship_to == HOME


def test_an_address_hold_is_released_by_a_valid_address():
    kept, held = apart(make_sellable(), make_sellable())
    accept(kept)
    stock = {"code": "stock", "sentence": "none left", "subject": "x"}
    address = {"code": "address", "sentence": "no such postcode", "subject": ""}
    held.move("on_hold", at=NOON, hold_reasons=[address])

    said = change_requests.change_address(order=held.order, ship_to=THERE, **WHO)
    held.refresh_from_db()

    assert said.done == (held.number,)
    assert (held.status, held.hold_reasons) == ("ready", [])
    PurchaseOrder.objects.filter(pk=held.pk).update(status="on_hold", hold_reasons=[address, stock])
    AddressChangeRequest.objects.filter(status="requested").update(status="accepted")
    change_requests.change_address(order=held.order, ship_to=LAST, **WHO)
    held.refresh_from_db()
    assert (held.status, held.hold_reasons) == ("on_hold", [stock])
