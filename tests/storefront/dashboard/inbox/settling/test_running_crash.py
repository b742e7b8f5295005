"""Crash: a worker is killed while it runs a rule."""

from datetime import timedelta

import pytest

from orders.models import PurchaseOrder
from storefront.dashboard.inbox.settling import running
from storefront.dashboard.models import SettlingRun
from tests.factories.suppliers import NOON
from tests.storefront.dashboard.inbox.settling.conftest import held, hold, loss, run
from tests.support.crashes import killed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("at", "is_done"), [("_act", False), ("_finish", True)])
def test_an_item_whose_worker_is_killed_is_not_acted_on_again(rule, at, is_done):
    row = hold(loss("1.00"))
    killed(run, module=running, at=at)
    assert SettlingRun.objects.get().status == "started"
    assert (row.pk not in held()) == is_done

    PurchaseOrder.objects.filter(pk=row.pk).update(status="on_hold", hold_reasons=[loss("1.00")])
    assert run(now=NOON + timedelta(minutes=59)) == 0
    assert SettlingRun.objects.get().status == "started"
    for minutes in (61, 62):
        assert run(now=NOON + timedelta(minutes=minutes)) == 0

    rule.refresh_from_db()
    ended = SettlingRun.objects.get()
    assert (ended.status, rule.failures, row.pk in held()) == ("failed", 1, True)
    assert "Check the record" in ended.problem
