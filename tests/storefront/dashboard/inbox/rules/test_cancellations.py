"""Cancellations that staff must request by hand stay in the inbox, with amount, until answered."""

from datetime import timedelta

import pytest

from orders.cancellation import supplier_answers
from orders.models import AddressChangeRequest, PurchaseOrder
from storefront.lib.money import Money
from tests.factories.inbox_items import items_of
from tests.factories.orders import ask_to_stop
from tests.factories.scripted_supplier import WrittenTo, connect
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

SOON, LATE = timedelta(minutes=5), timedelta(days=2)


@pytest.fixture
def email_supplier(monkeypatch):
    return connect(monkeypatch, WrittenTo())


def items_after(after, code="cancellation_to_request"):
    return items_of(code, now=NOON + after)


@pytest.mark.parametrize("make", [make_sent_purchase_order, make_accepted_purchase_order])
def test_request_by_staff_is_in_the_inbox_at_once_also_after_acceptance(email_supplier, make):
    email_supplier.has_box = False
    purchase_order = make()
    ask_to_stop(purchase_order.order)

    (row,) = items_after(SOON)

    assert (row.name, row.since) == (purchase_order.number, NOON)
    assert row.at_risk == Money(purchase_order.customer_charge_amount, "EUR")
    assert row.due == NOON + timedelta(hours=2)


def test_supplier_asked_by_email_has_time_to_answer(email_supplier):
    purchase_order = make_sent_purchase_order()
    ask_to_stop(purchase_order.order)
    response_time = timedelta(minutes=purchase_order.supplier.acknowledge_within_min)

    assert items_after(response_time - SOON) == []
    (row,) = items_after(response_time + SOON)

    assert row.since == NOON + response_time


@pytest.mark.parametrize(
    "verb", [supplier_answers.record_acceptance, supplier_answers.record_refusal]
)
def test_answer_removes_the_item(email_supplier, verb):
    email_supplier.has_box = False
    purchase_order = make_accepted_purchase_order()
    ask_to_stop(purchase_order.order)

    asked = PurchaseOrder.objects.select_related("supplier").get()
    verb(purchase_order=asked, actor="ann", now=NOON + SOON)

    assert items_after(LATE) == []


def test_request_that_reached_no_supplier_is_in_the_inbox():
    purchase_order = make_accepted_purchase_order()
    # the request is stored, but was not sent
    PurchaseOrder.objects.update(cancel_requested_at=NOON, cancel_reason="no")

    assert items_after(SOON, "cancellation_unanswered") == []
    (row,) = items_after(LATE, "cancellation_unanswered")
    assert row.name == purchase_order.number


@pytest.mark.parametrize("left", ["", "staff"])  # cleared by the refusal, or left from before
def test_second_request_after_a_refusal_is_in_the_inbox(email_supplier, left):
    email_supplier.has_box = False
    purchase_order = make_accepted_purchase_order()
    ask_to_stop(purchase_order.order)
    asked = PurchaseOrder.objects.select_related("supplier").get()
    supplier_answers.record_refusal(purchase_order=asked, actor="ann", now=NOON + SOON)
    rows = PurchaseOrder.objects.filter(submission_status="cancellation_rejected")

    assert rows.get().cancellation_channel == ""
    rows.update(cancel_requested_at=NOON, cancel_reason="no", cancellation_channel=left)

    (row,) = items_after(LATE, "cancellation_unanswered")
    assert row.name == purchase_order.number


def test_address_change_by_email_is_in_the_inbox_after_the_response_time():
    purchase_order = make_accepted_purchase_order()
    change_request = {"ship_to": {}, "place": 1, "status_since": NOON, "requested_by": "ann"}
    AddressChangeRequest.objects.create(purchase_order=purchase_order, **change_request)
    assert len(items_after(SOON, "address_change_requested")) == 1

    AddressChangeRequest.objects.update(notified_via="email")

    assert items_after(SOON, "address_change_requested") == []
    assert len(items_after(LATE, "address_change_requested")) == 1
