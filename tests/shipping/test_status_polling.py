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
    make_sent_purchase_order,
    make_shipment_notice,
    make_state,
)
from tests.factories.suppliers import NOON, make_level, make_offer, make_supplier

pytestmark = pytest.mark.django_db


class Supplier:
    """A supplier whose ``find`` returns the state of an order from ``states``, or raises its error."""

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


class BatchSupplier(Supplier):
    """A supplier that also answers for many orders; ``asked`` records method and argument."""

    def __init__(self):
        super().__init__()
        self.many = {}
        self.fails = False

    def track(self, orders):
        self.asked.append(("track", len(orders)))
        if self.fails:
            raise TemporaryError("busy")
        return [self.many[order.number] for order in orders if order.number in self.many]

    def find(self, *, number):
        self.asked.append(("find", number))
        return self.states.get(number)


class StagedSupplier(BatchSupplier):
    """A supplier that accepts an order in several steps."""

    def resume(self, *, number):
        self.asked.append(("resume", number))
        return self.states.get(number)


@pytest.fixture
def use(monkeypatch):
    def use(supplier):
        monkeypatch.setattr(status_polling, "open_connector", lambda _: supplier)
        return supplier

    return use


@pytest.fixture
def supplier(use):
    return use(Supplier())


def poll(purchase_order, clock=lambda: NOON):
    answered = status_polling.poll_supplier(supplier=purchase_order.supplier, clock=clock)
    purchase_order.refresh_from_db()
    return answered


def accepted_orders(count=2):
    return [
        make_accepted_purchase_order(make_sellable(), email=f"{number}@example.org")
        for number in range(count)
    ]


def test_a_poll_finds_a_parcel_whose_webhook_was_lost(supplier):
    purchase_order = make_sent_purchase_order(make_sellable())
    supplier.states[purchase_order.number] = make_state(
        purchase_order, "shipped", make_shipment_notice()
    )

    assert poll(purchase_order) == 1

    assert (purchase_order.submission_status, purchase_order.status) == ("accepted", "shipped")
    assert purchase_order.polled_at == NOON
    assert Parcel.objects.get().status == Parcel.Status.SHIPPED


def test_an_order_without_an_answer_blocks_no_other(supplier):
    first, second = accepted_orders()
    supplier.states[first.number] = PermanentError("refused")
    supplier.states[second.number] = make_state(second, "shipped", make_shipment_notice())

    poll(first)

    second.refresh_from_db()
    assert (first.problem, second.status) == ("refused", "shipped")


def test_an_order_the_supplier_lost_is_flagged_and_kept(supplier):
    purchase_order = make_accepted_purchase_order(make_sellable())

    poll(purchase_order)

    assert purchase_order.problem == "The supplier no longer knows this order."
    assert purchase_order.status == PurchaseOrder.Status.IN_PROGRESS


def test_an_order_that_fails_blocks_no_other_and_is_not_polled_first_again(supplier):
    first, second, third = accepted_orders(3)
    for failing in (first, third):
        supplier.states[failing.number] = TemporaryError("HTTP 500")
    supplier.states[second.number] = make_state(second, "shipped", make_shipment_notice())
    clock = iter(NOON + timedelta(seconds=seconds) for seconds in range(9))

    answered = poll(first, clock=lambda: next(clock))

    second.refresh_from_db()
    assert (answered, second.status) == (1, "shipped")
    assert (first.polled_at, second.polled_at) == (NOON, NOON + timedelta(seconds=1))
    assert Connection.objects.get(supplier=first.supplier).problem == ""


def test_an_answer_that_the_database_rejects_blocks_no_other(supplier, monkeypatch, caplog):
    first, second = accepted_orders()
    supplier.states = {
        order.number: make_state(order, "shipped", make_shipment_notice())
        for order in (first, second)
    }
    take_in = status_polling.shipments.import_parcels

    def refused(*, purchase_order, **known):
        if purchase_order == first:
            raise IntegrityError("parcel_once: (7, Erika Muster)")
        return take_in(purchase_order=purchase_order, **known)

    monkeypatch.setattr(status_polling.shipments, "import_parcels", refused)

    assert poll(first) == 1

    assert (first.problem, first.polled_at) == (status_polling.NOT_STORED, NOON)
    assert "parcel_once" in caplog.text


def test_a_run_stops_if_the_supplier_is_down_and_shows_the_error_until_it_recovers(supplier):
    orders = accepted_orders(4)
    for purchase_order in orders:
        supplier.states[purchase_order.number] = TemporaryError("HTTP 503")

    poll(orders[0])
    down = Connection.objects.get(supplier=orders[0].supplier)
    asked = list(supplier.asked)
    for purchase_order in orders:
        supplier.states[purchase_order.number] = make_state(purchase_order, "accepted")
    poll(orders[0], clock=lambda: NOON + timedelta(minutes=10))
    up = Connection.objects.get(supplier=orders[0].supplier)

    assert asked == [order.number for order in orders[:3]]
    assert supplier.asked[3] == orders[3].number
    assert (down.problem, down.problem_at) == ("orders: HTTP 503", NOON)
    assert (up.problem, up.problem_at) == ("", None)


def test_the_longest_unpolled_order_is_polled_first(supplier):
    orders = accepted_orders(3)
    for minutes, purchase_order in zip((5, 9, 7), orders, strict=True):
        purchase_order.polled_at = NOON - timedelta(minutes=minutes)
        purchase_order.save()

    poll(orders[0])

    assert supplier.asked == [orders[1].number, orders[2].number, orders[0].number]


def test_a_supplier_is_polled_at_its_interval_by_one_worker():
    purchase_order = make_accepted_purchase_order(make_sellable())
    supplier_id = purchase_order.supplier_id

    claimed = [
        status_polling.claim_due_suppliers(now=NOON + timedelta(minutes=minutes))
        for minutes in (0, 0, 9, 10, 10)
    ]

    assert claimed == [[supplier_id], [], [], [supplier_id], []]


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
        purchase_order, "delivered", make_shipment_notice()
    )

    poll(purchase_order)
    poll(purchase_order)

    assert supplier.asked == [purchase_order.number]
    assert Order.objects.get().status == Order.Status.COMPLETED


# One call for many orders, and orders that were submitted only in part


def test_all_orders_are_polled_in_one_call(use):
    supplier = use(BatchSupplier())
    orders = accepted_orders()
    supplier.many = {each.number: make_state(each, "accepted") for each in orders}
    supplier.many[orders[0].number] = make_state(orders[0], "shipped", make_shipment_notice())

    answered = poll(orders[0])

    assert (answered, supplier.asked) == (2, [("track", 2)])
    assert orders[0].status == PurchaseOrder.Status.SHIPPED


def test_an_order_missing_from_the_batch_is_polled_singly(use):
    supplier = use(BatchSupplier())
    first, second = accepted_orders()
    supplier.many = {first.number: make_state(first, "accepted")}

    answered = poll(second)

    assert supplier.asked == [("track", 2), ("find", second.number)]
    assert (answered, second.problem) == (1, "The supplier no longer knows this order.")


def test_a_failed_batch_is_replaced_by_single_calls(use):
    supplier = use(BatchSupplier())
    first, second = accepted_orders()
    supplier.fails = True
    supplier.states = {each.number: make_state(each, "accepted") for each in (first, second)}

    assert poll(first) == 2
    assert [name for name, _ in supplier.asked] == ["track", "find", "find"]


def test_a_half_submitted_order_is_resumed(use):
    supplier = use(StagedSupplier())
    purchase_order = make_sent_purchase_order(make_sellable())
    supplier.many = {purchase_order.number: make_state(purchase_order, "received")}
    supplier.states = {purchase_order.number: make_state(purchase_order, "accepted")}

    poll(purchase_order)

    assert supplier.asked == [("track", 1), ("resume", purchase_order.number)]
    assert purchase_order.submission_status == PurchaseOrder.Submission.ACCEPTED


@pytest.mark.parametrize("submission_status", ["accepted", "cancellation_rejected"])
def test_only_orders_that_wait_for_acceptance_are_resumed(use, submission_status):
    supplier = use(StagedSupplier())
    purchase_order = make_accepted_purchase_order(make_sellable())
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(submission_status=submission_status)
    supplier.many = {purchase_order.number: make_state(purchase_order, "received")}

    poll(purchase_order)

    assert supplier.asked == [("track", 1)]


def test_the_reason_for_a_stalled_order_is_saved_on_it(use):
    supplier = use(StagedSupplier())
    purchase_order = make_sent_purchase_order(make_sellable())
    state = make_state(purchase_order, "received", reason="the balance does not pay for it")
    supplier.states = {purchase_order.number: state}

    poll(purchase_order)

    assert purchase_order.problem == "the balance does not pay for it"


def accepted_after_cancellation(submission_status):
    """Make a canceled purchase order that the supplier has."""
    purchase_order = make_sent_purchase_order(make_sellable())
    PurchaseOrder.objects.update(status="canceled", submission_status=submission_status)
    purchase_order.refresh_from_db()
    return purchase_order


@pytest.mark.parametrize("submission_status", ["submitted", "accepted"])
@pytest.mark.parametrize("answer", ["canceled", None])
def test_a_canceled_order_is_polled_until_the_supplier_confirms(use, submission_status, answer):
    """It is not resumed: that would accept the canceled order."""
    supplier = use(StagedSupplier())
    purchase_order = accepted_after_cancellation(submission_status)
    supplier.states[purchase_order.number] = make_state(purchase_order, "received")
    assert poll(purchase_order) == 1
    assert purchase_order.submission_status == submission_status

    supplier.states[purchase_order.number] = (
        make_state(purchase_order, answer) if answer is not None else None
    )
    poll(purchase_order)
    assert purchase_order.submission_status == "rejected"
    poll(purchase_order)

    alone = [each for each in supplier.asked if each[0] != "track"]
    assert alone == [("find", purchase_order.number)] * 2


def test_a_canceled_order_is_polled_until_it_shipped(use):
    supplier = use(BatchSupplier())
    purchase_order = accepted_after_cancellation("accepted")
    supplier.states[purchase_order.number] = make_state(
        purchase_order, "shipped", make_shipment_notice()
    )

    poll(purchase_order)
    poll(purchase_order)

    assert supplier.asked.count(("find", purchase_order.number)) == 1
    assert "shipped a canceled purchase order" in purchase_order.problem
    assert (purchase_order.status, purchase_order.submission_status) == ("canceled", "accepted")
