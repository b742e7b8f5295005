from __future__ import annotations

from datetime import timedelta

import pytest

from orders.cancellation import cancellation
from orders.claims import settlement
from orders.claims import submission as claim_submission
from orders.models import PurchaseOrder, SupplierClaim
from orders.payments import tasks as payment_tasks
from orders.purchasing import retries, submission_lookup, work_queue
from orders.purchasing import submission as purchasing_submission
from orders.purchasing import tasks as purchasing_tasks
from storefront.lib.http.errors import NotNowError, PermanentError, TemporaryError
from suppliers.connectors.records import BudgetSpentError
from suppliers.resilience.circuit_breaker import BreakerOpenError
from tests.factories.claims import make_claim
from tests.factories.orders import make_purchase_orders
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (TemporaryError("429", retry_after_s=600), timedelta(minutes=10)),
        (BudgetSpentError("used up", until=NOON + HOUR), HOUR),
        (BreakerOpenError("dead", until=NOON + HOUR), HOUR),
        (NotNowError("no login yet", until=NOON + HOUR), HOUR),
        (BudgetSpentError("of the day", until=NOON + 20 * HOUR), retries.LONGEST_PAUSE),
        (TemporaryError("absurd", retry_after_s=1e9), retries.LONGEST_PAUSE),
    ],
)
def test_nobody_is_asked_before_he_wants_and_no_two_at_the_same_moment(error, wait):
    found = [retries.asked_for(error, now=NOON) - NOON for _ in range(20)]

    assert all(wait <= each <= wait + wait / retries.JITTER_SHARE for each in found)
    assert len(set(found)) > 1


@pytest.mark.parametrize(
    "error",
    [
        TemporaryError("503"),
        TemporaryError("at once", retry_after_s=0),
        BreakerOpenError("somebody looks", until=NOON - HOUR),
        NotNowError("who knows"),
        PermanentError("no"),
    ],
)
def test_who_names_no_moment_is_asked_when_we_like(error):
    assert retries.asked_for(error, now=NOON) is None


@pytest.mark.django_db
def test_a_short_pause_makes_no_order_come_sooner_than_by_itself(monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    (purchase_order,) = make_purchase_orders()
    PurchaseOrder.objects.update(failures=9)
    purchase_order.refresh_from_db()
    supplier.script = [TemporaryError("busy", retry_after_s=5)]

    purchasing_submission.send(purchase_order=purchase_order, now=NOON)

    assert purchase_order.try_after >= NOON + submission_lookup.LONGEST_RETRY_AFTER


def looked_at(until):
    return BreakerOpenError("somebody looks whether he is back", until=until)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "at_least", "at_most"),
    [
        (
            TemporaryError("503"),
            submission_lookup.LONGEST_RETRY_AFTER,
            submission_lookup.LONGEST_RETRY_AFTER * 1.5,
        ),
        (
            looked_at(NOON - HOUR),
            submission_lookup.FIRST_RETRY_AFTER,
            submission_lookup.FIRST_RETRY_AFTER * 1.5,
        ),
        (looked_at(NOON + HOUR), HOUR, HOUR * 1.5),
    ],
)
def test_what_we_held_back_ourselves_makes_no_order_wait_longer(
    monkeypatch, error, at_least, at_most
):
    supplier = connect(monkeypatch, ScriptedSupplier())
    (purchase_order,) = make_purchase_orders()
    PurchaseOrder.objects.update(failures=12)
    purchase_order.refresh_from_db()
    supplier.script = [error]

    purchasing_submission.send(purchase_order=purchase_order, now=NOON)

    assert at_least <= purchase_order.try_after - NOON <= at_most


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (TemporaryError("503"), settlement.LONGEST_RETRY_AFTER),
        (looked_at(NOON - HOUR), settlement.FIRST_RETRY_AFTER),
    ],
)
def test_what_we_held_back_ourselves_makes_no_claim_wait_longer(monkeypatch, error, wait):
    supplier = connect(monkeypatch, ScriptedSupplier())
    claim = make_claim()
    SupplierClaim.objects.update(failures=12)
    claim.refresh_from_db()
    supplier.script = [error]

    claim_submission.submit(claim=claim, now=NOON)

    assert wait <= claim.try_after - NOON <= wait * 1.5


@pytest.mark.django_db
def test_who_waited_out_an_outage_waits_no_longer_for_his_first_failure(monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    (purchase_order,) = make_purchase_orders()
    supplier.script = [*[looked_at(NOON)] * 8, TemporaryError("503"), TemporaryError("503")]

    for _ in range(8):
        purchasing_submission.send(purchase_order=purchase_order, now=NOON)
    assert (purchase_order.attempts, purchase_order.failures) == (8, 0)

    for doubled in (1, 2):
        purchasing_submission.send(purchase_order=purchase_order, now=NOON)
        wait = submission_lookup.FIRST_RETRY_AFTER * doubled
        assert wait <= purchase_order.try_after - NOON <= wait * 1.5


@pytest.mark.django_db
def test_a_pause_is_of_the_call_that_was_answered_and_of_no_later_one():
    (purchase_order,) = make_purchase_orders()
    PurchaseOrder.objects.update(attempts=2)

    retries.rest(purchase_order, TemporaryError("429", retry_after_s=600), now=NOON)

    assert PurchaseOrder.objects.get().try_after is None


@pytest.mark.django_db
def test_what_was_never_sent_is_stopped_whatever_pause_he_wants(monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    (purchase_order,) = make_purchase_orders()
    supplier.script = [TemporaryError("429", retry_after_s=3600)]
    purchasing_submission.send(purchase_order=purchase_order, now=NOON)
    PurchaseOrder.objects.update(cancel_wanted_at=NOON)
    soon = NOON + timedelta(minutes=1)

    assert list(work_queue.to_be_stopped(now=soon)) == [purchase_order]
    assert cancellation.pursue(purchase_order=purchase_order, now=soon) is True


@pytest.mark.django_db(transaction=True)
def test_who_wants_a_pause_is_not_asked_for_the_next_order_at_once(monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    first, second = (make_purchase_orders()[0] for _ in range(2))
    woken = []
    monkeypatch.setattr(
        purchasing_tasks.send, "delay", lambda *, purchase_order_id: woken.append(purchase_order_id)
    )
    monkeypatch.setattr(payment_tasks.settle_payments, "delay", lambda: None)
    supplier.script = [TemporaryError("429", retry_after_s=600)]

    purchasing_tasks.send(purchase_order_id=first.pk)
    assert woken == []

    purchasing_tasks.send(purchase_order_id=second.pk)
    first.refresh_from_db()
    assert first.request_status == "submit_failed"
    assert woken == []  # it is not due yet
