"""Cancellation admin: record the supplier's answer to a cancellation request."""

import pytest
from django.urls import reverse

from orders.models import Order, PurchaseOrder
from tests.factories.orders import ask_to_stop
from tests.factories.scripted_supplier import WrittenTo, connect
from tests.factories.shipping import make_accepted_purchase_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch):
    people = connect(monkeypatch, WrittenTo())
    people.has_box = False
    purchase_order = make_accepted_purchase_order()
    ask_to_stop(purchase_order.order)
    return purchase_order


def do(staff, purchase_order, what):
    url = reverse(f"admin:orders_purchaseorder_{what}", args=[purchase_order.pk])
    return staff.post(url, {"confirm": "yes"}, follow=True)


def test_a_recorded_acceptance_refunds_once(staff, asked, started):
    for _ in range(2):
        do(staff, asked, "accept_cancellation")

    assert Order.objects.get().status == "canceled"
    assert started[0][0] == "execute_requests"


def test_an_acceptance_after_a_recorded_refusal_still_counts(staff, asked, started):
    page = do(staff, asked, "reject_cancellation").content.decode()

    assert PurchaseOrder.objects.get().submission_status == "cancellation_rejected"
    assert "Mark cancellation accepted" in page
    assert "Mark cancellation rejected" not in page
    do(staff, asked, "accept_cancellation")
    assert Order.objects.get().status == "canceled"


@pytest.mark.parametrize("what", ["accept_cancellation", "reject_cancellation"])
def test_no_answer_is_recorded_without_a_request(staff, started, what):
    purchase_order = make_accepted_purchase_order()

    do(staff, purchase_order, what)

    assert PurchaseOrder.objects.get().submission_status == "accepted"
    assert Order.objects.get().status == "processing"
