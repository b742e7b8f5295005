"""Claim submission: one worker submits a claim once; each supplier's claims are one task."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from orders.claims import claims, submission, tasks, work_queue
from orders.claims import status as claim_status
from orders.claims.submission import ClaimStateError
from orders.models import PurchaseMessage, PurchaseOrder, SupplierClaim
from orders.purchasing import retries
from storefront.lib.http.errors import PermanentError, TemporaryError
from suppliers.models import CircuitBreaker
from suppliers.resilience.bulkheads import BulkheadKind, exclusive_lock, slot_count
from tests.factories.bulkheads import elsewhere
from tests.factories.circuit_breakers import break_line
from tests.factories.claims import make_claim, make_shipped, submit_claim, whole_claim
from tests.factories.scripted_supplier import no_answer
from tests.factories.suppliers import NOON, make_supplier
from tests.support.concurrency import held_elsewhere

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=20)


def test_the_request_has_supplier_references_and_no_customer_data(supplier):
    claim = submit_claim(make_claim(units=2, picture_urls=("https://p.example/1.jpg",)))

    assert (claim.status, claim.supplier_claim_reference) == ("requested", f"D-{claim.number}")
    said = PurchaseMessage.objects.get(kind="claim")
    assert said.body["number"] == claim.number
    assert said.body["lines"][0]["quantity"] == 2
    assert "erika" not in str(said.body).lower()
    assert PurchaseMessage.objects.get(kind="claim_requested").direction == "in"


@pytest.mark.parametrize("happened", [True, False])
def test_a_lost_answer_is_looked_up_before_resubmission(supplier, happened):
    supplier.script = [no_answer(happened)]
    claim = submit_claim(make_claim())
    assert claim.status == "submit_unknown"
    with pytest.raises(ClaimStateError):
        submit_claim(claim)

    claim_status.look_up(claim=claim, now=LATER)
    assert claim.status == ("requested" if happened else "submit_failed")
    if not happened:
        submit_claim(claim, now=LATER)

    assert whole_claim(claim).status == "requested"
    assert supplier.opened == 1


def test_a_call_without_effect_is_retried_with_backoff(supplier, monkeypatch):
    monkeypatch.setattr(retries, "add_jitter", lambda wait: wait)
    claim = make_claim()
    waits = []
    for _ in range(9):
        supplier.script = [TemporaryError("busy")]
        claim = submit_claim(claim)
        waits.append((claim.retry_at - NOON) // timedelta(minutes=1))

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_rejected_claim_is_held_until_staff_resubmit(supplier):
    supplier.script = [PermanentError("no such reason")]
    claim = submit_claim(make_claim())
    assert (claim.status, claim.problem) == ("on_hold", "no such reason")
    assert not work_queue.claims_to_submit(now=LATER).exists()

    submission.resubmit(claim=claim, actor="staff", now=LATER)

    assert list(work_queue.claims_to_submit(now=LATER)) == [claim]
    assert submit_claim(claim, now=LATER).status == "requested"


def test_without_a_supplier_reference_nothing_is_sent(supplier):
    claim = submit_claim(make_claim(make_shipped(reference="")))

    assert claim.status == "on_hold"
    assert "supplier order number is missing" in claim.problem
    assert supplier.calls == []


def test_a_connector_without_the_claims_capability_holds_the_claim():
    """Without the ``supplier`` fixture, the real connector has no claims capability."""
    assert not claims.has_claims_api(make_supplier())
    assert claims.has_claims_api(make_supplier(code="cj", adapter="cj"))

    claim = submit_claim(make_claim())

    assert claim.status == "on_hold"
    assert "does not support: Claims" in claim.problem


def test_only_one_worker_processes_a_claim(supplier):
    claim = make_claim()

    with (
        held_elsewhere(exclusive_lock(f"claim {claim.pk}")),
        pytest.raises(ClaimStateError, match="being processed"),
    ):
        submit_claim(claim)

    assert supplier.calls == []


def test_a_stale_row_is_refreshed_before_submission(supplier):
    stale = whole_claim(make_claim())
    submit_claim(stale)

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
    assert supplier.calls == []  # the call of a dead worker may still be in flight
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
    CircuitBreaker.objects.update(orders_blocked_until=Now() + timedelta(seconds=60))
    SupplierClaim.objects.update(status="submitting")  # its worker died; this needs no call
    assert list(work_queue.claims_to_look_up(now=LATER)) == [claim]


def make_claims(count, *, code="lumen"):
    """Create claims against one supplier."""
    against = make_supplier(code=code)
    claims = [make_claim(make_shipped(reference="")) for _ in range(count)]
    for claim in claims:
        PurchaseOrder.objects.filter(pk=claim.purchase_order_id).update(
            supplier=against, supplier_reference=f"S-{claim.number}"
        )
    return [whole_claim(claim) for claim in claims]


def statuses(claims):
    return [whole_claim(claim).status for claim in claims]


def test_one_task_processes_all_claims_of_a_supplier(supplier, monkeypatch):
    mine, others = make_claims(2), make_claims(1, code="glow")
    started = []
    monkeypatch.setattr(tasks.process_claims, "delay", lambda **known: started.append(known))

    tasks.sweep_claims()

    supplier_ids = {claims[0].purchase_order.supplier_id for claims in (mine, others)}
    assert sorted(turn["supplier_id"] for turn in started) == sorted(supplier_ids)
    tasks.process_claims(supplier_id=mine[0].purchase_order.supplier_id)
    assert statuses(mine) == ["requested"] * 2
    assert statuses(others) == ["draft"]


def test_a_lost_answer_ends_the_task_of_the_supplier(supplier):
    mine = make_claims(3)
    supplier.script = [no_answer(effect=False)]

    tasks.process_claims(supplier_id=mine[0].purchase_order.supplier_id)

    assert statuses(mine) == ["submit_unknown", "draft", "draft"]


def test_one_task_finds_all_claims_of_dead_workers(supplier):
    mine = make_claims(3)
    for claim in mine[:2]:
        claim.move("submitting", at=NOON - timedelta(hours=1), attempts=1)

    tasks.process_claims(supplier_id=mine[0].purchase_order.supplier_id)

    assert statuses(mine) == ["submit_unknown", "submit_unknown", "requested"]


def test_an_unexpected_error_does_not_block_other_claims(supplier, monkeypatch):
    mine = [submit_claim(claim) for claim in make_claims(2)]
    ask = claim_status.look_up

    def look_up(*, claim, now):
        if claim == mine[0]:
            raise KeyError("a bug of ours")
        return ask(claim=claim, now=now)

    monkeypatch.setattr(tasks, "STEPS", [(find, look_up) for find, _speak in tasks.STEPS])

    tasks.process_claims(supplier_id=mine[0].purchase_order.supplier_id)

    before, after = (whole_claim(claim).polled_at for claim in mine)
    assert before < after


def test_claims_and_orders_use_separate_bulkheads(supplier):
    (claim,) = make_claims(1)
    supplier_id = claim.purchase_order.supplier_id

    with elsewhere(BulkheadKind.CLAIMS, supplier_id) as is_free:
        assert is_free
        tasks.submit_claim(claim_id=claim.pk)
        assert statuses([claim]) == ["draft"]
        with elsewhere(BulkheadKind.ORDERS, supplier_id) as has_room:
            assert has_room

    with ExitStack() as stack:
        for _ in range(slot_count(BulkheadKind.ORDERS)):
            stack.enter_context(elsewhere(BulkheadKind.ORDERS, supplier_id))
        tasks.submit_claim(claim_id=claim.pk)
    assert statuses([claim]) == ["requested"]
