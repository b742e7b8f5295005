from __future__ import annotations

from decimal import Decimal

import pytest

from notifications.models import Event
from orders.cancellation import cancellation
from orders.models import Allocation, Order, PaymentEvent, PurchaseOrder
from orders.purchasing import acknowledgements, submission
from orders.returns import eligibility, exchanges, refunds
from orders.returns.eligibility import CannotReturnError
from shipping.shipments import shipments
from storefront.dashboard.invariants import registry
from suppliers.models import StockLevel
from tests.factories.orders import make_sellable
from tests.factories.returns import PURCHASE_LINES, bring_back, counters, declare, make_delivered
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import make_parcel_news, make_state
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def broken(quantity=2, units=1):
    order = make_delivered(make_sellable(quantity=9), quantity=quantity)
    made = declare(order, units, kind="defect", words="Dead.")
    bring_back(made, state="damaged")
    return made


def exchange(made):
    return exchanges.exchange(authorization=made, actor="ann", now=NOON)


def is_sound():
    told = registry.check_all(now=NOON)
    codes = [one.invariant.code for one in told if one.count]
    subjects = ("stock.", "payments.", "returns.", "status_history.", *PURCHASE_LINES)
    return [code for code in codes if code.startswith(subjects)] == []


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
    assert is_sound()


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
    assert is_sound()


def test_a_return_is_replaced_once():
    made = broken()
    exchange(made)

    with pytest.raises(CannotReturnError):
        exchange(made)
    with pytest.raises(CannotReturnError):
        refunds.refund(authorization=made, actor="ann", now=NOON)

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

    refunds.refund(authorization=made, actor="ann", now=NOON)

    assert (made.status, made.refund_amount) == ("refunded", Decimal("39.99"))
    assert counters(made.order) == [(1, 1)]
    assert is_sound()


def test_a_withdrawal_is_not_replaced():
    order = make_delivered(quantity=1)
    made = declare(order, 1)
    bring_back(made)

    with pytest.raises(CannotReturnError):
        exchange(made)


def test_a_replacement_cannot_be_withdrawn_from():
    order = exchange(broken())
    order.lines.update(shipped_quantity=1, delivered_quantity=1)
    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(status="closed")

    left = eligibility.find_returnable(order=Order.objects.get(pk=order.pk), now=NOON)
    made = declare(order, 1, kind="defect", words="Dead again.")
    bring_back(made)

    assert left.withdrawal_units == {}
    again = exchange(made)
    assert again.total_amount == 0
