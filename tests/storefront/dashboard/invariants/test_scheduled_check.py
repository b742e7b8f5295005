"""Scheduled invariant check: violations and overdue items are found."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from storefront.celery import app as celery_app
from storefront.dashboard.inbox import assignments, overdue, sla
from storefront.dashboard.invariants import registry, scheduled_check
from storefront.dashboard.models import InvariantCheckRun, InvariantViolation
from suppliers.models import PendingPublication, StockLevel, Supplier
from tests.factories.inbox_items import items_of
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.suppliers import NOON
from tests.storefront.dashboard.invariants.test_invariants import PLANTED

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=30)


@pytest.fixture
def held():
    """A purchase order that is held since noon, due in four hours."""
    (made,) = make_purchase_orders(make_sellable())
    reason = {"code": "cost", "sentence": "It costs more."}
    made.move("on_hold", at=NOON, hold_reasons=[reason])
    # keep the supplier's data fresh
    Supplier.objects.update(stock_age_shown_after_min=6000, cost_expires_after_min=6000)
    InvariantCheckRun.objects.create(at=NOON + timedelta(days=2))  # as if checks had run
    return made


@pytest.fixture
def no_workers(monkeypatch):
    """Leave out invariants that only break because no worker runs in this test."""
    idle = {"stock.unseen_has_reason", "messaging.events_fanned_out"}
    asked = tuple(each for each in registry.INVARIANTS if each.code not in idle)
    monkeypatch.setattr(registry, "INVARIANTS", asked)


def test_violation_is_in_the_inbox_until_resolved():
    code = "stock.reserved_matches_reservations"
    make_sellable()
    with connection.cursor() as cursor:
        cursor.execute(PLANTED[code])

    assert scheduled_check.run(now=NOON) > 0
    scheduled_check.run(now=LATER)

    rows = items_of("invariant_violated", now=LATER)
    assert (code, NOON) in {(row.name, row.since) for row in rows}
    kept = InvariantViolation.objects.get(code=code)
    assert (kept.count, kept.seen_at, len(kept.rows)) == (1, LATER, 1)

    StockLevel.objects.update(reserved=F("reserved") - 1)
    scheduled_check.run(now=LATER)
    assert not InvariantViolation.objects.filter(code=code).exists()


def test_check_runs_on_schedule_and_a_missing_one_is_detected_once_there_is_data(staff):
    scheduled = {entry["task"] for entry in celery_app.conf.beat_schedule.values()}
    assert "storefront.dashboard.tasks.check_invariants" in scheduled
    two_hours = NOON + timedelta(hours=2)
    make_sellable()

    assert items_of("invariant_check_missed", now=two_hours) == []
    (row,) = items_of("invariant_check_missed", now=two_hours + timedelta(minutes=1))
    assert row.since == NOON
    assert staff.get(row.url).status_code == 200

    scheduled_check.run(now=two_hours)
    assert items_of("invariant_check_missed", now=two_hours + timedelta(hours=2)) == []
    assert items_of("invariant_check_missed", now=two_hours + timedelta(hours=2, minutes=1)) != []
    scheduled_check.run(now=NOON + timedelta(days=3))
    assert InvariantCheckRun.objects.count() == 1


def test_unpublished_supply_seen_by_a_check_is_found():
    variant = make_sellable().variant
    PendingPublication.objects.create(variant=variant)
    scheduled_check.run(now=NOON)
    PendingPublication.objects.create(variant=variant)  # just now

    assert items_of("supply_unpublished", now=NOON + timedelta(minutes=29)) == []
    (row,) = items_of("supply_unpublished", now=NOON + timedelta(minutes=31))
    assert (row.name, row.since) == ("1 ×", NOON)

    PendingPublication.objects.order_by("pk").first().delete()
    assert items_of("supply_unpublished", now=NOON + timedelta(minutes=31)) == []


def test_unpublished_supply_is_found_without_any_check(staff):
    variant = make_sellable().variant
    PendingPublication.objects.all().delete()
    hour = NOON + timedelta(hours=1)
    assert items_of("supply_unpublished", now=hour + timedelta(days=1)) == []  # all is published
    for _ in range(2):
        PendingPublication.objects.create(variant=variant)

    assert items_of("supply_unpublished", now=hour) == []  # the first check may still come
    (row,) = items_of("supply_unpublished", now=hour + timedelta(seconds=1))
    assert (row.name, row.since) == ("2 ×", NOON)
    assert "no data integrity check has run yet" in row.detail
    assert staff.get(row.url).status_code == 200

    scheduled_check.run(now=hour)
    # Now the check dates the item.
    assert items_of("supply_unpublished", now=hour + timedelta(seconds=1)) == []
    (row,) = items_of("supply_unpublished", now=hour + timedelta(minutes=31))
    assert (row.name, row.since, row.detail) == ("2 ×", hour, "")


def test_unassigned_item_beyond_twice_its_response_time_is_overdue(held):
    limit = NOON + 2 * sla.response_time("purchase_order_on_hold")

    assert overdue.find(now=limit) == []
    ((late,),) = overdue.find(now=limit + timedelta(seconds=1))
    assert (late.cause.code, late.name) == ("purchase_order_on_hold", held.number)

    assignments.assign(
        cause="purchase_order_on_hold", row=held.pk, since=NOON, actor="ann", now=limit
    )
    assert overdue.find(now=limit + timedelta(days=1)) == []


def test_command_prints_json_and_passes_a_sound_shop(capsys):
    call_command("check_invariants", "--json")

    answer = json.loads(capsys.readouterr().out)
    assert answer["violations"] == 0
    assert len(answer["invariants"]) == len(PLANTED)


def test_command_fails_on_overdue_items_and_chaos_does_not(held, no_workers, capsys):
    late = NOON + timedelta(hours=9)
    broken = [each for each in registry.check_all(now=late) if each.count]

    with time_machine.travel(NOON + timedelta(hours=7), tick=False):
        call_command("check_invariants")
    assert "0 unassigned inbox items" in capsys.readouterr().out
    with time_machine.travel(late, tick=False):
        with pytest.raises(SystemExit) as ended:
            call_command("check_invariants")
        output = capsys.readouterr().out
        with pytest.raises(SystemExit):
            call_command("check_invariants", "--json")
    (item,) = json.loads(capsys.readouterr().out)["overdue"]

    assert ended.value.code == 1
    assert "STUCK  purchase_order_on_hold" in output
    assert held.number in output
    assert "1 unassigned inbox items have waited for more than twice their response time." in output
    assert (item["cause"], item["name"]) == ("purchase_order_on_hold", held.number)
    assert [each.invariant.code for each in broken] == []  # what chaos checks
