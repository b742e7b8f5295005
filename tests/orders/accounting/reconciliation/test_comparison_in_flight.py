"""What cannot be judged at this moment is no difference, and is not said to agree either."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.accounting.reconciliation import reconciliation
from orders.models import MoneyDay, Order, Payment, PurchaseOrder
from tests.orders.accounting.reconciliation.test_order_comparison import (
    DAY,
    LATER,
    bought,
    compare,
    found,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_gateway(monkeypatch):
    monkeypatch.setattr(reconciliation, "_gateways", lambda _day: [])


def test_what_is_taken_once_when_all_have_answered_is_not_missing_before():
    bought(captured="0.00")
    PurchaseOrder.objects.update(accepted_at=None)  # stands for the one that has not answered
    Payment.objects.update(capture_mode="single", capture_before=LATER + timedelta(days=3))

    compare()
    assert found() == []

    Payment.objects.update(capture_before=LATER + timedelta(hours=3))
    compare()
    assert len(found()) == 1


def test_what_nobody_can_judge_at_this_moment_is_not_said_to_agree():
    bought(status="canceled")
    compare()
    ((kind, *_),) = found()
    assert kind == "nothing_ordered"

    Order.objects.update(status_since=LATER - timedelta(minutes=5))  # somebody held it just now
    compare()
    assert len(found()) == 1


def test_a_day_that_nobody_can_finish_is_asked_about_less_often(monkeypatch):
    bought()
    day = reconciliation.day_of(DAY, now=LATER)
    MoneyDay.objects.filter(pk=day.pk).update(tries=reconciliation.OFTEN, status_since=LATER)

    assert DAY not in [each.day for each in reconciliation.due(now=LATER + timedelta(hours=1))]
    assert DAY in [each.day for each in reconciliation.due(now=LATER + reconciliation.RARELY)]
