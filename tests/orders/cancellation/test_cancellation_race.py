"""Race: a cancellation and a payment, a cancellation and a submission, two supplier answers."""

import pytest

from notifications.models import Event
from orders import ledger
from orders.backorders import purchase_order_cancellation
from orders.cancellation import cancellation, supplier_answers
from orders.models import Order, PaymentEvent
from orders.payments import updates
from orders.purchasing import reassignment, submission
from suppliers.models import StockLevel
from tests.factories.backorders import violated_invariants
from tests.factories.cancellation import LATER, fresh, send, sent
from tests.factories.orders import (
    ask_to_stop,
    make_order,
    make_payment,
    make_payment_update,
    make_purchase_orders,
    make_sellable,
)
from tests.factories.scripted_supplier import (
    ScriptedSupplier,
    WrittenTo,
    connect,
    connect_without_holds,
)
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db(transaction=True)


def canceling(order):
    mine = Order.objects.get(pk=order.pk)
    return lambda: cancellation.cancel(order=mine, reason="no", actor="customer", now=NOON)


def paying(order):
    update = make_payment_update(make_payment(order), "authorized")
    return lambda: updates.apply(update=update, gateway="fake", now=NOON)


def assert_all_money_returned(order):
    order.refresh_from_db()
    assert order.status == "canceled"
    asked = PaymentEvent.objects.filter(kind__endswith="_requested")
    assert [(one.kind, one.amount) for one in asked] == [("void_requested", order.total_amount)]
    assert StockLevel.objects.get().available == 5
    assert Event.objects.filter(name="order.canceled").count() == 1
    assert violated_invariants() == []


@pytest.mark.parametrize("is_paid_first", [True, False])
def test_payment_and_cancellation_at_once_end_canceled_and_voided(monkeypatch, is_paid_first):
    """Without the lock of the order one update is lost, or both deadlock."""
    order = make_order(make_sellable(quantity=5), quantity=2)
    pay, cancel = paying(order), canceling(order)
    act, rival = (pay, Rival(cancel)) if is_paid_first else (cancel, Rival(pay))
    place, name = (
        (ledger, "record") if is_paid_first else (cancellation.before_purchasing, "cancel")
    )
    rival.begin_at(monkeypatch, place, name)

    act()
    rival.finish()

    assert rival.failure is None
    assert_all_money_returned(order)


@pytest.fixture
def supplier(monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    supplier.can_stop = True
    return supplier


def test_a_cancellation_during_submission_becomes_a_request(monkeypatch, supplier):
    """Without the lock of the order both would deadlock."""
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=5))
    rival = Rival(canceling(purchase_order.order))
    rival.begin_at(monkeypatch, submission.pending_changes, "apply")

    send()
    rival.finish()

    assert rival.failure is None
    assert rival.answer.open == (purchase_order.number,)
    assert supplier.effects == [purchase_order.number]
    purchase_order.refresh_from_db()
    assert cancellation.process_request(purchase_order=purchase_order, now=NOON)
    assert Order.objects.get().status == "canceled"
    asked = PaymentEvent.objects.filter(kind="refund_requested")
    assert [one.amount for one in asked] == [purchase_order.customer_charge_amount]
    assert violated_invariants() == []


def test_a_worker_with_a_stale_row_does_not_submit_a_canceled_order(monkeypatch, supplier):
    """Without the lock of the order both would deadlock."""
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=5))
    row = fresh()
    rival = Rival(lambda: submission.submit(purchase_order=row, now=NOON))
    rival.begin_at(monkeypatch, cancellation.purchase_order_cancellation, "cancel_all")

    stopped = canceling(purchase_order.order)()
    rival.finish()

    assert stopped.stopped == (purchase_order.number,)
    assert isinstance(rival.failure, submission.NotSubmittableError)
    assert supplier.effects == []
    assert_all_money_returned(purchase_order.order)


@pytest.mark.parametrize(
    ("verb", "place", "name"),
    [
        (supplier_answers.record_acceptance, purchase_order_cancellation, "cancel_all"),
        (supplier_answers.record_refusal, reassignment, "abandon"),
    ],
)
def test_the_second_answer_waits_and_raises_no_error(monkeypatch, verb, place, name):
    """Without the lock, the second answer would read a stale status and raise an error."""
    connect_without_holds(monkeypatch, WrittenTo())
    purchase_order = sent()
    ask_to_stop(purchase_order.order)
    rival = Rival(
        lambda: supplier_answers.record_acceptance(
            purchase_order=fresh(purchase_order), actor="page", now=LATER
        )
    )
    rival.begin_at(monkeypatch, place, name)

    verb(purchase_order=fresh(purchase_order), actor="ann", now=LATER)
    rival.finish()

    assert rival.failure is None
    assert Order.objects.get().status == "canceled"
    asked = PaymentEvent.objects.filter(kind__endswith="_requested")
    assert [one.kind for one in asked] == ["void_requested"]
