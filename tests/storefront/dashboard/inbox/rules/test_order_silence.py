"""A channel without orders is in the inbox if chance does not explain the gap."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.models import Order
from storefront.dashboard.inbox import follow_up
from storefront.dashboard.models import DailyFigures
from tests.factories.inbox_items import items_of
from tests.factories.order_gaps import copy_order, fall_silent
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shared_world")]
CODE = "orders_silent"


def test_gap_names_the_channel_the_usual_orders_and_the_missed_sales():
    order = fall_silent(usual=10)

    (row,) = items_of(CODE)

    assert (row.row, row.name) == (order.channel_id, order.channel.name)
    assert (row.since, row.detail) == (
        NOON - timedelta(days=1),
        "10 orders are usual in this time",
    )
    assert (row.at_risk.amount, row.loss.is_money) == (Decimal("100.00"), False)


@pytest.mark.parametrize(("usual", "is_found"), [(7, False), (8, True)])
def test_gap_is_an_item_if_chance_makes_less_than_one_a_year(usual, is_found):
    """With 35 orders a week: ln(52 * 35) is 7.5."""
    fall_silent(usual=usual)

    assert bool(items_of(CODE)) is is_found


def test_one_strong_week_explains_nothing():
    order = fall_silent(usual=5)
    at = NOON - timedelta(weeks=3, hours=10)
    copy_order(order, *(at + timedelta(minutes=number) for number in range(90)))

    assert items_of(CODE) == []


def test_channel_with_few_orders_or_a_short_history_is_never_silent():
    fall_silent()
    DailyFigures.objects.update(orders=2)

    assert items_of(CODE) == []
    DailyFigures.objects.update(orders=5)
    assert items_of(CODE)
    DailyFigures.objects.filter(day__lt=NOON.date() - timedelta(days=21)).delete()
    assert items_of(CODE) == []


def test_weak_last_week_lowers_what_is_usual():
    fall_silent(usual=10)
    recent = DailyFigures.objects.filter(day__gte=NOON.date() - timedelta(days=8))
    recent.update(orders=2, revenue=20)

    assert items_of(CODE) == []


def test_next_paid_order_ends_it_and_an_unpaid_one_does_not():
    order = fall_silent()
    copy_order(order, NOON - timedelta(hours=1))
    newest = Order.objects.order_by("-placed_at")[:1].get()
    Order.objects.filter(pk=newest.pk).update(status="pending_payment")
    assert items_of(CODE)

    Order.objects.filter(pk=newest.pk).update(status="placed")

    assert items_of(CODE) == []


def test_closed_gap_stays_closed_until_the_next_one():
    order = fall_silent()
    follow_up.close(cause=CODE, row=order.channel_id, text="holiday", actor="a", now=NOON)

    assert items_of(CODE) == []
    assert items_of(CODE, now=NOON + timedelta(hours=1)) == []
