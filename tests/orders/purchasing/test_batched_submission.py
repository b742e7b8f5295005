"""Orders that are collected for a supplier: free until they go, and gone in time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.cancellation import cancellation
from orders.models import Payment, PurchaseOrder
from orders.purchasing import creation, submission, tasks, work_queue
from orders.purchasing.admin import goes_at, is_collected
from storefront.dashboard.inbox import query
from storefront.dashboard.invariants import registry
from suppliers.models import Supplier
from suppliers.profile.order_schedule import MARGIN
from tests.factories.orders import make_paid_order, make_purchase_orders
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
AT_TWO = NOON + timedelta(hours=2)


@pytest.fixture
def collected():
    make_supplier()
    Supplier.objects.update(sending="at_times", send_times="14:00 20:00")
    (made,) = make_purchase_orders()
    return made


def due(at):
    return list(work_queue.to_be_sent(now=at))


def test_it_waits_for_its_moment_and_no_longer(collected):
    assert collected.goes_at == AT_TWO
    assert (collected.status, collected.request_status) == ("draft", "unsubmitted")
    assert due(NOON) == due(AT_TWO - MINUTE) == []
    assert due(AT_TWO) == [collected]
    assert "24 Nov 2026, 14:00" in goes_at(collected)


def test_all_that_wait_go_in_one_go(collected):
    (later,) = make_purchase_orders(now=NOON + 20 * MINUTE)

    assert due(AT_TWO - MINUTE) == []
    assert due(AT_TWO) == [collected, later]


def test_a_moment_that_we_missed_is_not_lost(collected):
    """Workers were away, or the clock jumped over it."""
    for late in (timedelta(minutes=10), timedelta(hours=9)):
        assert due(AT_TWO + late) == [collected]


def test_it_goes_before_its_money_cannot_be_taken_any_more():
    make_supplier()
    days = " ".join((NOON + timedelta(days=day)).date().isoformat() for day in range(20))
    Supplier.objects.update(sending="every", closed_on=days)
    order = make_paid_order()
    ends = NOON + timedelta(days=7)
    Payment.objects.update(capture_before=ends)

    (made,) = submission.divide(order=order, now=NOON)

    assert made.goes_at == ends - creation.ANSWERS_WITHIN - MARGIN


@pytest.mark.parametrize("jump", [timedelta(minutes=-10), timedelta(minutes=10)])
def test_a_clock_that_jumps_by_ten_minutes_breaks_no_promise(jump):
    make_supplier()
    Supplier.objects.update(sending="at_times", send_times="20:00", cut_off_hour=15)

    (made,) = make_purchase_orders()

    cut_off = NOON + timedelta(hours=3)
    assert made.goes_at == cut_off - MARGIN
    our_clock_says = cut_off - timedelta(minutes=5) + jump
    assert (due(our_clock_says) == [made]) is (our_clock_says >= made.goes_at)
    assert due(cut_off - timedelta(minutes=5) - timedelta(minutes=10)) == [made]


def test_a_worker_that_is_asked_for_it_too_early_sends_nothing(collected, monkeypatch):
    sent = []
    monkeypatch.setattr(submission, "send", lambda **known: sent.append(known))
    monkeypatch.setattr(tasks.timezone, "now", lambda: AT_TWO - MINUTE)
    rows = PurchaseOrder.objects.filter(pk=collected.pk)

    assert tasks._is_answered(rows, collected.pk)
    assert sent == []
    monkeypatch.setattr(tasks.timezone, "now", lambda: AT_TWO)
    tasks._is_answered(rows, collected.pk)
    assert len(sent) == 1


def test_until_then_a_cancellation_is_immediate_and_asks_nobody(collected):
    came = cancellation.cancel(
        order=collected.order, reason="changed my mind", actor="shopper", now=AT_TWO - MINUTE
    )

    assert (came.stopped, came.open) == ((collected.number,), ())
    collected.refresh_from_db()
    assert (collected.status, collected.attempts) == ("canceled", 0)
    assert due(AT_TWO) == []


def test_staff_send_it_now(collected):
    submission.send_now(purchase_order=collected, actor="zumrud", now=NOON)

    assert due(NOON) == [collected]
    collected.refresh_from_db()
    assert not is_collected(collected) or collected.goes_at == NOON
    with pytest.raises(submission.OrderStoppedError):
        submission.send_now(purchase_order=collected, actor="zumrud", now=NOON)


@pytest.mark.parametrize("status", ["on_hold", "canceled"])
def test_what_is_held_or_over_is_not_sent_by_it(collected, status):
    PurchaseOrder.objects.update(status=status)

    with pytest.raises(submission.OrderStoppedError):
        submission.send_now(purchase_order=collected, actor="zumrud", now=NOON)


def test_who_is_sent_all_at_once_again_is_sent_what_waits(collected):
    Supplier.objects.update(sending="at_once")

    assert due(NOON) == [collected]


def test_what_waits_for_its_moment_is_not_stuck_and_what_missed_it_is(collected):
    def found(now):
        causes = {row.cause.code for row in query.find(now=now)}
        broken = {each.invariant.code for each in registry.check(now=now) if each.count}
        return "purchase_missed" in causes, "I4.goes_in_time" in broken

    assert found(AT_TWO) == (False, False)
    assert found(AT_TWO + 16 * MINUTE) == (True, False)
    assert found(AT_TWO + 31 * MINUTE) == (True, True)
