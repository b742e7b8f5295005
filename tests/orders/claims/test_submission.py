"""Claim submission: each claim is submitted once, by one worker at a time."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from orders.claims import claims, submission, work_queue
from orders.claims import status as claim_status
from orders.claims.submission import ClaimStateError
from orders.models import PurchaseMessage, SupplierClaim
from orders.purchasing import retries
from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.models import CircuitBreaker
from suppliers.resilience.bulkheads import exclusive_lock
from tests.factories.circuit_breakers import break_line
from tests.factories.claims import make_claim, make_shipped, tell, whole_claim
from tests.factories.scripted_supplier import no_answer
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=20)


def test_the_request_has_supplier_references_and_no_customer_data(supplier):
    claim = tell(make_claim(units=2, picture_urls=("https://p.example/1.jpg",)))

    assert (claim.status, claim.supplier_claim_reference) == ("requested", f"D-{claim.number}")
    said = PurchaseMessage.objects.get(kind="claim")
    assert said.body["number"] == claim.number
    assert said.body["lines"][0]["quantity"] == 2
    assert "erika" not in str(said.body).lower()
    assert PurchaseMessage.objects.get(kind="claim_requested").direction == "in"


@pytest.mark.parametrize("happened", [True, False])
def test_a_lost_answer_is_looked_up_before_resubmission(supplier, happened):
    supplier.script = [no_answer(happened)]
    claim = tell(make_claim())
    assert claim.status == "submit_unknown"
    with pytest.raises(ClaimStateError):
        tell(claim)

    claim_status.look_up(claim=claim, now=LATER)
    assert claim.status == ("requested" if happened else "submit_failed")
    if not happened:
        tell(claim, now=LATER)

    assert whole_claim(claim).status == "requested"
    assert supplier.opened == 1


def test_a_call_without_effect_is_retried_with_backoff(supplier, monkeypatch):
    monkeypatch.setattr(retries, "add_jitter", lambda wait: wait)
    claim = make_claim()
    waits = []
    for _ in range(9):
        supplier.script = [TemporaryError("busy")]
        claim = tell(claim)
        waits.append((claim.retry_at - NOON) // timedelta(minutes=1))

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_retry_after_delays_the_next_attempt(supplier):
    supplier.script = [TemporaryError("busy", retry_after_s=7200)]

    claim = tell(make_claim())

    assert claim.retry_at >= NOON + timedelta(hours=2)


def test_a_rejected_claim_is_held_until_staff_resubmit(supplier):
    supplier.script = [PermanentError("no such reason")]
    claim = tell(make_claim())
    assert (claim.status, claim.problem) == ("on_hold", "no such reason")
    assert not work_queue.claims_to_submit(now=LATER).exists()

    submission.resubmit(claim=claim, actor="staff", now=LATER)

    assert list(work_queue.claims_to_submit(now=LATER)) == [claim]
    assert tell(claim, now=LATER).status == "requested"


def test_without_a_supplier_reference_nothing_is_sent(supplier):
    claim = tell(make_claim(make_shipped(reference="")))

    assert claim.status == "on_hold"
    assert "supplier order number is missing" in claim.problem
    assert supplier.calls == []


def test_a_connector_without_claims_ability_holds_the_claim():
    """This connector really lacks the ability."""
    assert not claims.has_claims_api(make_supplier())
    assert claims.has_claims_api(make_supplier(code="cj", adapter="cj"))

    claim = tell(make_claim())

    assert claim.status == "on_hold"
    assert "does not support: Claims" in claim.problem


def test_only_one_worker_processes_a_claim(supplier):
    """A session lock is reentrant: the other worker needs another session."""
    claim = make_claim()
    held, let_go = threading.Event(), threading.Event()

    def another_worker():
        with exclusive_lock(f"claim {claim.pk}"):
            held.set()
            let_go.wait(timeout=10)
        connection.close()

    worker = threading.Thread(target=another_worker)
    worker.start()
    held.wait(timeout=10)
    try:
        with pytest.raises(ClaimStateError, match="being processed"):
            tell(claim)
    finally:
        let_go.set()
        worker.join()
    assert supplier.calls == []


def test_a_stale_row_is_refreshed_before_submission(supplier):
    stale, fresh = whole_claim(make_claim()), None
    fresh = whole_claim(stale)
    tell(fresh)

    with pytest.raises(ClaimStateError):
        submission.submit(claim=stale, now=NOON)

    assert supplier.opened == 1


def test_a_running_submission_is_not_looked_up(supplier):
    claim = make_claim()
    claim.move("submitting", at=NOON, attempts=1)

    claim_status.look_up(claim=claim, now=NOON + timedelta(seconds=30))
    assert claim.status == "submitting"
    assert not work_queue.claims_to_look_up(now=NOON + timedelta(seconds=30)).exists()

    assert list(work_queue.claims_to_look_up(now=LATER)) == [claim]
    claim_status.look_up(claim=claim, now=LATER)
    assert claim.status == "submit_unknown"
    assert supplier.calls == []  # its worker may have just died while its call is still in flight
    claim_status.look_up(claim=claim, now=LATER + retries.MAX_CALL_TIME)
    assert claim.status == "submit_failed"


def test_claims_wait_while_the_circuit_breaker_is_open(supplier):
    claim = make_claim()
    break_line(claim.purchase_order.supplier)
    finds = (
        work_queue.claims_to_submit,
        work_queue.claims_to_look_up,
        work_queue.claims_to_poll,
    )

    for status, find in zip(("draft", "submit_unknown", "requested"), finds, strict=True):
        SupplierClaim.objects.update(status=status)
        CircuitBreaker.objects.update(orders_blocked_until=Now() + timedelta(seconds=60))
        assert list(find(now=LATER)) == []
        CircuitBreaker.objects.update(orders_blocked_until=Now())
        assert list(find(now=LATER)) == [claim]


def test_a_dead_workers_claim_is_found_while_the_breaker_is_open(supplier):
    claim = make_claim()
    claim.move("submitting", at=NOON, attempts=1)
    break_line(claim.purchase_order.supplier)

    assert list(work_queue.claims_to_look_up(now=LATER)) == [claim]
