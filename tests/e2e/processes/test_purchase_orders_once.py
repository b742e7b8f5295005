"""The supplier has each purchase order exactly once, whichever call fails."""

import os
import signal
import time

import pytest
from celery import Celery
from django.utils import timezone

from orders.models import PaymentEvent
from orders.purchasing import submission
from tests.e2e.ordering import effects, sell_one, stock_the_shop, sweep_until_answered, whole
from tests.e2e.worker_process import started_worker
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier

__all__ = ["sandbox_process", "sandbox_supplier"]

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "createOrderV2"
LOOK_UP = "getOrderDetail"


@pytest.fixture
def purchase_order(sandbox_supplier):
    return sell_one(stock_the_shop(sandbox_supplier))


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("500", 3),
        ("drop_after", 1),
        ("token_expired", 1),
        pytest.param("429", 3, marks=pytest.mark.full),
        pytest.param("drop_before", 3, marks=pytest.mark.full),
        pytest.param("drop_after", 3, marks=pytest.mark.full),
        pytest.param("garbage", 1, marks=pytest.mark.full),
        pytest.param("truncated", 1, marks=pytest.mark.full),
    ],
)
def test_a_fault_while_ordering_leaves_one_order(sandbox_supplier, purchase_order, kind, times):
    sandbox_supplier.fault(CREATE, kind, count=times)

    answered = sweep_until_answered(purchase_order)

    assert answered.submission_status == "accepted"
    assert effects(sandbox_supplier) == [purchase_order.number]
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == 1


def test_refused_sign_in_puts_the_order_on_hold(sandbox_supplier, purchase_order):
    sandbox_supplier.fault(CREATE, "token_expired", count=2)

    submission.submit(purchase_order=purchase_order, now=timezone.now())

    assert purchase_order.status == "on_hold"
    assert "1600001" in purchase_order.hold_reasons[0]["sentence"]
    assert effects(sandbox_supplier) == []


@pytest.mark.parametrize(
    "kind",
    [
        "500",
        "empty",
        *(
            pytest.param(kind, marks=pytest.mark.full)
            for kind in ("drop_before", "drop_after", "garbage")
        ),
    ],
)
def test_failed_lookup_does_not_cause_a_second_order(sandbox_supplier, purchase_order, kind):
    sandbox_supplier.fault(CREATE, "drop_after", count=1)
    sandbox_supplier.fault(LOOK_UP, kind, count=2)

    answered = sweep_until_answered(purchase_order)

    assert answered.submission_status == "accepted"
    assert effects(sandbox_supplier) == [purchase_order.number]


def test_an_answer_that_takes_too_long_is_looked_up(sandbox_supplier, purchase_order):
    sandbox_supplier.fault(CREATE, "slow", count=1, delay=11)

    submission.submit(purchase_order=purchase_order, now=timezone.now())
    assert purchase_order.submission_status == "submit_unknown"
    time.sleep(2)  # now the unconfirmed effect has happened

    assert sweep_until_answered(purchase_order).submission_status == "accepted"
    assert effects(sandbox_supplier) == [purchase_order.number]


@pytest.mark.parametrize(
    ("failpoint", "left_behind", "effects_then"),
    [
        ("purchase.before_call", "submitting", 0),
        ("purchase.after_call", "submitting", 1),
        ("purchase.storing_answer", "submitting", 1),
    ],
)
def test_a_worker_killed_while_sending_leaves_one_order(  # noqa: PLR0917
    sandbox_supplier, purchase_order, tmp_path, failpoint, left_behind, effects_then
):
    queue = f"kill-{purchase_order.number}"
    broker = Celery(broker=os.environ["REDIS_URL"])
    broker.send_task(
        "orders.purchasing.tasks.submit",
        kwargs={"purchase_order_id": purchase_order.pk},
        queue=queue,
    )

    with started_worker(queue, tmp_path / "killed.log", FAILPOINT=failpoint) as killed:
        assert killed.wait(timeout=60) == -signal.SIGKILL
    assert whole(purchase_order).submission_status == left_behind
    assert len(effects(sandbox_supplier)) == effects_then

    answered = sweep_until_answered(purchase_order)

    assert answered.submission_status == "accepted"
    assert effects(sandbox_supplier) == [purchase_order.number]
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == 1
