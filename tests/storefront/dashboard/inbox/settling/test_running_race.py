"""Race: two workers run the same rules at the same moment."""

from decimal import Decimal

import pytest

from orders.models import PurchaseOrder
from orders.purchasing.holds import holds
from storefront.dashboard.inbox.history import recording
from storefront.dashboard.inbox.settling import matching, running
from storefront.dashboard.models import InboxCase, SettlingRun
from tests.factories.suppliers import NOON
from tests.storefront.dashboard.inbox.settling.conftest import hold, loss, make_rule
from tests.support.concurrency import Rival, all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


@pytest.fixture
def waived(monkeypatch, started):
    """Collect the purchase orders whose hold reasons are waived; each call changes nothing."""
    found = []
    monkeypatch.setattr(
        holds, "waive", lambda *, purchase_order, **_known: found.append(purchase_order.pk)
    )
    return found


def run_at_once():
    recording.record(now=NOON)
    return all_at_once([lambda: running.run_all(now=NOON)] * WORKERS, ())


def test_each_case_is_acted_on_once(waived):
    make_rule()
    rows = [hold(loss("1.00")) for _ in range(3)]

    run_at_once()

    assert sorted(waived) == sorted(row.pk for row in rows)
    assert SettlingRun.objects.count() == len(rows)


def claims(rule):
    """Return a function per item that claims it, as a worker does before it acts."""
    recording.record(now=NOON)
    cases = {case.row: case for case in InboxCase.objects.filter(cause=rule.cause)}
    return [
        lambda match=match: running._claim(rule, cases[match.item.row], match, now=NOON)
        for match in matching.find(rule, now=NOON)
    ]


def test_the_limit_of_a_day_holds(monkeypatch, waived):
    """Without the lock of the rule each worker sees the whole limit left."""
    rule = make_rule(max_daily_amount=Decimal(2))
    for _ in range(2):
        hold(loss("2.00"))
    mine, theirs = claims(rule)
    rival = Rival(theirs)
    rival.begin_at(monkeypatch, SettlingRun, "save")

    assert mine() is not None
    assert rival.finish() is None
    assert SettlingRun.objects.count() == 1


def test_two_rules_of_one_cause_act_once(monkeypatch, waived):
    """Without the unique case both claim it: each holds the lock of its own rule."""
    hold(loss("1.00"))
    (mine,), (theirs,) = claims(make_rule()), claims(make_rule(name="other"))
    rival = Rival(theirs)
    rival.begin_at(monkeypatch, SettlingRun, "save")

    assert [mine(), rival.finish()].count(None) == 1
    assert SettlingRun.objects.count() == 1


def test_a_rule_switched_off_meanwhile_claims_nothing(monkeypatch, waived):
    rule = make_rule()
    hold(loss("1.00"))
    (mine,) = claims(rule)
    running.switch_off(rule=rule, actor="ann")

    assert mine() is None


def test_failures_are_counted_each(monkeypatch, waived):
    """Without the lock of the rule one of the two is lost."""
    rule = make_rule(max_failures=2)
    for _ in range(2):
        hold(loss("0.10"))
    mine, theirs = (claim() for claim in claims(rule))
    rival = Rival(lambda: running._finish(theirs, "It failed.", now=NOON))
    rival.begin_at(monkeypatch, SettlingRun.objects, "filter")

    running._finish(mine, "It failed.", now=NOON)
    rival.finish()

    assert rival.failure is None
    rule.refresh_from_db()
    assert (rule.failures, rule.is_on) == (2, False)
    assert PurchaseOrder.objects.filter(status="on_hold").count() == 2


def test_an_interrupted_item_counts_once(waived):
    rule = make_rule()
    hold(loss("1.00"))
    (claim,) = claims(rule)
    claim()
    later = NOON + running.INTERRUPTED_AFTER * 2

    all_at_once([lambda: running.run_all(now=later)] * WORKERS, ())

    rule.refresh_from_db()
    assert (rule.failures, waived) == (1, [])
