"""Supplier notices: each address change request is e-mailed once, or staff ask the supplier."""

import pytest

from orders.address_changes import change_requests, supplier_notices, tasks
from orders.models import AddressChangeRequest, PurchaseOrder
from storefront.lib.http.errors import PermanentError
from suppliers.connections import factory
from suppliers.connectors.records import RequestKind
from suppliers.models import CircuitBreaker, Connection
from tests.factories.address_changes import THERE
from tests.factories.circuit_breakers import break_line
from tests.factories.orders import make_sellable
from tests.factories.scripted_supplier import WrittenTo, connect
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(monkeypatch):
    return connect(monkeypatch, WrittenTo())


@pytest.fixture
def change_request(people):
    order = make_accepted_purchase_order().order
    change_requests.request_change(
        order=order, ship_to=THERE, reason="moved", actor="ann", now=NOON
    )
    return AddressChangeRequest.objects.get()


def test_one_e_mail_is_sent_when_the_circuit_breaker_is_closed(people, change_request):
    break_line(change_request.purchase_order.supplier)
    tasks.send_supplier_notices()
    assert not people.letters
    CircuitBreaker.objects.all().delete()

    for _ in range(2):
        tasks.send_supplier_notices()
    AddressChangeRequest.objects.update(notified_via="")  # as after a crash before the record
    tasks.send_supplier_notices()

    (manual_request,) = people.letters.values()
    assert (manual_request.kind, manual_request.ship_to) == (RequestKind.READDRESS, THERE)
    assert manual_request.page_url.endswith(f"/{PurchaseOrder.objects.get().access_key}/")
    assert AddressChangeRequest.objects.get().notified_via == "email"


def test_without_an_e_mail_address_staff_notify(people, change_request):
    people.has_box = False

    tasks.send_supplier_notices()

    assert people.letters == {}
    assert AddressChangeRequest.objects.get().notified_via == "staff"


def test_a_failed_notice_does_not_count_for_the_batch_and_is_retried(
    people, change_request, monkeypatch
):
    monkeypatch.setattr(tasks, "BATCH", 1)
    other = make_accepted_purchase_order(make_sellable(), email="b@example.org").order
    change_requests.request_change(
        order=other, ship_to=THERE, reason="moved", actor="ann", now=NOON
    )
    send_request = people.send_request

    def refuse_the_first(manual_request):
        if manual_request.number == change_request.purchase_order.number:
            raise PermanentError("mailbox unavailable")
        send_request(manual_request)

    people.send_request = refuse_the_first
    tasks.send_supplier_notices()
    notified = AddressChangeRequest.objects.order_by("pk").values_list("notified_via", flat=True)
    assert list(notified) == ["", "email"]

    people.send_request = send_request
    tasks.send_supplier_notices()
    assert list(notified.all()) == ["email", "email"]


def test_staff_notify_a_supplier_without_connection(people, change_request, monkeypatch):
    monkeypatch.setattr(supplier_notices, "open_connector", factory.open_connector)
    Connection.objects.all().delete()

    tasks.send_supplier_notices()

    assert AddressChangeRequest.objects.get().notified_via == "staff"


def test_no_notice_before_the_supplier_has_the_order(people, change_request):
    for status in supplier_notices.NOT_WITH_SUPPLIER:
        PurchaseOrder.objects.update(submission_status=status)

        tasks.send_supplier_notices()

        assert people.letters == {}
        assert AddressChangeRequest.objects.get().notified_via == ""


def test_an_answered_request_sends_no_notice(people, change_request):
    change_requests.record_answer(change_request=change_request, is_yes=True, actor="ben", now=NOON)

    tasks.send_supplier_notices()

    assert people.letters == {}
