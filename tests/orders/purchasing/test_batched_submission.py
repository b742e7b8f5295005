"""Batched submission: cancelable until submitted, and submitted in time."""

from datetime import timedelta

import pytest

from orders.cancellation import cancellation
from orders.models import Payment, PurchaseOrder
from orders.purchasing import creation, submission, tasks, work_queue
from orders.purchasing.admin import submission_time
from storefront.dashboard.inbox import query
from storefront.dashboard.invariants import registry
from storefront.dashboard.invariants.purchase_orders import PURCHASE_ORDERS
from suppliers.models import Supplier
from suppliers.profile.order_schedule import CUT_OFF_MARGIN
from tests.factories.orders import make_paid_order, make_purchase_orders
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
AT_TWO = NOON + timedelta(hours=2)


@pytest.fixture
def batched():
    make_supplier()
    Supplier.objects.update(dispatch_mode="at_times", dispatch_times="14:00 20:00")
    (made,) = make_purchase_orders()
    return made


def due(at):
    return list(work_queue.to_submit(now=at).order_by("pk"))


def test_a_batch_is_due_together_at_its_time_or_later(batched):
    (later,) = make_purchase_orders(now=NOON + 20 * MINUTE)

    assert batched.submit_at == AT_TWO
    assert (batched.status, batched.submission_status) == ("draft", "unsubmitted")
    assert due(NOON) == due(AT_TWO - MINUTE) == []
    for late in (0, 10, 9 * 60):  # workers were down, or the clock jumped over it
        assert due(AT_TWO + late * MINUTE) == [batched, later]
    assert "24 Nov 2026, 14:00" in submission_time(batched)
    Supplier.objects.update(dispatch_mode="at_once")  # batching is turned off
    assert due(NOON) == [batched, later]


def test_a_batched_order_is_submitted_before_the_authorization_expires():
    make_supplier()
    days = " ".join((NOON + timedelta(days=day)).date().isoformat() for day in range(20))
    Supplier.objects.update(dispatch_mode="every", closed_on=days)
    order = make_paid_order()
    ends = NOON + timedelta(days=7)
    Payment.objects.update(capture_before=ends)

    (made,) = submission.create_purchase_orders(order=order, now=NOON)

    assert made.submit_at == ends - creation.SUBMIT_BEFORE_EXPIRY - CUT_OFF_MARGIN


@pytest.mark.parametrize("jump", [timedelta(minutes=-10), timedelta(minutes=10)])
def test_a_clock_jump_of_ten_minutes_does_not_miss_the_cut_off(jump):
    make_supplier()
    Supplier.objects.update(dispatch_mode="at_times", dispatch_times="20:00", cut_off_hour=15)

    (made,) = make_purchase_orders()

    cut_off = NOON + timedelta(hours=3)
    assert made.submit_at == cut_off - CUT_OFF_MARGIN
    our_clock_says = cut_off - timedelta(minutes=5) + jump
    assert (due(our_clock_says) == [made]) is (our_clock_says >= made.submit_at)
    assert due(cut_off - timedelta(minutes=5) - timedelta(minutes=10)) == [made]


def test_a_task_that_runs_too_early_does_not_submit(batched, monkeypatch):
    sent = []
    monkeypatch.setattr(submission, "submit", lambda **known: sent.append(known))
    monkeypatch.setattr(tasks.timezone, "now", lambda: AT_TWO - MINUTE)
    rows = PurchaseOrder.objects.filter(pk=batched.pk)

    assert tasks._process(rows, batched.pk)
    assert sent == []
    monkeypatch.setattr(tasks.timezone, "now", lambda: AT_TWO)
    tasks._process(rows, batched.pk)
    assert len(sent) == 1


def test_a_batched_order_is_canceled_without_a_call(batched):
    came = cancellation.cancel(
        order=batched.order, reason="changed my mind", actor="customer", now=AT_TWO - MINUTE
    )

    assert (came.stopped, came.open) == ((batched.number,), ())
    batched.refresh_from_db()
    assert (batched.status, batched.attempts) == ("canceled", 0)
    assert due(AT_TWO) == []


def test_staff_can_submit_a_batched_order_now_unless_it_is_held_or_canceled(batched):
    for status in ("on_hold", "canceled"):
        PurchaseOrder.objects.update(status=status)
        with pytest.raises(submission.NotSubmittableError):
            submission.submit_now(purchase_order=batched, actor="zumrud", now=NOON)
    PurchaseOrder.objects.update(status="draft")

    submission.submit_now(purchase_order=batched, actor="zumrud", now=NOON)

    assert due(NOON) == [batched]
    batched.refresh_from_db()
    assert batched.submit_at == NOON
    with pytest.raises(submission.NotSubmittableError):
        submission.submit_now(purchase_order=batched, actor="zumrud", now=NOON)


def test_only_a_missed_time_counts_as_stuck(batched):
    def found(now):
        causes = {row.cause.code for row in query.load_items(now=now)}
        violated = {
            each.invariant.code
            for each in registry.check_some(PURCHASE_ORDERS, now=now)
            if each.count
        }
        return "submission_late" in causes, "purchase_orders.submitted_in_time" in violated

    assert found(AT_TWO) == (False, False)
    assert found(AT_TWO + 16 * MINUTE) == (True, False)
    assert found(AT_TWO + 31 * MINUTE) == (True, True)
