from datetime import timedelta

import pytest

from orders.models import PurchaseOrder
from orders.purchasing import work_queue
from storefront.lib.http.observers import Call
from suppliers.models import CircuitBreaker
from suppliers.resilience import circuit_breaker
from suppliers.resilience.circuit_breaker import SharedCircuitBreaker
from tests.factories.circuit_breakers import break_line
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
Submission = PurchaseOrder.Submission
LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def purchase_order():
    (made,) = make_purchase_orders()
    return made


def asked(find):
    return list(find(now=LATER))


@pytest.mark.parametrize(
    ("breaker", "is_due"),
    [
        (None, True),
        ({"orders_wait_s": 0}, True),
        ({"orders_wait_s": 60}, False),
        ({"orders_wait_s": -60, "probe_s": 0}, True),
        ({"orders_wait_s": -60, "probe_s": 60}, False),
    ],
)
def test_orders_are_not_due_while_their_supplier_is_unavailable(purchase_order, breaker, is_due):
    if breaker is not None:
        break_line(purchase_order.supplier, **breaker)

    for now in (LATER, NOON + timedelta(days=3650)):  # the breaker uses the database's clock
        assert list(work_queue.to_submit(now=now)) == ([purchase_order] if is_due else [])


@pytest.mark.parametrize("probe_s", [None, 60])
def test_work_without_a_call_is_due_during_an_outage(purchase_order, probe_s):
    purchase_order.move(PurchaseOrder.Status.READY, at=NOON)
    PurchaseOrder.objects.update(cancel_requested_at=NOON)
    break_line(purchase_order.supplier, orders_wait_s=60, probe_s=probe_s)

    assert asked(work_queue.to_cancel) == [purchase_order]  # never submitted
    purchase_order.refresh_from_db()
    purchase_order.move(
        Submission.SUBMITTING, at=NOON, status_field="submission_status"
    )  # and the worker died
    assert asked(work_queue.to_look_up) == [purchase_order]


def test_orders_are_due_during_a_long_call_after_the_circuit_closed(purchase_order):
    break_line(purchase_order.supplier, orders_wait_s=-60)
    worker = SharedCircuitBreaker(purchase_order.supplier.connection.pk)
    long = Call(method="GET", path="feed", total_s=600, heartbeat_s=40)
    worker.enter(long, is_for_order=False)
    worker.heartbeat(long)
    assert asked(work_queue.to_submit) == []

    circuit_breaker.close(connection_id=purchase_order.supplier.connection.pk)
    worker.heartbeat(long)

    assert asked(work_queue.to_submit) == [purchase_order]
    assert CircuitBreaker.objects.get().half_open_until is None


def test_lookups_and_cancellations_are_not_due_during_an_outage(purchase_order):
    purchase_order.move(PurchaseOrder.Status.READY, at=NOON)
    purchase_order.move(Submission.SUBMITTING, at=NOON, status_field="submission_status")
    purchase_order.move(Submission.SUBMIT_UNKNOWN, at=NOON, status_field="submission_status")
    PurchaseOrder.objects.update(cancel_requested_at=NOON)
    assert asked(work_queue.to_look_up) == asked(work_queue.to_cancel) == [purchase_order]

    break_line(purchase_order.supplier, orders_wait_s=60)

    assert asked(work_queue.to_look_up) == asked(work_queue.to_cancel) == []


def test_an_outage_does_not_delay_other_suppliers(purchase_order):
    (other,) = make_purchase_orders()
    PurchaseOrder.objects.filter(pk=other.pk).update(supplier=make_supplier(code="glow"))
    break_line(purchase_order.supplier, orders_wait_s=60)

    assert asked(work_queue.to_submit) == [other]


def test_a_backlog_of_one_supplier_does_not_hide_others(purchase_order):
    backlog = [purchase_order, *(made for _ in range(3) for made in make_purchase_orders())]
    PurchaseOrder.objects.update(supplier=purchase_order.supplier)
    (other,) = make_purchase_orders()
    PurchaseOrder.objects.filter(pk=other.pk).update(supplier=make_supplier(code="glow"))

    taken = work_queue.round_robin(work_queue.to_submit(now=LATER), limit=3)

    assert taken == [backlog[0].pk, other.pk, backlog[1].pk]
