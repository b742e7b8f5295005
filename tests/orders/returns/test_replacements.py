from decimal import Decimal

import pytest

from notifications.models import Event
from orders.cancellation import cancellation
from orders.models import Allocation, Order, PaymentEvent, PurchaseOrder
from orders.purchasing import acknowledgements, submission
from orders.returns import eligibility
from orders.returns.eligibility import CannotReturnError
from shipping.shipments import shipments
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.dashboard.invariants.returns import RETURNS
from storefront.dashboard.invariants.status_history import HISTORY
from storefront.dashboard.invariants.stock import STOCK
from suppliers.models import StockLevel
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    PURCHASE_LINES,
    arrived,
    back,
    come_back,
    counters,
    exchange,
    pay,
)
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import make_parcel_news, make_state
from tests.factories.suppliers import NOON
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db


def broken(quantity=2, units=1):
    return back(make_sellable(quantity=9), units=units, quantity=quantity, state="damaged")


def broken_invariants():
    return violated([*STOCK, *PAYMENTS, *RETURNS, *HISTORY, *PURCHASE_LINES])


def test_a_replacement_is_a_free_order():
    made = broken(units=2)
    before = StockLevel.objects.get().allocated_outstanding

    order = exchange(made)

    (line,) = order.lines.all()
    assert (order.status, order.total_amount, order.email) == (
        "placed",
        Decimal(0),
        made.order.email,
    )
    assert (line.quantity, line.sku, line.customer_charge_amount) == (
        2,
        made.order.lines.get().sku,
        Decimal(0),
    )
    assert StockLevel.objects.get().allocated_outstanding == before + 2
    assert Allocation.objects.get(line=line).status == "unseen"
    assert counters(made.order) == [(2, 2)]
    assert not PaymentEvent.objects.filter(kind="refund_requested").exists()
    payload = Event.objects.get(name="return.exchanged").payload
    assert payload["replacement"] == order.number
    assert order.access_key in payload["replacement_url"]
    assert broken_invariants() == []


def test_a_replacement_is_held_until_waived(monkeypatch):
    connect(monkeypatch, ScriptedSupplier())
    order = exchange(broken())
    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)
    fresh = PurchaseOrder.objects.select_related("order", "supplier", "location")

    held = submission.submit(purchase_order=fresh.get(pk=purchase_order.pk), now=NOON)
    assert held.status == "on_hold"
    monkeypatch.setattr(submission, "evaluate_purchase_order", lambda **_: [])  # staff waived it
    held.move(PurchaseOrder.Status.READY, at=NOON, hold_reasons=[])
    sent = submission.submit(purchase_order=fresh.get(pk=purchase_order.pk), now=NOON)
    news = make_parcel_news("CJPKR9999999999YQ")
    for word in ("shipped", "delivered"):
        state = make_state(sent, word, news, reference=f"S-{sent.number}")
        acknowledgements.apply(purchase_order=sent, state=state, now=NOON)
        shipments.import_parcels(purchase_order=sent, state=state, now=NOON)

    order.refresh_from_db()
    assert order.status == "completed"
    assert not PaymentEvent.objects.filter(payment__order=order).exists()
    assert broken_invariants() == []


def test_a_return_is_replaced_once():
    made = broken()
    exchange(made)

    with pytest.raises(CannotReturnError):
        exchange(made)
    with pytest.raises(CannotReturnError):
        pay(made)

    assert Order.objects.count() == 2


def test_without_stock_nothing_is_created():
    made = broken()
    StockLevel.objects.update(reported_quantity=0)

    with pytest.raises(CannotReturnError, match="out of stock"):
        exchange(made)

    assert Order.objects.count() == 1
    made.refresh_from_db()
    assert made.status == "inspected"


def test_a_failed_replacement_is_refunded():
    made = broken(quantity=2, units=1)
    order = exchange(made)
    cancellation.cancel(order=order, reason="sold out", actor="ann", now=NOON)
    made.refresh_from_db()

    pay(made)

    assert (made.status, made.refund_amount) == ("refunded", Decimal("39.99"))
    assert counters(made.order) == [(1, 1)]
    assert broken_invariants() == []


def test_a_withdrawal_is_not_replaced():
    made = back(make_sellable(quantity=9), kind="withdrawal")

    with pytest.raises(CannotReturnError):
        exchange(made)


def test_a_replacement_cannot_be_withdrawn_from():
    order = arrived(exchange(broken()))

    left = eligibility.find_returnable(order=order, now=NOON)

    assert left.withdrawal_units == {}
    assert exchange(come_back(order, 1)).total_amount == 0
