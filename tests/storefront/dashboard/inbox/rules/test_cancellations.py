"""Cancellation requests that staff must make are in the inbox with their amount until answered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.cancellation import supplier_answers
from orders.models import AddressWish, PurchaseOrder
from storefront.dashboard.inbox import query
from storefront.lib.money import Money
from tests.factories.orders import ask_to_stop
from tests.factories.scripted_supplier import WrittenTo, connect
from tests.factories.shipping import make_accepted_purchase_order, make_sent_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

SOON, LATE = timedelta(minutes=5), timedelta(days=2)


@pytest.fixture
def people(monkeypatch):
    return connect(monkeypatch, WrittenTo())


def items_after(after, code="purchase_to_stop"):
    return [row for row in query.find(now=NOON + after) if row.cause.code == code]


@pytest.mark.parametrize("make", [make_sent_purchase_order, make_accepted_purchase_order])
def test_request_by_staff_is_in_the_inbox_at_once_also_after_acceptance(people, make):
    people.has_box = False
    purchase_order = make()
    ask_to_stop(purchase_order.order)

    (row,) = items_after(SOON)

    assert (row.name, row.since) == (purchase_order.number, NOON)
    assert row.at_risk == Money(purchase_order.charge_amount, "EUR")
    assert row.due == NOON + timedelta(hours=2)


def test_supplier_asked_by_email_has_time_to_answer(people):
    purchase_order = make_sent_purchase_order()
    ask_to_stop(purchase_order.order)
    patience = timedelta(minutes=purchase_order.supplier.acknowledge_within_min)

    assert items_after(patience - SOON) == []
    (row,) = items_after(patience + SOON)

    assert row.since == NOON + patience


@pytest.mark.parametrize("verb", [supplier_answers.stopped, supplier_answers.not_stopped])
def test_answer_removes_the_item(people, verb):
    people.has_box = False
    purchase_order = make_accepted_purchase_order()
    ask_to_stop(purchase_order.order)

    asked = PurchaseOrder.objects.select_related("supplier").get()
    verb(purchase_order=asked, actor="ann", now=NOON + SOON)

    assert items_after(LATE) == []


def test_request_that_reached_no_supplier_is_in_the_inbox():
    purchase_order = make_accepted_purchase_order()
    # and its line is no longer live
    PurchaseOrder.objects.update(cancel_wanted_at=NOON, cancel_reason="no")

    assert items_after(SOON, "purchase_cancel_silent") == []
    assert [row.name for row in items_after(LATE, "purchase_cancel_silent")] == [
        purchase_order.number
    ]


@pytest.mark.parametrize("left", ["", "person"])  # as stored before
def test_second_request_after_a_refusal_is_in_the_inbox(people, left):
    people.has_box = False
    purchase_order = make_accepted_purchase_order()
    ask_to_stop(purchase_order.order)
    asked = PurchaseOrder.objects.select_related("supplier").get()
    supplier_answers.not_stopped(purchase_order=asked, actor="ann", now=NOON + SOON)
    said_no = PurchaseOrder.objects.get()
    assert (said_no.request_status, said_no.stop_told_by) == ("cancellation_rejected", "")

    PurchaseOrder.objects.update(cancel_wanted_at=NOON, cancel_reason="no", stop_told_by=left)

    (row,) = items_after(LATE, "purchase_cancel_silent")
    assert row.name == purchase_order.number


def test_address_change_by_email_is_in_the_inbox_after_the_response_time():
    purchase_order = make_accepted_purchase_order()
    wish = {"ship_to": {}, "place": 1, "status_since": NOON, "asked_by": "ann"}
    AddressWish.objects.create(purchase_order=purchase_order, **wish)
    assert len(items_after(SOON, "address_wished")) == 1

    AddressWish.objects.update(told_by="letter")

    assert items_after(SOON, "address_wished") == []
    assert len(items_after(LATE, "address_wished")) == 1
