"""Replacements: make a free order, hold it, refund the parts that fail."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from catalog.models import Product, Variant
from notifications.models import Event
from orders import privacy
from orders.models import Allocation, Order, OrderLine, Payment, PaymentEvent, PurchaseOrder
from orders.purchasing import acknowledgements, submission
from orders.returns import eligibility, refund_amounts, refunds
from orders.returns.eligibility import CannotReturnError
from shipping.shipments import shipments
from storefront.accounts.models import User
from storefront.dashboard.inbox import query
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.dashboard.invariants.returns import RETURNS
from storefront.dashboard.invariants.status_history import HISTORY
from storefront.dashboard.invariants.stock import STOCK
from suppliers.models import StockLevel
from tests.factories.cancellation import send
from tests.factories.catalog import make_guarantee
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    PURCHASE_LINES,
    counters,
    declare,
    deliver_order,
    exchange,
    make_inspected_return,
    pay,
    return_units,
    violated_return_invariants,
)
from tests.factories.shipping import make_shipment_notice, make_state
from tests.factories.suppliers import NOON
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db


def defective_return(units=1, quantity=3):
    light = make_sellable(price="33.33", quantity=9)
    return make_inspected_return(light, units=units, quantity=quantity, state="damaged")


def violated_codes():
    return violated([*STOCK, *PAYMENTS, *RETURNS, *HISTORY, *PURCHASE_LINES])


def test_a_replacement_is_a_free_order_to_the_last_address_with_future_dates():
    made = defective_return(units=2)
    before = StockLevel.objects.get().allocated_outstanding
    there = {**made.order.ship_to, "line1": "Neue Gasse 2", "city": "Erfurt"}
    PurchaseOrder.objects.update(ship_to=there)
    Order.objects.update(placed_at=NOON - timedelta(days=10))
    (was,) = made.order.delivery_plan

    order = exchange(made)

    (line,) = order.lines.all()
    assert (order.status, order.email) == ("placed", made.order.email)
    assert (line.quantity, line.sku) == (2, made.order.lines.get().sku)
    assert order.total_amount == line.customer_charge_amount == 0
    assert order.ship_to == there
    (plan,) = order.delivery_plan
    for name in ("arrives_from", "arrives_to"):
        later = date.fromisoformat(plan[name]) - date.fromisoformat(was[name])
        assert later == timedelta(days=10)
    assert StockLevel.objects.get().allocated_outstanding == before + 2
    assert Allocation.objects.get(line=line).status == "unseen"
    assert counters(made.order) == [(2, 2)]
    assert not PaymentEvent.objects.filter(kind="refund_requested").exists()
    payload = Event.objects.get(name="return.exchanged").payload
    assert payload["replacement"] == order.number
    assert order.access_key in payload["replacement_url"]
    assert violated_codes() == []


def test_a_replacement_keeps_the_guarantee_that_was_sold():
    made = defective_return()
    sold = {"months": 30, "terms_file": "documents/sold.pdf"}
    OrderLine.objects.update(guarantee=sold)
    make_guarantee(Product.objects.get(), months=60)

    assert exchange(made).lines.get().guarantee == sold


def test_a_replacement_by_a_successor_has_the_guarantee_of_its_product():
    made = defective_return()
    OrderLine.objects.update(guarantee={"months": 30})
    other = make_sellable(price="33.33", quantity=9)
    Variant.objects.exclude(pk=other.variant.pk).update(replaced_by=other.variant)
    make_guarantee(other.variant.product, months=60)

    assert exchange(made, other).lines.get().guarantee["months"] == 60


def test_a_replacement_is_held_until_waived(monkeypatch, supplier):
    order = exchange(defective_return())
    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)

    held = send(purchase_order)
    assert held.status == "on_hold"
    monkeypatch.setattr(submission, "evaluate_purchase_order", lambda **_: [])  # staff waived it
    held.move(PurchaseOrder.Status.READY, at=NOON, hold_reasons=[])
    sent = send(purchase_order)
    parcel = make_shipment_notice("CJPKR9999999999YQ")
    for word in ("shipped", "delivered"):
        state = make_state(sent, word, parcel, reference=f"S-{sent.number}")
        acknowledgements.apply(purchase_order=sent, state=state, now=NOON)
        shipments.import_parcels(purchase_order=sent, state=state, now=NOON)

    order.refresh_from_db()
    assert order.status == "completed"
    assert not PaymentEvent.objects.filter(payment__order=order).exists()
    assert violated_codes() == []


def test_without_stock_nothing_is_created():
    made = defective_return()
    StockLevel.objects.update(reported_quantity=0)

    with pytest.raises(CannotReturnError, match="out of stock"):
        exchange(made)

    assert Order.objects.count() == 1
    made.refresh_from_db()
    assert made.status == "inspected"


def test_a_replacement_cannot_be_withdrawn_from():
    order = deliver_order(exchange(defective_return()))

    left = eligibility.find_returnable(order=order, now=NOON)

    assert left.withdrawal_units == {}
    assert exchange(return_units(order, 1)).total_amount == 0


def test_erasure_includes_the_replacement():
    made = defective_return()
    owner = User.objects.create(email="new@example.org")
    made.order.cart.owner = owner
    made.order.cart.save()
    order = exchange(made)
    type(order).objects.filter(pk=order.pk).update(status="completed")

    assert not order.cart.is_current
    with transaction.atomic():
        privacy.erase_customer(addresses=[], owner_id=owner.pk, now=NOON)

    order.refresh_from_db()
    assert order.email.endswith("@erased.invalid")
    assert order.ship_to["country"]
    assert order.ship_to.get("line1", "") != made.order.ship_to.get("line1")


@pytest.mark.parametrize("dispute", ["charged_back", "lost"])
def test_a_chargeback_blocks_refund_and_replacement(dispute):
    made, kept = defective_return(), defective_return()
    Payment.objects.update(dispute_status=dispute, dispute_status_since=NOON)

    for act in (pay, exchange):
        with pytest.raises(CannotReturnError, match="bank"):
            act(made)
    other = declare(kept.order, 1, kind="defect", customer_message="Dead.")
    with pytest.raises(CannotReturnError, match="bank"):
        refunds.refund_without_return(authorization=other, actor="ann", now=NOON)
    Payment.objects.update(dispute_status="won")
    pay(made)

    assert made.status == "refunded"


def has_inbox_item():
    return "exchange_not_possible" in {row.cause.code for row in query.load_items(now=NOON)}


def test_a_failed_part_is_refunded_to_the_cent_once_all_is_decided():
    made = defective_return(units=3)
    order = exchange(made)
    submission.create_purchase_orders(order=order, now=NOON)
    units = OrderLine.objects.filter(order=order)
    units.update(canceled_quantity=1, shipped_quantity=1)

    with pytest.raises(CannotReturnError, match="exchanged"):
        pay(made)
    assert not refund_amounts.has_failed_replacement(made)
    assert not has_inbox_item()
    assert not PaymentEvent.objects.filter(kind="refund_requested").exists()
    units.update(shipped_quantity=2)
    assert has_inbox_item()
    pay(made)

    assert (made.status, made.refund_amount) == ("refunded", Decimal("33.33"))
    assert made.lines.get().replaced_amount == Decimal("66.66")
    assert made.delivery_amount == 0, "two of three are with the shopper"
    assert counters(made.order) == [(3, 3)]
    assert violated_return_invariants() == []
    assert not has_inbox_item()


def test_a_defective_replacement_is_refunded_as_the_original():
    first = defective_return(units=2)
    again = return_units(deliver_order(exchange(first)), 1, state="damaged")

    pay(again)

    first.refresh_from_db()
    assert (again.status, again.refund_amount) == ("refunded", Decimal(0))
    assert (first.status, first.refund_amount) == ("refunded", Decimal("33.33"))
    asked = PaymentEvent.objects.get(kind="refund_requested")
    assert (asked.payment.order, asked.amount) == (first.order, Decimal("33.33"))
    assert violated_return_invariants() == []
