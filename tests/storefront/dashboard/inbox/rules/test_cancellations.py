"""Who is to be asked to stop an order is in the inbox, with the money, until he answers."""

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


def waits(after, code="purchase_to_stop"):
    return [row for row in query.find(now=NOON + after) if row.cause.code == code]


@pytest.mark.parametrize("make", [make_sent_purchase_order, make_accepted_purchase_order])
def test_whom_a_person_asks_waits_at_once_with_the_money_also_once_he_accepted(people, make):
    people.has_box = False
    purchase_order = make()
    ask_to_stop(purchase_order.order)

    (row,) = waits(SOON)

    assert (row.name, row.since) == (purchase_order.number, NOON)
    assert row.at_risk == Money(purchase_order.charge_amount, "EUR")
    assert row.due == NOON + timedelta(hours=2)


def test_who_was_written_to_has_his_time_to_answer(people):
    purchase_order = make_sent_purchase_order()
    ask_to_stop(purchase_order.order)
    patience = timedelta(minutes=purchase_order.supplier.acknowledge_within_min)

    assert waits(patience - SOON) == []
    (row,) = waits(patience + SOON)

    assert row.since == NOON + patience


@pytest.mark.parametrize("verb", [supplier_answers.stopped, supplier_answers.not_stopped])
def test_his_answer_ends_it(people, verb):
    people.has_box = False
    purchase_order = make_accepted_purchase_order()
    ask_to_stop(purchase_order.order)

    asked = PurchaseOrder.objects.select_related("supplier").get()
    verb(purchase_order=asked, actor="ann", now=NOON + SOON)

    assert waits(LATE) == []


def test_a_wish_that_nobody_could_tell_him_does_not_wait_unseen():
    purchase_order = make_accepted_purchase_order()
    PurchaseOrder.objects.update(cancel_wanted_at=NOON, cancel_reason="no")  # and his line is dead

    assert waits(SOON, "purchase_cancel_silent") == []
    assert [row.name for row in waits(LATE, "purchase_cancel_silent")] == [purchase_order.number]


@pytest.mark.parametrize("left", ["", "person"])  # as it was written down before
def test_a_second_wish_does_not_wait_unseen_after_he_said_no_to_the_first(people, left):
    people.has_box = False
    purchase_order = make_accepted_purchase_order()
    ask_to_stop(purchase_order.order)
    asked = PurchaseOrder.objects.select_related("supplier").get()
    supplier_answers.not_stopped(purchase_order=asked, actor="ann", now=NOON + SOON)
    said_no = PurchaseOrder.objects.get()
    assert (said_no.request_status, said_no.stop_told_by) == ("cancellation_rejected", "")

    PurchaseOrder.objects.update(cancel_wanted_at=NOON, cancel_reason="no", stop_told_by=left)

    (row,) = waits(LATE, "purchase_cancel_silent")
    assert row.name == purchase_order.number


def test_an_address_that_he_was_written_of_waits_once_his_time_is_over():
    purchase_order = make_accepted_purchase_order()
    wish = {"ship_to": {}, "place": 1, "status_since": NOON, "asked_by": "ann"}
    AddressWish.objects.create(purchase_order=purchase_order, **wish)
    assert len(waits(SOON, "address_wished")) == 1

    AddressWish.objects.update(told_by="letter")

    assert waits(SOON, "address_wished") == []
    assert len(waits(LATE, "address_wished")) == 1
