"""After a Retry-After answer, the supplier is not called about an order before that time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.cancellation import cancellation
from orders.purchasing import retries, submission, submission_lookup, work_queue
from storefront.lib.http.backoff import JITTER_SHARE
from storefront.lib.http.errors import TemporaryError
from tests.e2e.ordering import effects, sell_one, stock_the_shop, whole
from tests.factories.orders import ask_to_stop
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier

__all__ = ["sandbox_process", "sandbox_supplier"]

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "createOrderV2"
LOOK_UP = "getOrderDetail"
PAUSE = timedelta(minutes=40)  # longer than any delay of the shop
CALLS_TAKE = timedelta(seconds=30)  # at most, the calls of one test


@pytest.fixture
def purchase_order(sandbox_supplier):
    return sell_one(stock_the_shop(sandbox_supplier))


def answer_429(supplier, path, count=1):
    supplier.fault(path, "429", count=count, delay=PAUSE.total_seconds())


def is_due_only_after_the_pause(purchase_order, find, since):
    """Return whether the sweep finds the order after the pause, and not before."""
    until = whole(purchase_order).retry_at
    assert since + PAUSE <= until <= since + PAUSE + PAUSE / JITTER_SHARE + CALLS_TAKE
    return not find(now=since + PAUSE).exists() and find(now=until).exists()


def test_order_is_resubmitted_after_retry_after(sandbox_supplier, purchase_order):
    answer_429(sandbox_supplier, CREATE)
    now = timezone.now()

    submission.submit(purchase_order=purchase_order, now=now)

    assert purchase_order.submission_status == "submit_failed"
    assert is_due_only_after_the_pause(purchase_order, work_queue.to_submit, now)
    later = whole(purchase_order)
    submission.submit(purchase_order=later, now=later.retry_at)
    assert later.submission_status == "accepted"
    assert effects(sandbox_supplier) == [purchase_order.number]


def test_lost_answer_is_looked_up_after_retry_after(sandbox_supplier, purchase_order):
    now = timezone.now()
    sandbox_supplier.fault(CREATE, "drop_after", count=1)
    submission.submit(purchase_order=purchase_order, now=now)
    now += 2 * retries.MAX_CALL_TIME
    assert list(work_queue.to_look_up(now=now)) == [purchase_order]
    answer_429(sandbox_supplier, LOOK_UP)

    with pytest.raises(TemporaryError):
        submission_lookup.resolve(purchase_order=whole(purchase_order), now=now)

    assert whole(purchase_order).submission_status == "submit_unknown"
    assert is_due_only_after_the_pause(purchase_order, work_queue.to_look_up, now)
    later = whole(purchase_order)
    submission_lookup.resolve(purchase_order=later, now=later.retry_at)
    assert later.submission_status == "accepted"


def test_cancellation_is_sent_after_retry_after(sandbox_supplier, purchase_order):
    now = timezone.now()
    submission.submit(purchase_order=purchase_order, now=now)
    answer_429(sandbox_supplier, LOOK_UP)

    _, came = ask_to_stop(purchase_order.order, now=now)

    assert came == [None]
    assert is_due_only_after_the_pause(purchase_order, work_queue.to_cancel, now)
    # Pressing the button again does not help.
    sandbox_supplier.control("faults/clear", {})
    soon = now + timedelta(minutes=1)
    ask_to_stop(purchase_order.order, now=soon)
    assert whole(purchase_order).submission_status == "cancellation_requested"
    later = whole(purchase_order)
    cancellation.process_request(purchase_order=later, now=later.retry_at)
    assert later.cancellation_channel == "staff"  # the order is paid by then: no call can cancel it
