"""Staff write down what a supplier says to the wish that he stops an order, on its page."""

from __future__ import annotations

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


def test_what_he_stopped_is_paid_back_and_said_twice_is_no_news(staff, asked, started):
    for _ in range(2):
        do(staff, asked, "he_stopped")

    assert Order.objects.get().status == "canceled"
    assert started[0][0] == "settle_payments"


def test_what_he_cannot_stop_goes_on_and_he_may_stop_it_all_the_same(staff, asked, started):
    page = do(staff, asked, "he_did_not").content.decode()

    assert PurchaseOrder.objects.get().request_status == "cancellation_rejected"
    assert "He stopped it" in page
    assert "He cannot stop it" not in page
    do(staff, asked, "he_stopped")
    assert Order.objects.get().status == "canceled"


@pytest.mark.parametrize("what", ["he_stopped", "he_did_not"])
def test_nobody_writes_down_an_answer_that_nobody_waits_for(staff, started, what):
    purchase_order = make_accepted_purchase_order()

    do(staff, purchase_order, what)

    assert PurchaseOrder.objects.get().request_status == "accepted"
    assert Order.objects.get().status == "processing"
