"""A shopper cancels at the moment at which his order is paid, or goes to its supplier."""

from __future__ import annotations

import pytest

from notifications.models import Event
from orders import ledger
from orders.cancellation import cancellation
from orders.models import Order, PaymentEvent, PurchaseOrder
from orders.payments import updates
from orders.purchasing import submission
from suppliers.models import StockLevel
from tests.factories.backorders import broken
from tests.factories.orders import (
    make_order,
    make_payment,
    make_purchase_orders,
    make_sellable,
    news_of,
)
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival

pytestmark = pytest.mark.django_db(transaction=True)


def canceling(order):
    mine = Order.objects.get(pk=order.pk)
    return lambda: cancellation.cancel(order=mine, reason="no", actor="shopper", now=NOON)


def paying(order):
    news = news_of(make_payment(order), "authorized")
    return lambda: updates.apply(update=news, gateway="fake", now=NOON)


def insist_that_all_went_back(order):
    order.refresh_from_db()
    assert order.status == "canceled"
    asked = PaymentEvent.objects.filter(kind__endswith="_requested")
    assert [(one.kind, one.amount) for one in asked] == [("release_requested", order.total_amount)]
    assert StockLevel.objects.get().available == 5
    assert Event.objects.filter(name="order.canceled").count() == 1
    assert broken() == []


@pytest.mark.parametrize("is_paid_first", [True, False])
def test_what_is_paid_and_canceled_at_once_is_canceled_and_the_money_goes_back(
    monkeypatch, is_paid_first
):
    """Without the lock of the order one act is lost, or each waits for the other."""
    order = make_order(make_sellable(quantity=5), quantity=2)
    pay, cancel = paying(order), canceling(order)
    act, rival = (pay, Rival(cancel)) if is_paid_first else (cancel, Rival(pay))
    place, name = (ledger, "write") if is_paid_first else (cancellation.before_purchasing, "end")
    rival.begin_at(monkeypatch, place, name)

    act()
    rival.finish()

    assert rival.failure is None
    insist_that_all_went_back(order)


@pytest.fixture
def supplier(monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    supplier.can_stop = True
    return supplier


def sending():
    rows = PurchaseOrder.objects.select_related("order", "supplier", "location")
    row = rows.get()
    return lambda: submission.send(purchase_order=row, now=NOON)


def test_who_cancels_while_it_is_about_to_be_sent_is_followed_by_asking_him(monkeypatch, supplier):
    """Without the lock of the order each would wait for the other's row."""
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=5))
    rival = Rival(canceling(purchase_order.order))
    rival.begin_at(monkeypatch, submission.pending_changes, "take")

    sending()()
    rival.finish()

    assert rival.failure is None
    assert rival.answer.open == (purchase_order.number,)
    assert supplier.effects == [purchase_order.number]
    purchase_order.refresh_from_db()
    assert cancellation.pursue(purchase_order=purchase_order, now=NOON)
    assert Order.objects.get().status == "canceled"
    asked = PaymentEvent.objects.filter(kind="refund_requested")
    assert [one.amount for one in asked] == [purchase_order.charge_amount]
    assert broken() == []


def test_what_is_canceled_is_not_sent_by_who_read_it_before(monkeypatch, supplier):
    """Without the lock of the order each would wait for the other's row."""
    (purchase_order,) = make_purchase_orders(make_sellable(quantity=5))
    rival = Rival(sending())
    rival.begin_at(monkeypatch, cancellation.purchase_order_cancellation, "close_all")

    stopped = canceling(purchase_order.order)()
    rival.finish()

    assert stopped.stopped == (purchase_order.number,)
    assert isinstance(rival.failure, submission.OrderStoppedError)
    assert supplier.effects == []
    insist_that_all_went_back(purchase_order.order)
