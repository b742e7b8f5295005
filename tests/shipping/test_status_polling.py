from datetime import timedelta

import pytest
from django.db import IntegrityError

from orders.models import Order, PurchaseOrder
from shipping import status_polling
from shipping.models import Parcel
from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.models import CircuitBreaker, Connection
from tests.factories.circuit_breakers import break_line
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_parcel_news,
    make_sent_purchase_order,
    make_state,
)
from tests.factories.suppliers import NOON, make_level, make_offer, make_supplier

pytestmark = pytest.mark.django_db


class Supplier:
    """Answers ``find`` from a table of states or errors, by our order number."""

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
    monkeypatch.setattr(status_polling, "open_connector", lambda _: supplier)
    return supplier


def test_a_poll_finds_a_parcel_whose_webhook_was_lost(supplier):
    purchase_order = make_sent_purchase_order(make_sellable())
    supplier.states[purchase_order.number] = make_state(
        purchase_order, "shipped", make_parcel_news()
    )

    answered = status_polling.poll_supplier(supplier=purchase_order.supplier, clock=lambda: NOON)

    purchase_order.refresh_from_db()
    assert answered == 1
    assert (purchase_order.submission_status, purchase_order.status) == ("accepted", "shipped")
    assert purchase_order.polled_at == NOON
    assert Parcel.objects.get().status == Parcel.Status.SHIPPED


def test_an_order_without_an_answer_blocks_no_other(supplier):
    first = make_accepted_purchase_order(make_sellable())
    second = make_accepted_purchase_order(make_sellable(), email="b@example.org")
    supplier.states[first.number] = PermanentError("refused")
    supplier.states[second.number] = make_state(second, "shipped", make_parcel_news())

    status_polling.poll_supplier(supplier=first.supplier, clock=lambda: NOON)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.problem, second.status) == ("refused", "shipped")


def test_an_order_the_supplier_lost_is_flagged_and_kept(supplier):
    purchase_order = make_accepted_purchase_order(make_sellable())

    status_polling.poll_supplier(supplier=purchase_order.supplier, clock=lambda: NOON)

    purchase_order.refresh_from_db()
    assert purchase_order.problem == "The supplier no longer knows this order."
    assert purchase_order.status == PurchaseOrder.Status.IN_PROGRESS


def test_an_order_that_fails_blocks_no_other_and_is_not_polled_first_again(supplier):
    first = make_accepted_purchase_order(make_sellable())
    second = make_accepted_purchase_order(make_sellable(), email="b@example.org")
    third = make_accepted_purchase_order(make_sellable(), email="c@example.org")
    for broken in (first, third):
        supplier.states[broken.number] = TemporaryError("HTTP 500")
    supplier.states[second.number] = make_state(second, "shipped", make_parcel_news())
    clock = iter(NOON + timedelta(seconds=seconds) for seconds in range(9))

    answered = status_polling.poll_supplier(supplier=first.supplier, clock=lambda: next(clock))

    first.refresh_from_db()
    second.refresh_from_db()
    assert (answered, second.status) == (1, "shipped")
    assert (first.polled_at, second.polled_at) == (NOON, NOON + timedelta(seconds=1))
    assert Connection.objects.get(supplier=first.supplier).problem == ""


def test_an_answer_that_the_database_rejects_blocks_no_other(supplier, monkeypatch, caplog):
    first = make_accepted_purchase_order(make_sellable())
    second = make_accepted_purchase_order(make_sellable(), email="b@example.org")
    supplier.states = {
        order.number: make_state(order, "shipped", make_parcel_news()) for order in (first, second)
    }
    take_in = status_polling.shipments.import_parcels

    def refused(*, purchase_order, **told):
        if purchase_order == first:
            raise IntegrityError("parcel_once: (7, Erika Muster)")
        return take_in(purchase_order=purchase_order, **told)

    monkeypatch.setattr(status_polling.shipments, "import_parcels", refused)

    assert status_polling.poll_supplier(supplier=first.supplier, clock=lambda: NOON) == 1

    first.refresh_from_db()
    assert (first.problem, first.polled_at) == (status_polling.NOT_STORED, NOON)
    assert "parcel_once" in caplog.text


def test_a_run_stops_if_the_supplier_is_down_and_shows_the_error_until_it_recovers(supplier):
    orders = [
        make_accepted_purchase_order(make_sellable(), email=f"{n}@example.org") for n in range(4)
    ]
    for purchase_order in orders:
        supplier.states[purchase_order.number] = TemporaryError("HTTP 503")

    status_polling.poll_supplier(supplier=orders[0].supplier, clock=lambda: NOON)
    down = Connection.objects.get(supplier=orders[0].supplier)
    asked = list(supplier.asked)
    for purchase_order in orders:
        supplier.states[purchase_order.number] = make_state(purchase_order, "accepted")
    status_polling.poll_supplier(
        supplier=orders[0].supplier, clock=lambda: NOON + timedelta(minutes=10)
    )
    up = Connection.objects.get(supplier=orders[0].supplier)

    assert asked == [order.number for order in orders[:3]]
    assert supplier.asked[3] == orders[3].number
    assert (down.problem, down.problem_at) == ("orders: HTTP 503", NOON)
    assert (up.problem, up.problem_at) == ("", None)


def test_the_longest_unpolled_order_is_polled_first(supplier):
    orders = [
        make_accepted_purchase_order(make_sellable(), email=f"{n}@example.org") for n in range(3)
    ]
    for minutes, purchase_order in zip((5, 9, 7), orders, strict=True):
        purchase_order.polled_at = NOON - timedelta(minutes=minutes)
        purchase_order.save()

    status_polling.poll_supplier(supplier=orders[0].supplier, clock=lambda: NOON)

    assert supplier.asked == [orders[1].number, orders[2].number, orders[0].number]


def test_a_supplier_is_polled_at_its_interval_by_one_worker():
    purchase_order = make_accepted_purchase_order(make_sellable())
    supplier_id = purchase_order.supplier_id

    turns = [
        status_polling.claim_due_suppliers(now=NOON + timedelta(minutes=minutes))
        for minutes in (0, 0, 9, 10, 10)
    ]

    assert turns == [[supplier_id], [], [], [supplier_id], []]


def test_a_supplier_with_an_open_circuit_stays_due():
    supplier = make_accepted_purchase_order(make_sellable()).supplier
    break_line(supplier)
    assert status_polling.claim_due_suppliers(now=NOON) == []

    CircuitBreaker.objects.all().delete()

    assert status_polling.claim_due_suppliers(now=NOON) == [supplier.pk]


def test_a_supplier_without_open_orders_is_not_polled():
    make_level(make_offer(make_sellable().variant, make_supplier("idle")))

    assert status_polling.claim_due_suppliers(now=NOON) == []


def test_delivered_orders_are_not_polled(supplier):
    purchase_order = make_accepted_purchase_order(make_sellable())
    supplier.states[purchase_order.number] = make_state(
        purchase_order, "delivered", make_parcel_news()
    )

    status_polling.poll_supplier(supplier=purchase_order.supplier, clock=lambda: NOON)
    status_polling.poll_supplier(supplier=purchase_order.supplier, clock=lambda: NOON)

    assert supplier.asked == [purchase_order.number]
    assert Order.objects.get().status == Order.Status.COMPLETED
