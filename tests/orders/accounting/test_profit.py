"""Profit: what an order earns after all costs, to the cent, with the source of each amount."""

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.accounting import invoices, profit_report
from orders.accounting.profit import Profit, ProfitItem, Source
from orders.cancellation import before_purchasing
from orders.models import Order, OrderLine, Payment, PurchaseLine, PurchaseOrder, SupplierInvoice
from orders.returns import supplier_returns
from storefront.lib.money import Money, allocate
from tests.factories.catalog import make_channel
from tests.factories.claims import make_claim, make_shipped
from tests.factories.orders import make_order, make_paid_order, make_purchase_orders, make_sellable
from tests.factories.pricing import make_terms
from tests.factories.suppliers import NOON
from tests.support.matrices import thinned

D = Decimal


def eur(amount):
    return Money(D(amount), "EUR")


def read(order):
    return profit_report.statement_of(order, now=NOON)


def amounts(profit):
    """Return the total and the sources of each profit item."""
    parts = profit.parts()
    return {
        what: (profit.sum(parts, what).amount, {one.source for one in parts if one.what == what})
        for what in dict.fromkeys(one.what for one in parts)
    }


def invoice(purchase_order, goods, freight=None, currency="EUR", reference="RE-1"):
    return invoices.enter(
        invoice=SupplierInvoice(
            supplier=purchase_order.supplier,
            number=purchase_order.number,
            reference=reference,
            currency=currency,
            subtotal_amount=D(goods),
            freight_amount=freight,
        ),
        actor="zumrud",
        now=NOON,
    )


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    cents=st.integers(-(10**9), 10**9),
    weights=st.dictionaries(
        st.integers(1, 99),
        st.integers(0, 10**8).map(lambda cents: D(cents) / 100),
        min_size=1,
        max_size=12,
    ),
)
def test_an_allocation_sums_up_to_the_cent_and_follows_the_weights(cents, weights):
    parts = allocate(Money.from_minor(cents, "EUR"), weights)

    assert sum(part.minor for part in parts.values()) == cents
    assert all(part.minor * cents >= 0 for part in parts.values())
    if any(weights.values()):
        assert not any(parts[key] for key, weight in weights.items() if weight == 0)


def test_an_amount_without_lines_is_unassigned():
    profit = Profit(currency="EUR", lines={})

    profit.divide({}, ProfitItem.COST, eur("-3.335"), Source.INVOICED)

    assert (profit.total, len(profit.unassigned)) == (eur("-3.34"), 1)


@pytest.fixture
def terms(db):
    return make_terms(
        channel=make_channel(),
        freight_amount=D(4),
        duty_amount=D(0),
        payment_fee_rate=D("0.02"),
        channel_fee_rate=D("0.05"),
    )


def test_costs_are_estimates_before_shipment(terms):
    order = make_paid_order(make_sellable(price="119.00", cost="10.00"), quantity=2)
    OrderLine.objects.update(tax_rate=D("0.19"), tax_amount=D("38.00"))

    found = amounts(read(order))

    assert found[ProfitItem.GOODS] == (D("238.00"), {Source.ORDER})
    delivery_tax = D(order.delivery_plan[0]["tax"])
    assert found[ProfitItem.TAX] == (-D("38.00") - delivery_tax, {Source.ORDER})
    assert found[ProfitItem.COST] == (D("-20.00"), {Source.AGREED})
    assert found[ProfitItem.FREIGHT] == (D("-8.00"), {Source.TERMS})
    assert found[ProfitItem.HANDLING] == (D("-4.00"), {Source.TERMS})
    delivery = found[ProfitItem.DELIVERY][0]
    assert found[ProfitItem.PAYMENT_FEE][0] == -(
        D("4.76") + (delivery * D("0.02")).quantize(D("0.01"))
    )
    assert read(order).is_estimated


def test_an_invoice_replaces_the_agreed_cost(terms):
    (made,) = make_purchase_orders(make_sellable(), quantity=2)
    PurchaseOrder.objects.update(freight_amount=D("3.00"), freight_currency="EUR")
    assert amounts(read(made.order))[ProfitItem.FREIGHT] == (D("-3.00"), {Source.ACKNOWLEDGED})

    invoice(made, "21.50", freight=D("3.50"))

    found = amounts(read(made.order))
    assert found[ProfitItem.COST] == (D("-21.50"), {Source.INVOICED})
    assert found[ProfitItem.FREIGHT] == (D("-3.50"), {Source.INVOICED})
    assert not read(made.order).is_estimated


def test_supplier_currency_is_converted_at_the_rate_of_the_sale(terms):
    (made,) = make_purchase_orders(make_sellable(), quantity=2)
    OrderLine.objects.update(cost_currency="USD", cost_rate=D("0.9"))
    PurchaseLine.objects.update(cost_currency="USD")
    assert amounts(read(made.order))[ProfitItem.COST] == (D("-18.00"), {Source.AGREED})

    invoice(made, "30.01", currency="USD")

    assert amounts(read(made.order))[ProfitItem.COST] == (D("-27.01"), {Source.INVOICED})


def test_an_unknown_rate_is_reported_and_not_zero(terms):
    (made,) = make_purchase_orders(make_sellable())
    OrderLine.objects.update(cost_currency="JPY", cost_rate=None)
    PurchaseLine.objects.update(cost_currency="JPY")

    profit = read(made.order)

    assert any("JPY" in words for words in profit.unknown)
    assert profit.is_estimated


def test_a_refund_for_kept_items_costs_its_net_amount(terms):
    (made,) = make_purchase_orders(make_sellable())
    order = made.order
    Order.objects.update(tax_amount=order.total_amount / 4)
    before = read(order).total
    Payment.objects.update(captured_amount=order.total_amount, refunded_amount=D("8.00"))

    profit = read(order)

    assert profit.total - before == eur("-6.00")
    assert {part.what for part in profit.unassigned} == {ProfitItem.REFUND, ProfitItem.TAX}


def test_an_order_canceled_before_payment_earns_nothing(terms):
    order = make_order(make_sellable())
    with transaction.atomic():
        before_purchasing.cancel(order, reason="changed my mind", actor="customer", now=NOON)

    profit = read(order)

    assert (profit.net.amount, profit.total.amount) == (0, 0)


def test_a_refund_for_canceled_items_counts_once(terms):
    (made,) = make_purchase_orders(make_sellable())
    Payment.objects.update(
        captured_amount=made.order.total_amount, refunded_amount=made.order.total_amount
    )
    PurchaseLine.objects.update(is_active=False)
    PurchaseOrder.objects.update(status="canceled")
    OrderLine.objects.update(canceled_quantity=1)

    profit = read(made.order)

    assert profit.total == eur(0)
    invoice(made, "10.00")
    assert read(made.order).total == eur("-10.00")
    assert [part.what for part in read(made.order).unassigned] == [ProfitItem.COST]


def open_supplier_return(shipped):
    (line,) = shipped.lines.all()
    return supplier_returns.open_without_return(
        purchase_order=shipped, units={line.pk: 1}, actor="ann", now=NOON
    )


@pytest.mark.parametrize("open_for", [make_claim, open_supplier_return])
def test_a_credit_of_the_supplier_is_assigned_to_its_line(terms, open_for):
    shipped = make_shipped(quantity=2)
    opened = open_for(shipped)
    before = read(shipped.order)
    type(opened).objects.update(status="credited", credited_amount=D("7.00"))

    after = read(shipped.order)

    assert after.total - before.total == eur("7.00")
    (line,) = after.lines.values()
    assert after.sum(line.parts, ProfitItem.CREDIT) == eur("7.00")


def test_a_lost_dispute_takes_the_remaining_capture(terms):
    (made,) = make_purchase_orders(make_sellable())
    total = made.order.total_amount
    before = read(made.order).total
    Payment.objects.update(captured_amount=total, dispute_status="lost")

    assert before - read(made.order).total == Money(total, "EUR")


@pytest.mark.parametrize("seed", thinned(range(12), step=3))
def test_lines_and_unassigned_amounts_sum_up_to_the_order(terms, seed):
    """The expected sums come from the order, its payments and its invoices."""
    dice = random.Random(seed)
    goods = [
        make_sellable(price=f"{dice.randint(20, 90)}.{dice.randint(10, 99)}", cost="10.00")
        for _ in range(dice.randint(1, 4))
    ]
    (made,) = make_purchase_orders(*goods, quantity=dice.randint(1, 4))
    order = made.order
    refund, credit = D(dice.randint(0, 900)) / 100, D(dice.randint(0, 900)) / 100
    Payment.objects.update(captured_amount=order.total_amount, refunded_amount=refund)
    invoiced = D(dice.randint(1000, 9999)) / 100
    freight = D(dice.randint(0, 999)) / 100
    invoice(made, invoiced, freight=freight)
    PurchaseOrder.objects.update(status="shipped", accepted_at=NOON, submission_status="accepted")
    if credit:
        claim = make_claim(PurchaseOrder.objects.get(), now=NOON + timedelta(hours=1))
        type(claim).objects.update(status="credited", credited_amount=credit, recorded_by="zumrud")

    profit = read(order)

    lines = sum((profit.sum(one.parts).amount for one in profit.lines.values()), D(0))
    assert lines + profit.sum(profit.unassigned).amount == profit.total.amount
    tax = order.tax_amount - (refund * order.tax_amount / order.total_amount).quantize(D("0.01"))
    assert abs(profit.net.amount - (order.total_amount - tax - refund)) <= D("0.01")
    found = amounts(profit)
    assert found[ProfitItem.COST][0] == -invoiced
    assert found.get(ProfitItem.FREIGHT, (D(0),))[0] == -freight
    assert found.get(ProfitItem.CREDIT, (D(0),))[0] == credit


def test_many_orders_take_as_many_queries_as_one(terms, django_assert_max_num_queries):
    for _ in range(6):
        make_purchase_orders(make_sellable())

    with django_assert_max_num_queries(16):
        found = list(profit_report.statements(Order.objects.order_by("pk"), now=NOON))

    assert [order.pk for order, _ in found] == sorted(order.pk for order, _ in found)
    assert len(found) == 6
