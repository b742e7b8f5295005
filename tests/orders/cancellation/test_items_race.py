"""Race: item cancellations among themselves, with a submission, with the cancellation of all."""

from decimal import Decimal

import pytest

from notifications.models import Event
from orders.cancellation import cancellation, items
from orders.models import Order
from orders.purchasing import submission
from suppliers.models import StockLevel
from tests.factories.backorders import gateway_requests, violated_invariants
from tests.factories.cancellation import fresh, send
from tests.factories.orders import make_paid_order, make_purchase_orders, make_sellable
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def supplier(monkeypatch):
    return connect(monkeypatch, ScriptedSupplier())


@pytest.fixture
def purchase_order():
    return make_purchase_orders(make_sellable(quantity=5), quantity=3)[0]


def keeping(order, units):
    mine, line = Order.objects.get(pk=order.pk), order.lines.get()
    return lambda: items.cancel_items(
        order=mine, keep={line.pk: units}, reason="no", actor="customer", now=NOON
    )


def units_of(order):
    return sorted(order.lines.values_list("quantity", "canceled_quantity"))


def test_double_submit_cancels_once(purchase_order):
    """Without the lock of the order both read three units and cancel two each."""
    order = purchase_order.order

    refused = all_at_once([keeping(order, 1) for _ in range(4)], cancellation.TooLateError)

    assert refused == 0
    assert units_of(order) == [(1, 0), (2, 2)]
    assert gateway_requests() == [("void_requested", Decimal("79.98"))]
    assert StockLevel.objects.get().available == 4
    assert Event.objects.filter(name="order.cancellation_answered").count() == 1
    assert violated_invariants() == []


def test_two_tabs_end_with_the_smaller_quantity(purchase_order):
    order = purchase_order.order

    all_at_once([keeping(order, 1), keeping(order, 2)], cancellation.TooLateError)

    assert sum(kept - canceled for kept, canceled in units_of(order)) == 1
    assert sum(amount for _kind, amount in gateway_requests()) == Decimal("79.98")
    assert violated_invariants() == []


def test_units_canceled_while_the_request_is_built_are_not_submitted(
    monkeypatch, supplier, purchase_order
):
    """Without the check of its lines, the supplier would get the request with three units."""
    act = keeping(purchase_order.order, 1)
    rival = Rival(act)
    rival.begin_at(monkeypatch, submission, "_mark_submitting")

    with pytest.raises(submission.NotSubmittableError):
        send()
    rival.finish()

    assert rival.answer == {items.Outcome.CANCELED}
    assert supplier.effects == []
    send()
    assert supplier.effects == [purchase_order.number]
    request = fresh().messages.get(kind="place").body
    assert [line["quantity"] for line in request["lines"]] == [1]
    assert violated_invariants() == []


def test_units_canceled_during_the_submission_are_refused(monkeypatch, supplier, purchase_order):
    """Without the lock of the order, units that the supplier gets would be refunded."""
    rival = Rival(keeping(purchase_order.order, 1))
    rival.begin_at(monkeypatch, submission.pending_changes, "apply")

    send()
    rival.finish()

    assert rival.failure is None
    assert rival.answer == {items.Outcome.TOGETHER}
    assert units_of(purchase_order.order) == [(3, 0)]
    assert violated_invariants() == []


@pytest.mark.parametrize("is_divided_first", [True, False])
def test_units_canceled_while_purchase_orders_are_created_are_canceled_once(
    monkeypatch, supplier, is_divided_first
):
    """Without the lock of the order both create purchase orders, and one fails."""
    order = make_paid_order(make_sellable(quantity=5), quantity=3)
    cancel = keeping(order, 1)

    def divide():
        return submission.create_purchase_orders(order=order, now=NOON)

    act, rival = (divide, Rival(cancel)) if is_divided_first else (cancel, Rival(divide))
    rival.begin_at(monkeypatch, submission.creation, "create")

    act()
    rival.finish()

    assert rival.failure is None
    assert units_of(order) == [(1, 0), (2, 2)]
    assert gateway_requests() == [("void_requested", Decimal("79.98"))]
    send()
    request = fresh().messages.get(kind="place").body
    assert [line["quantity"] for line in request["lines"]] == [1]
    assert violated_invariants() == []
