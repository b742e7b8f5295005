"""Status polling: one call for many orders, and orders that were submitted only in part."""

import pytest

from orders.models import PurchaseOrder
from shipping import status_polling
from storefront.lib.http.errors import TemporaryError
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_parcel_news,
    make_sent_purchase_order,
    make_state,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


class Supplier:
    """Answers for many orders and for single ones; ``asked`` records how."""

    def __init__(self):
        self.many = {}
        self.alone = {}
        self.asked = []
        self.fails = False

    def track(self, orders):
        self.asked.append(("track", len(orders)))
        if self.fails:
            raise TemporaryError("busy")
        return [self.many[order.number] for order in orders if order.number in self.many]

    def find(self, *, number):
        self.asked.append(("find", number))
        return self.alone.get(number)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


class StagedSupplier(Supplier):
    """Accepts an order in several steps."""

    def resume(self, *, number):
        self.asked.append(("resume", number))
        return self.alone.get(number)


@pytest.fixture
def use(monkeypatch):
    def use(supplier):
        monkeypatch.setattr(status_polling, "open_connector", lambda _: supplier)
        return supplier

    return use


def poll(purchase_order):
    answered = status_polling.poll_supplier(supplier=purchase_order.supplier, clock=lambda: NOON)
    purchase_order.refresh_from_db()
    return answered


def two_orders():
    first = make_accepted_purchase_order(make_sellable())
    second = make_accepted_purchase_order(make_sellable(), email="b@example.org")
    return first, second


def test_all_orders_are_polled_in_one_call(use):
    supplier = use(Supplier())
    orders = two_orders()
    supplier.many = {each.number: make_state(each, "accepted") for each in orders}
    supplier.many[orders[0].number] = make_state(orders[0], "shipped", make_parcel_news())

    answered = poll(orders[0])

    assert (answered, supplier.asked) == (2, [("track", 2)])
    assert orders[0].status == PurchaseOrder.Status.SHIPPED


def test_an_order_missing_from_the_batch_is_polled_singly(use):
    supplier = use(Supplier())
    first, second = two_orders()
    supplier.many = {first.number: make_state(first, "accepted")}

    answered = poll(second)

    assert supplier.asked == [("track", 2), ("find", second.number)]
    assert (answered, second.problem) == (1, "The supplier no longer knows this order.")


def test_a_failed_batch_is_replaced_by_single_calls(use):
    supplier = use(Supplier())
    first, second = two_orders()
    supplier.fails = True
    supplier.alone = {each.number: make_state(each, "accepted") for each in (first, second)}

    assert poll(first) == 2
    assert [name for name, _ in supplier.asked] == ["track", "find", "find"]


def test_a_half_submitted_order_is_resumed(use):
    supplier = use(StagedSupplier())
    purchase_order = make_sent_purchase_order(make_sellable())
    supplier.many = {purchase_order.number: make_state(purchase_order, "received")}
    supplier.alone = {purchase_order.number: make_state(purchase_order, "accepted")}

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
    supplier.alone = {purchase_order.number: state}

    poll(purchase_order)

    assert purchase_order.problem == "the balance does not pay for it"


def canceled_and_had(submission_status):
    """Create an order that the supplier accepted after we canceled it."""
    purchase_order = make_sent_purchase_order(make_sellable())
    PurchaseOrder.objects.update(status="canceled", submission_status=submission_status)
    purchase_order.refresh_from_db()
    return purchase_order


@pytest.mark.parametrize("submission_status", ["submitted", "accepted"])
@pytest.mark.parametrize("answer", ["canceled", None])
def test_a_canceled_order_is_polled_until_the_supplier_confirms(use, submission_status, answer):
    """An order accepted in steps is not accepted again."""
    supplier = use(StagedSupplier())
    purchase_order = canceled_and_had(submission_status)
    supplier.alone[purchase_order.number] = make_state(purchase_order, "received")
    assert poll(purchase_order) == 1
    assert purchase_order.submission_status == submission_status

    supplier.alone[purchase_order.number] = (
        make_state(purchase_order, answer) if answer is not None else None
    )
    poll(purchase_order)
    assert purchase_order.submission_status == "rejected"
    poll(purchase_order)

    alone = [each for each in supplier.asked if each[0] != "track"]
    assert alone == [("find", purchase_order.number)] * 2


def test_a_canceled_order_is_polled_until_it_shipped(use):
    supplier = use(Supplier())
    purchase_order = canceled_and_had("accepted")
    supplier.alone[purchase_order.number] = make_state(
        purchase_order, "shipped", make_parcel_news()
    )

    poll(purchase_order)
    poll(purchase_order)

    assert supplier.asked.count(("find", purchase_order.number)) == 1
    assert "shipped a canceled purchase order" in purchase_order.problem
    assert (purchase_order.status, purchase_order.submission_status) == ("canceled", "accepted")
