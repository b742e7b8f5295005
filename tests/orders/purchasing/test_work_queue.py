from __future__ import annotations

from datetime import timedelta

import pytest

from orders.models import PurchaseOrder
from orders.purchasing import work_queue
from storefront.lib.http.observers import Call
from suppliers.models import Breaker
from suppliers.resilience import circuit_breaker
from suppliers.resilience.circuit_breaker import SharedBreaker
from tests.factories.circuit_breakers import break_line
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
Request = PurchaseOrder.Request
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def purchase_order():
    (made,) = make_purchase_orders()
    return made


def asked(find):
    return list(find(now=LATER))


@pytest.mark.parametrize("orders_wait_s", [None, 0, 60])
def test_orders_are_not_due_while_their_supplier_is_unavailable(purchase_order, orders_wait_s):
    if orders_wait_s is not None:
        break_line(purchase_order.supplier, orders_wait_s=orders_wait_s)

    assert asked(work_queue.to_be_sent) == ([] if orders_wait_s else [purchase_order])


@pytest.mark.parametrize("probe_s", [0, 60])
def test_orders_are_not_due_during_a_probe_of_the_supplier(purchase_order, probe_s):
    break_line(purchase_order.supplier, orders_wait_s=-60, probe_s=probe_s)

    assert asked(work_queue.to_be_sent) == ([] if probe_s else [purchase_order])


@pytest.mark.parametrize("probe_s", [None, 60])
def test_work_without_a_call_is_due_during_an_outage(purchase_order, probe_s):
    purchase_order.move(PurchaseOrder.Status.READY, at=NOON)
    PurchaseOrder.objects.update(cancel_wanted_at=NOON)
    break_line(purchase_order.supplier, orders_wait_s=60, probe_s=probe_s)

    assert asked(work_queue.to_be_stopped) == [purchase_order]  # never submitted
    purchase_order.refresh_from_db()
    purchase_order.move(Request.SUBMITTING, at=NOON, axis="request_status")  # and the worker died
    assert asked(work_queue.to_be_resolved) == [purchase_order]


def test_an_open_circuit_uses_the_database_clock(purchase_order):
    break_line(purchase_order.supplier, orders_wait_s=60)

    assert list(work_queue.to_be_sent(now=NOON + timedelta(days=3650))) == []


def test_orders_are_due_during_a_long_call_after_the_circuit_closed(purchase_order):
    break_line(purchase_order.supplier, orders_wait_s=-60)
    worker = SharedBreaker(purchase_order.supplier.connection.pk)
    long = Call(method="GET", path="feed", total_s=600, silent_s=40)
    worker.enter(long, is_for_order=False)
    worker.goes_on(long)
    assert asked(work_queue.to_be_sent) == []

    circuit_breaker.close(connection_id=purchase_order.supplier.connection.pk)
    worker.goes_on(long)

    assert asked(work_queue.to_be_sent) == [purchase_order]
    assert Breaker.objects.get().probe_until is None


def test_lookups_and_cancellations_are_not_due_during_an_outage(purchase_order):
    purchase_order.move(PurchaseOrder.Status.READY, at=NOON)
    purchase_order.move(Request.SUBMITTING, at=NOON, axis="request_status")
    purchase_order.move(Request.SUBMIT_UNKNOWN, at=NOON, axis="request_status")
    PurchaseOrder.objects.update(cancel_wanted_at=NOON)
    assert asked(work_queue.to_be_resolved) == asked(work_queue.to_be_stopped) == [purchase_order]

    break_line(purchase_order.supplier, orders_wait_s=60)

    assert asked(work_queue.to_be_resolved) == asked(work_queue.to_be_stopped) == []


def test_an_outage_does_not_delay_other_suppliers(purchase_order):
    (other,) = make_purchase_orders()
    PurchaseOrder.objects.filter(pk=other.pk).update(supplier=make_supplier(code="glow"))
    break_line(purchase_order.supplier, orders_wait_s=60)

    assert asked(work_queue.to_be_sent) == [other]


def test_a_backlog_of_one_supplier_does_not_hide_others(purchase_order):
    backlog = [purchase_order, *(made for _ in range(3) for made in make_purchase_orders())]
    PurchaseOrder.objects.update(supplier=purchase_order.supplier)
    (other,) = make_purchase_orders()
    PurchaseOrder.objects.filter(pk=other.pk).update(supplier=make_supplier(code="glow"))

    taken = work_queue.in_turn(work_queue.to_be_sent(now=LATER), most=3)

    assert taken == [backlog[0].pk, other.pk, backlog[1].pk]
