"""The supplier has each claim exactly once, whichever call fails."""

import os
import signal
import time

import pytest
from celery import Celery
from django.utils import timezone

from orders.claims import work_queue
from orders.claims.submission import ClaimStateError
from orders.models import SupplierClaim
from storefront.lib.http import retries
from storefront.lib.http.errors import ExternalServiceError
from suppliers.resilience import circuit_breaker
from tests.e2e.claiming import (
    claim,
    decide,
    disputes,
    purchase_order,
    read,
    sweep_until_heard,
    told,
)
from tests.e2e.worker_process import started_worker
from tests.factories.claims import whole_claim
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier
from tests.support.waiting import eventually

__all__ = ["claim", "purchase_order", "sandbox_process", "sandbox_supplier"]

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "disputes/create"
LIST = "disputes/getDisputeList"
LOSSES = ("500", "soft_500", "drop_after", "truncated")


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("500", 3),
        ("drop_after", 1),
        pytest.param("429", 2, marks=pytest.mark.full),
        pytest.param("drop_before", 3, marks=pytest.mark.full),
        pytest.param("drop_after", 3, marks=pytest.mark.full),
        pytest.param("garbage", 1, marks=pytest.mark.full),
        pytest.param("truncated", 1, marks=pytest.mark.full),
        pytest.param("token_expired", 1, marks=pytest.mark.full),
    ],
)
def test_a_fault_while_submitting_leaves_one_dispute(sandbox_supplier, claim, kind, times):
    sandbox_supplier.fault(CREATE, kind, count=times)

    heard = sweep_until_heard(claim)

    assert (heard.status, heard.problem) == ("requested", "")
    assert heard.supplier_claim_reference
    assert disputes(sandbox_supplier) == 1


def test_claim_with_a_lost_answer_is_unconfirmed_until_the_lookup(sandbox_supplier, claim):
    sandbox_supplier.fault(CREATE, "drop_after", count=1)

    assert told(claim).status == "submit_unknown"
    with pytest.raises(ClaimStateError):
        told(claim)
    assert disputes(sandbox_supplier) == 1

    assert read(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


def test_opened_dispute_that_cannot_be_read_is_unconfirmed(sandbox_supplier, claim):
    """The first read of the list succeeds; the one after the dispute was opened fails."""
    sandbox_supplier.fault(LIST, "500", count=4, skip=1)

    assert told(claim).status == "submit_unknown"

    assert sweep_until_heard(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


def test_failed_lookup_changes_nothing(sandbox_supplier, claim, monkeypatch):
    """First for a claim whose answer was lost, then for one that the supplier has."""
    monkeypatch.setattr(retries, "BASE_DELAY_S", 0)
    sandbox_supplier.fault(CREATE, "drop_after", count=1)
    told(claim)

    for status in ("submit_unknown", "requested"):
        known = known_of(claim)
        assert known["status"] == status
        for kind in LOSSES:
            sandbox_supplier.fault(LIST, kind, count=0)
            with pytest.raises(ExternalServiceError):
                read(claim)
            assert (kind, known_of(claim)) == (kind, known)
            sandbox_supplier.control("faults/clear", {})
            circuit_breaker.close(connection_id=claim.purchase_order.supplier.connection.pk)
        read(claim)

    assert disputes(sandbox_supplier) == 1


def known_of(claim):
    """Return the stored claim without the times of polls and the problem of a missing answer."""
    (known,) = SupplierClaim.objects.filter(pk=claim.pk).values()
    return {name: known[name] for name in known if name not in {"polled_at", "problem", "retry_at"}}


def test_list_that_hides_a_dispute_opens_no_second_one(sandbox_supplier, claim):
    """Lookup and check before the next attempt find nothing; the sandbox refuses a second one."""
    sandbox_supplier.fault(CREATE, "drop_after", count=1)
    told(claim)
    sandbox_supplier.fault(LIST, "empty", count=2)

    assert read(claim).status == "submit_failed"
    assert told(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


@pytest.mark.full  # the daily tests wait as long for a purchase order
def test_an_answer_that_takes_too_long_is_looked_up(sandbox_supplier, claim):
    sandbox_supplier.fault(CREATE, "slow", count=1, delay=11)

    assert told(claim).status == "submit_unknown"
    assert not work_queue.claims_to_look_up(now=timezone.now()).exists()
    time.sleep(2)  # now the unconfirmed effect has happened

    assert sweep_until_heard(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


@pytest.mark.parametrize(
    ("failpoint", "left_behind", "disputes_then"),
    [
        ("claim.after_call", "submitting", 1),
        pytest.param("claim.before_call", "submitting", 0, marks=pytest.mark.full),
        pytest.param("claim.storing_answer", "submitting", 1, marks=pytest.mark.full),
    ],
)
def test_a_worker_killed_while_submitting_leaves_one_dispute(  # noqa: PLR0917
    sandbox_supplier, claim, tmp_path, failpoint, left_behind, disputes_then
):
    queue = f"kill-{claim.number}"
    broker = Celery(broker=os.environ["REDIS_URL"])
    broker.send_task("orders.claims.tasks.submit_claim", kwargs={"claim_id": claim.pk}, queue=queue)

    with started_worker(queue, tmp_path / "killed.log", FAILPOINT=failpoint) as killed:
        assert killed.wait(timeout=60) == -signal.SIGKILL
    assert whole_claim(claim).status == left_behind
    assert disputes(sandbox_supplier) == disputes_then

    assert sweep_until_heard(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


def test_worker_submits_a_claim_and_polls_until_the_decision(sandbox_supplier, claim, tmp_path):
    """A separate worker runs the tasks that beat would start."""
    queue = f"tell-{claim.number}"
    broker = Celery(broker=os.environ["REDIS_URL"])
    with started_worker(queue, tmp_path / "worker.log"):
        turn = {"supplier_id": claim.purchase_order.supplier_id}
        broker.send_task("orders.claims.tasks.process_claims", kwargs=turn, queue=queue)
        eventually(
            lambda: whole_claim(claim).status in SupplierClaim.KNOWN_TO_SUPPLIER, within_s=60
        )
        decide(sandbox_supplier, claim, deal=3)
        SupplierClaim.objects.update(polled_at=None)
        broker.send_task("orders.claims.tasks.process_claims", kwargs=turn, queue=queue)
        eventually(lambda: whole_claim(claim).status == "denied", within_s=60)
