"""Repeated changes: the last address given is used, whatever was requested before."""

import dataclasses

import pytest

from orders.address_changes import change_requests, corrections
from orders.models import AddressChangeRequest, PurchaseOrder
from orders.purchasing import submission
from storefront.lib.http.errors import TemporaryError
from tests.factories.address_changes import THERE, accept, apart
from tests.factories.orders import HOME, make_purchase_orders, make_sellable
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LAST = dataclasses.replace(THERE, line1="Dritte Straße 3")
WHO = {"reason": "moved", "actor": "ann", "now": NOON}


class AskedMeanwhile(ScriptedSupplier):
    """A supplier whose first call fails while the customer requests another address."""

    def place(self, request):
        self.told = request.ship_to
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


def send(purchase_order):
    rows = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return submission.submit(purchase_order=rows.get(pk=purchase_order.pk), now=NOON)


@pytest.mark.parametrize("last", [LAST, HOME])
def test_a_failed_submission_uses_the_last_requested_address(supplier, last):
    (made,) = make_purchase_orders()
    assert send(made).submission_status == "submit_failed"
    assert AddressChangeRequest.objects.get().status == "requested"

    assert change_requests.change_address(order=made.order, ship_to=last, **WHO) is None
    send(made)

    assert AddressChangeRequest.objects.get().status == "refused"
    assert supplier.effects == [made.number]
    assert supplier.told == last
    with pytest.raises(corrections.AddressLockedError):
        change_requests.change_address(order=made.order, ship_to=last, **WHO)


def test_the_last_address_is_used_if_another_supplier_has_its_part(supplier):
    failed, kept = apart(make_sellable(), make_sellable())
    send(failed)
    accept(kept)

    said = change_requests.change_address(order=failed.order, ship_to=HOME, **WHO)
    send(failed)

    assert said.done == (failed.number,)
    assert supplier.told == HOME


def test_no_change_is_announced_while_another_request_is_open():
    asked, other = apart(make_sellable(), make_sellable())
    for each in (asked, other):
        accept(each)
    change_requests.request_change(order=asked.order, ship_to=THERE, **WHO)

    with pytest.raises(change_requests.AnswerPendingError):
        change_requests.request_change(order=asked.order, ship_to=HOME, **WHO)


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
