"""Race: two workers run the same rules at the same moment."""

from decimal import Decimal

import pytest

from orders.models import PurchaseOrder
from orders.purchasing.holds import holds
from storefront.dashboard.inbox.history import recording
from storefront.dashboard.inbox.settling import running
from storefront.dashboard.models import SettlingRule, SettlingRun
from tests.factories.suppliers import NOON
from tests.storefront.dashboard.inbox.settling.conftest import hold, loss, make_rule
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


@pytest.fixture
def overridden(monkeypatch, started):
    """Collect the purchase orders whose hold is overridden; each call changes nothing."""
    found = []
    monkeypatch.setattr(
        holds, "waive", lambda *, purchase_order, **_known: found.append(purchase_order.pk)
    )
    return found


def run_at_once():
    recording.record(now=NOON)
    return all_at_once([lambda: running.run_all(now=NOON)] * WORKERS, ())


def test_each_case_is_acted_on_once(overridden):
    make_rule()
    rows = [hold(loss("1.00")) for _ in range(3)]

    run_at_once()

    assert sorted(overridden) == sorted(row.pk for row in rows)
    assert SettlingRun.objects.count() == len(rows)


def test_two_rules_of_one_cause_act_once(overridden):
    make_rule()
    make_rule(name="other")
    hold(loss("1.00"))

    run_at_once()

    assert len(overridden) == 1


def test_the_limit_of_a_day_holds(overridden):
    make_rule(max_daily_amount=Decimal(2))
    for _ in range(3):
        hold(loss("2.00"))

    run_at_once()

    assert len(overridden) == 1


def test_failures_are_counted_each(overridden, monkeypatch):
    make_rule(max_failures=100)
    monkeypatch.setattr(running, "_act", lambda *_args, **_known: "It failed.")
    for _ in range(4):
        hold(loss("0.10"))

    run_at_once()

    assert SettlingRule.objects.get().failures == 4
    assert PurchaseOrder.objects.filter(status="on_hold").count() == 4
