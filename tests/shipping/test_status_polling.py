from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from orders.models import Order, PurchaseOrder
from shipping import status_polling
from shipping.models import Parcel
from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.models import Breaker, Connection
from tests.factories.circuit_breakers import break_line
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_parcel_news,
    make_sent_purchase_order,
    make_state,
)
from tests.factories.suppliers import NOON, make_level, make_offer, make_supplier

pytestmark = pytest.mark.django_db(transaction=True)


class Supplier:
    """Answers ``find`` from a table of states or errors, by our number."""

    def __init__(self):
        self.states = {}
        self.asked = []

    def find(self, *, number):
        self.asked.append(number)
        answer = self.states.get(number)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


@pytest.fixture
def supplier(monkeypatch):
    supplier = Supplier()
    monkeypatch.setattr(status_polling, "adapter_for", lambda _: supplier)
    return supplier


def test_a_poll_finds_the_parcel_that_a_lost_webhook_would_have_told(supplier):
    purchase_order = make_sent_purchase_order(make_sellable())
    supplier.states[purchase_order.number] = make_state(
        purchase_order, "shipped", make_parcel_news()
    )

    answered = status_polling.ask(supplier=purchase_order.supplier, moment=lambda: NOON)

    purchase_order.refresh_from_db()
    assert answered == 1
    assert (purchase_order.request_status, purchase_order.status) == ("accepted", "shipped")
    assert purchase_order.polled_at == NOON
    assert Parcel.objects.get().status == Parcel.Status.HANDED_OVER


def test_an_order_that_the_supplier_does_not_tell_about_stops_no_other(supplier):
    first = make_accepted_purchase_order(make_sellable())
    second = make_accepted_purchase_order(make_sellable(), email="b@example.org")
    supplier.states[first.number] = PermanentError("he refuses")
    supplier.states[second.number] = make_state(second, "shipped", make_parcel_news())

    status_polling.ask(supplier=first.supplier, moment=lambda: NOON)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.problem, second.status) == ("he refuses", "shipped")


def test_an_order_that_vanished_at_the_supplier_is_flagged_and_not_given_up(supplier):
    purchase_order = make_accepted_purchase_order(make_sellable())

    status_polling.ask(supplier=purchase_order.supplier, moment=lambda: NOON)

    purchase_order.refresh_from_db()
    assert purchase_order.problem == "The supplier no longer knows this order."
    assert purchase_order.status == PurchaseOrder.Status.IN_PROGRESS


def test_an_order_that_breaks_his_server_stops_no_other_and_is_not_the_first_again(supplier):
    first = make_accepted_purchase_order(make_sellable())
    second = make_accepted_purchase_order(make_sellable(), email="b@example.org")
    third = make_accepted_purchase_order(make_sellable(), email="c@example.org")
    for broken in (first, third):
        supplier.states[broken.number] = TemporaryError("HTTP 500")
    supplier.states[second.number] = make_state(second, "shipped", make_parcel_news())
    clock = iter(NOON + timedelta(seconds=seconds) for seconds in range(9))

    answered = status_polling.ask(supplier=first.supplier, moment=lambda: next(clock))

    first.refresh_from_db()
    second.refresh_from_db()
    assert (answered, second.status) == (1, "shipped")
    assert (first.polled_at, second.polled_at) == (NOON, NOON + timedelta(seconds=1))
    assert Connection.objects.get(supplier=first.supplier).problem == ""


def test_an_answer_that_the_database_refuses_stops_no_other(supplier, monkeypatch, caplog):
    first = make_accepted_purchase_order(make_sellable())
    second = make_accepted_purchase_order(make_sellable(), email="b@example.org")
    supplier.states = {
        order.number: make_state(order, "shipped", make_parcel_news()) for order in (first, second)
    }
    take_in = status_polling.shipments.take_in

    def refused(*, purchase_order, **told):
        if purchase_order == first:
            raise IntegrityError("parcel_once: (7, Erika Muster)")
        return take_in(purchase_order=purchase_order, **told)

    monkeypatch.setattr(status_polling.shipments, "take_in", refused)

    assert status_polling.ask(supplier=first.supplier, moment=lambda: NOON) == 1

    first.refresh_from_db()
    assert (first.problem, first.polled_at) == (status_polling.NOT_KEPT, NOON)
    assert "parcel_once" in caplog.text


def test_a_supplier_who_is_down_is_left_alone_and_the_reason_is_kept_until_he_answers(supplier):
    orders = [
        make_accepted_purchase_order(make_sellable(), email=f"{n}@example.org") for n in range(4)
    ]
    for purchase_order in orders:
        supplier.states[purchase_order.number] = TemporaryError("HTTP 503")

    status_polling.ask(supplier=orders[0].supplier, moment=lambda: NOON)
    down = Connection.objects.get(supplier=orders[0].supplier)
    asked = list(supplier.asked)
    for purchase_order in orders:
        supplier.states[purchase_order.number] = make_state(purchase_order, "accepted")
    status_polling.ask(supplier=orders[0].supplier, moment=lambda: NOON + timedelta(minutes=10))
    up = Connection.objects.get(supplier=orders[0].supplier)

    assert asked == [order.number for order in orders[:3]]
    assert supplier.asked[3] == orders[3].number
    assert (down.problem, down.problem_at) == ("orders: HTTP 503", NOON)
    assert (up.problem, up.problem_at) == ("", None)


def test_the_longest_unasked_order_is_asked_first(supplier):
    orders = [
        make_accepted_purchase_order(make_sellable(), email=f"{n}@example.org") for n in range(3)
    ]
    for minutes, purchase_order in zip((5, 9, 7), orders, strict=True):
        purchase_order.polled_at = NOON - timedelta(minutes=minutes)
        purchase_order.save()

    status_polling.ask(supplier=orders[0].supplier, moment=lambda: NOON)

    assert supplier.asked == [orders[1].number, orders[2].number, orders[0].number]


def test_a_supplier_is_asked_when_his_interval_is_over_and_by_one_worker_only():
    purchase_order = make_accepted_purchase_order(make_sellable())
    supplier_id = purchase_order.supplier_id

    turns = [
        status_polling.claim_due(now=NOON + timedelta(minutes=minutes))
        for minutes in (0, 0, 9, 10, 10)
    ]

    assert turns == [[supplier_id], [], [], [supplier_id], []]


def test_who_does_not_even_answer_orders_keeps_his_turn():
    supplier = make_accepted_purchase_order(make_sellable()).supplier
    break_line(supplier)
    assert status_polling.claim_due(now=NOON) == []

    Breaker.objects.all().delete()

    assert status_polling.claim_due(now=NOON) == [supplier.pk]


def test_a_supplier_without_open_orders_is_left_alone():
    make_level(make_offer(make_sellable().variant, make_supplier("idle")))

    assert status_polling.claim_due(now=NOON) == []


def test_what_is_delivered_is_not_asked_for_again(supplier):
    purchase_order = make_accepted_purchase_order(make_sellable())
    supplier.states[purchase_order.number] = make_state(
        purchase_order, "delivered", make_parcel_news()
    )

    status_polling.ask(supplier=purchase_order.supplier, moment=lambda: NOON)
    status_polling.ask(supplier=purchase_order.supplier, moment=lambda: NOON)

    assert supplier.asked == [purchase_order.number]
    assert Order.objects.get().status == Order.Status.COMPLETED
