"""Rollup: changed orders are counted again, each once; days are the sums of their orders."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.accounting import profit_report
from orders.cancellation import cancellation
from orders.models import Order, OrderLine, Payment
from storefront.dashboard.figures import queries, rollup
from storefront.dashboard.models import DailyFigures, OrderFigures, PendingFigures
from storefront.dashboard.tasks import refresh_figures
from tests.factories.orders import make_order, make_paid_order, make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
TODAY = queries.last_days(1, today=NOON.date())


def sums(**chosen):
    (found,) = queries.load(TODAY, **chosen).now
    return found


def test_a_day_sums_what_its_orders_earn_after_everything():
    orders = [
        make_paid_order(make_sellable(), quantity=2, email=email)
        for email in ("A@x.org", "a@x.org")
    ]
    Order.objects.filter(pk=orders[0].pk).update(placed_at=NOON - timedelta(minutes=1))
    rollup.refresh(now=NOON)

    today = sums()

    profits = [profit_report.statement_of(order, now=NOON) for order in orders]
    assert (today.orders, today.units, today.repeats) == (2, 4, 1)
    assert today.profit_amount == sum(each.total.amount for each in profits)
    assert today.revenue_amount == sum(each.net.amount for each in profits)
    assert today.revenue - today.costs == today.profit
    assert sums(supplier=make_supplier()).orders == 2  # both from one supplier


def test_unpaid_orders_do_not_count_and_paid_ones_count_once():
    make_order(make_sellable())
    order = make_paid_order(make_sellable())
    for _ in range(2):
        PendingFigures.objects.create(order_id=order.pk)

    refresh_figures()
    refresh_figures()

    assert OrderFigures.objects.filter(supplier=None).count() == 1
    assert (sums().orders, PendingFigures.objects.count()) == (1, 0)


def test_a_late_change_is_counted_on_the_day_of_the_order():
    order = make_paid_order(make_sellable(), quantity=2)
    rollup.refresh(now=NOON)
    assert rollup.refresh(now=NOON) == 0

    later = NOON + timedelta(days=3)
    Payment.objects.update(captured_amount=order.total_amount)
    Payment.objects.update(refunded_amount=Decimal("5.00"))
    OrderLine.objects.update(canceled_quantity=1)
    rollup.refresh(now=later)

    assert (sums().refunds_amount, sums().cancellation_rate) == (Decimal("5.00"), Decimal("0.5"))


def test_a_canceled_order_has_no_revenue_and_all_its_units_are_canceled():
    order = make_paid_order(make_sellable(), quantity=2)
    cancellation.cancel(order=order, reason="changed my mind", actor="", now=NOON)
    rollup.refresh(now=NOON)

    assert (sums().orders, sums().canceled, sums().revenue_amount) == (1, 2, 0)
    assert (sums().margin, sums().promise_rate, sums().return_rate) == (None, None, None)


@pytest.mark.parametrize(("delivered", "returned"), [(0, 0), (2, 1)])
def test_units_of_a_lost_parcel_are_not_returned(delivered, returned):
    make_paid_order(make_sellable(), quantity=2)
    OrderLine.objects.update(
        shipped_quantity=2, delivered_quantity=delivered, returning_quantity=1, returned_quantity=1
    )
    rollup.refresh(now=NOON)

    assert sums().returned == returned


@pytest.mark.parametrize(
    ("promised", "delivered", "expected"),
    [(0, 1, (1, 0)), (-1, 1, (0, 1)), (0, 0, (0, 0))],
)
def test_a_promise_is_kept_if_all_arrived_by_the_promised_day(promised, delivered, expected):
    order = make_paid_order(make_sellable())
    day = NOON.date() + timedelta(days=promised)
    OrderLine.objects.update(shipped_quantity=delivered, delivered_quantity=delivered)
    Order.objects.filter(pk=order.pk).update(arrives_to=day, status_since=NOON)
    rollup.refresh(now=NOON)

    assert (sums().kept, sums().missed) == expected


def test_an_open_order_misses_its_promise_the_day_after():
    order = make_paid_order(make_sellable())
    Order.objects.filter(pk=order.pk).update(arrives_to=NOON.date())
    rollup.refresh(now=NOON)
    assert sums().missed == 0

    rollup.refresh(now=NOON + timedelta(days=1))

    assert (sums().missed, rollup.refresh(now=NOON + timedelta(days=1))) == (1, 0)


def test_each_changed_part_of_an_order_queues_it():
    purchase_order = make_purchase_orders(make_sellable())[0]
    rollup.refresh(now=NOON)
    changes = [
        purchase_order.lines.all(),
        type(purchase_order).objects.filter(pk=purchase_order.pk),
        purchase_order.order.lines.all(),
    ]
    fields = [("agreed_cost_amount", "3.00"), ("freight_amount", "4.00"), ("delivered_quantity", 0)]
    for rows, (name, value) in zip(changes, fields, strict=True):
        extra = {"freight_currency": "EUR"} if name == "freight_amount" else {}
        rows.update(**{name: value}, **extra)
        assert rollup.refresh(now=NOON) >= 1, name


def test_the_command_rebuilds_all_days(capsys):
    make_paid_order(make_sellable())
    rollup.refresh(now=NOON)
    DailyFigures.objects.update(orders=99)
    OrderFigures.objects.all().delete()

    call_command("rebuild_figures", since=date(2026, 1, 1))

    assert sums().orders == 1
    assert "1 orders queued" in capsys.readouterr().out


def test_a_period_is_compared_with_the_one_before_in_one_statement():
    order = make_paid_order(make_sellable())
    Order.objects.filter(pk=order.pk).update(placed_at=NOON - timedelta(days=7), arrives_to=None)
    rollup.refresh(now=NOON)
    order = make_paid_order(make_sellable())
    rollup.refresh(now=NOON)

    channel = order.channel
    with CaptureQueriesContext(connection) as statements:
        found = queries.load(queries.last_days(7, today=NOON.date()), channel=channel)

    assert (found.now[0].orders, found.before["EUR"].orders, len(found.days)) == (1, 1, 1)
    assert len(statements) == 1
