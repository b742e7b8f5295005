"""Replacements: address, dates, erasure, and refunds of canceled or defective units."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from orders import privacy
from orders.models import Order, OrderLine, Payment, PaymentEvent, PurchaseOrder
from orders.purchasing import submission
from orders.returns import refund_amounts, refunds
from orders.returns.eligibility import CannotReturnError
from storefront.accounts.models import User
from storefront.dashboard.inbox import query
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    arrived,
    back,
    broken_return_rules,
    come_back,
    counters,
    declare,
    exchange,
    pay,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def broken(units=1, quantity=3):
    light = make_sellable(price="33.33", quantity=9)
    return back(light, units=units, quantity=quantity, state="damaged")


def test_erasure_includes_the_replacement():
    made = broken()
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


def test_a_replacement_uses_the_last_delivery_address():
    made = broken()
    there = {**made.order.ship_to, "line1": "Neue Gasse 2", "city": "Erfurt"}
    PurchaseOrder.objects.update(ship_to=there)

    order = exchange(made)

    assert order.ship_to == there


def test_a_replacement_has_future_delivery_dates():
    made = broken()
    Order.objects.update(placed_at=NOON - timedelta(days=10))
    (was,) = made.order.delivery_plan

    (plan,) = exchange(made).delivery_plan

    for name in ("arrives_from", "arrives_to"):
        later = date.fromisoformat(plan[name]) - date.fromisoformat(was[name])
        assert later == timedelta(days=10)


@pytest.mark.parametrize("dispute", ["charged_back", "lost"])
def test_a_chargeback_blocks_refund_and_replacement(dispute):
    made, kept = broken(), broken()
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


def fail(order, canceled, shipped):
    submission.create_purchase_orders(order=order, now=NOON)
    OrderLine.objects.filter(order=order).update(
        canceled_quantity=canceled, shipped_quantity=shipped
    )


def waits():
    return "exchange_not_possible" in {row.cause.code for row in query.load_items(now=NOON)}


def test_a_failed_part_is_refunded_to_the_cent():
    made = broken(units=3)
    fail(exchange(made), canceled=1, shipped=2)
    assert waits()

    pay(made)

    assert (made.status, made.refund_amount) == ("refunded", Decimal("33.33"))
    assert made.lines.get().replaced_amount == Decimal("66.66")
    assert made.delivery_amount == 0, "two of three are with the shopper"
    assert counters(made.order) == [(3, 3)]
    assert broken_return_rules() == []
    assert not waits()


def test_undecided_units_delay_the_refund():
    made = broken(units=3)
    fail(exchange(made), canceled=1, shipped=1)

    with pytest.raises(CannotReturnError, match="exchanged"):
        pay(made)

    assert not refund_amounts.has_failed_replacement(made)
    assert not waits()
    assert not PaymentEvent.objects.filter(kind="refund_requested").exists()


def complained(order, units=1):
    return come_back(order, units, state="damaged")


def test_a_defective_replacement_is_refunded_as_the_original():
    first = broken(units=2)
    again = complained(arrived(exchange(first)))

    pay(again)

    first.refresh_from_db()
    assert (again.status, again.refund_amount) == ("refunded", Decimal(0))
    assert (first.status, first.refund_amount) == ("refunded", Decimal("33.33"))
    asked = PaymentEvent.objects.get(kind="refund_requested")
    assert (asked.payment.order, asked.amount) == (first.order, Decimal("33.33"))
    assert broken_return_rules() == []


def test_a_third_defect_is_refunded_as_the_original():
    first = broken(units=2)
    order = arrived(exchange(first))
    pay(complained(order))
    second = complained(order)

    pay(complained(arrived(exchange(second))))

    first.refresh_from_db()
    second.refresh_from_db()
    events = PaymentEvent.objects.filter(kind="refund_requested").order_by("pk")
    assert [one.amount for one in events] == [Decimal("33.33"), Decimal("33.33")]
    assert {one.payment.order for one in events} == {first.order}
    assert (first.refund_amount, second.refund_amount) == (Decimal("66.66"), Decimal(0))
    assert broken_return_rules() == []
