"""Comparison in flight: what cannot be judged yet is neither a discrepancy nor cleared."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.accounting.reconciliation import reconciliation
from orders.models import Order, Payment, PurchaseOrder, ReconciliationRun
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


def test_a_deferred_single_capture_is_not_missing():
    bought(captured="0.00")
    PurchaseOrder.objects.update(accepted_at=None)  # stands for the one that has not answered
    Payment.objects.update(capture_mode="single", capture_before=LATER + timedelta(days=3))

    compare()
    assert found() == []

    Payment.objects.update(capture_before=LATER + timedelta(hours=3))
    compare()
    assert len(found()) == 1


def test_an_undecided_discrepancy_is_not_cleared():
    bought(status="canceled")
    compare()
    ((kind, *_),) = found()
    assert kind == "nothing_ordered"

    Order.objects.update(status_since=LATER - timedelta(minutes=5))  # put on hold just now
    compare()
    assert len(found()) == 1


def test_a_failing_day_is_retried_less_often(monkeypatch):
    bought()
    day = reconciliation.run_of(DAY, now=LATER)
    ReconciliationRun.objects.filter(pk=day.pk).update(
        attempts=reconciliation.MAX_FREQUENT_ATTEMPTS, status_since=LATER
    )

    assert DAY not in [each.day for each in reconciliation.due_runs(now=LATER + timedelta(hours=1))]
    assert DAY in [
        each.day for each in reconciliation.due_runs(now=LATER + reconciliation.RARE_RETRY_AFTER)
    ]
