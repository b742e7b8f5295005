"""Whatever fails on the way, the supplier has each claim exactly once, and we have his answer."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from celery import Celery
from django.utils import timezone

from orders import claiming, following, purchasing, waiting
from orders.claiming import ClaimStoppedError
from orders.models import SupplierClaim
from storefront.dashboard.invariants import checking
from storefront.lib.failures import OutsideError
from storefront.lib.states import IllegalMoveError, LostRaceError
from suppliers import breaking
from tests.factories.claims import make_claim, whole_claim
from tests.journeys.ordering import sell_one, stock_the_shop, whole
from tests.journeys.workers import start_worker
from tests.sandboxes import sandbox_process, sandbox_supplier

__all__ = ["sandbox_process", "sandbox_supplier"]

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "disputes/create"
LIST = "disputes/getDisputeList"
ROUNDS = 12


@pytest.fixture
def purchase_order(sandbox_supplier):
    """One unit that the sandbox delivered."""
    sold = sell_one(stock_the_shop(sandbox_supplier))
    purchasing.send(purchase_order=sold, now=timezone.now())
    sandbox_supplier.control("advance", {"orderNumber": sold.number, "to": "DELIVERED"})
    sold.move("shipped", at=timezone.now())
    return whole(sold)


@pytest.fixture
def claim(purchase_order):
    return make_claim(purchase_order, now=timezone.now())


def disputes(process):
    """Count the disputes in the supplier's own ledger."""
    rows = process.control("orders")["effects"]
    return [row["kind"] for row in rows].count("disputed")


def sweep(claim, now):
    """Do what beat's sweeps do for one claim."""
    mine = {"pk": claim.pk}
    try:
        if waiting.claims_to_be_told(now=now).filter(**mine).exists():
            claiming.submit(claim=whole_claim(claim), now=now)
        for find in (waiting.claims_to_be_found, waiting.claims_to_be_read):
            if find(now=now).filter(**mine).exists():
                following.look_up(claim=whole_claim(claim), now=now)
    except (OutsideError, ClaimStoppedError, IllegalMoveError, LostRaceError):
        return


def sweep_until_heard(claim):
    """Let an hour pass in big steps; the faults of the test are over somewhere on the way."""
    for step in range(ROUNDS):
        sweep(claim, timezone.now() + timedelta(minutes=5 * step))
        heard = whole_claim(claim)
        if heard.status in SupplierClaim.HEARD:
            return heard
    return whole_claim(claim)


def told(claim):
    return claiming.submit(claim=whole_claim(claim), now=timezone.now())


def read(claim):
    return following.look_up(claim=whole_claim(claim), now=timezone.now())


@pytest.mark.parametrize(
    ("kind", "times"),
    [
        ("500", 3),
        ("429", 2),
        ("drop_before", 3),
        ("drop_after", 1),
        ("drop_after", 3),
        ("garbage", 1),
        ("truncated", 1),
        ("token_expired", 1),
    ],
)
def test_a_fault_while_complaining_leaves_one_dispute(sandbox_supplier, claim, kind, times):
    sandbox_supplier.fault(CREATE, kind, count=times)

    heard = sweep_until_heard(claim)

    assert (heard.status, heard.problem) == ("requested", "")
    assert heard.supplier_claim
    assert disputes(sandbox_supplier) == 1


def test_a_lost_answer_is_unknown_until_it_is_found(sandbox_supplier, claim):
    sandbox_supplier.fault(CREATE, "drop_after", count=1)

    assert told(claim).status == "submit_unknown"
    with pytest.raises(ClaimStoppedError):
        told(claim)
    assert disputes(sandbox_supplier) == 1

    assert read(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


def test_what_was_opened_and_could_not_be_read_at_once_is_unknown(sandbox_supplier, claim):
    """The first look at the list goes well; the one after the dispute was made does not."""
    sandbox_supplier.fault(LIST, "500", count=4, skip=1)

    assert told(claim).status == "submit_unknown"

    assert sweep_until_heard(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


@pytest.mark.parametrize("kind", ["500", "drop_before", "garbage"])
def test_a_look_up_that_fails_is_no_proof_of_absence(sandbox_supplier, claim, kind):
    sandbox_supplier.fault(CREATE, "drop_after", count=1)
    told(claim)
    sandbox_supplier.fault(LIST, kind, count=4)

    with pytest.raises(OutsideError):
        read(claim)

    assert whole_claim(claim).status == "submit_unknown"
    sandbox_supplier.control("faults/clear", {})
    breaking.close(connection_id=claim.purchase_order.supplier.connection.pk)
    assert read(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


def test_a_list_that_hides_a_dispute_does_not_make_another(sandbox_supplier, claim):
    """The look-up and the look before the next try both find nothing; then he refuses it."""
    sandbox_supplier.fault(CREATE, "drop_after", count=1)
    told(claim)
    sandbox_supplier.fault(LIST, "empty", count=2)

    assert read(claim).status == "submit_failed"
    assert told(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


def test_an_answer_that_takes_too_long_is_looked_up(sandbox_supplier, claim):
    sandbox_supplier.fault(CREATE, "slow", count=1, delay=11)

    assert told(claim).status == "submit_unknown"
    assert not waiting.claims_to_be_found(now=timezone.now()).exists()
    time.sleep(2)  # now the effect that we did not hear of has happened

    assert sweep_until_heard(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


@pytest.mark.parametrize(
    ("failpoint", "left_behind", "disputes_then"),
    [
        ("claim.before_call", "submitting", 0),
        ("claim.after_call", "submitting", 1),
        ("claim.storing_answer", "submitting", 1),
    ],
)
def test_a_worker_killed_while_complaining_leaves_one_dispute(  # noqa: PLR0917
    sandbox_supplier, claim, tmp_path, failpoint, left_behind, disputes_then
):
    queue = f"kill-{claim.number}"
    broker = Celery(broker=os.environ["REDIS_URL"])
    broker.send_task("orders.tasks.submit_claim", kwargs={"claim_id": claim.pk}, queue=queue)

    killed = start_worker(queue, tmp_path / "killed.log", FAILPOINT=failpoint)
    assert killed.wait(timeout=60) == -signal.SIGKILL
    assert whole_claim(claim).status == left_behind
    assert disputes(sandbox_supplier) == disputes_then

    assert sweep_until_heard(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


def test_a_worker_tells_it_and_asks_until_he_decided(sandbox_supplier, claim, tmp_path):
    """The tasks, as beat starts them, in a worker of their own."""
    queue = f"tell-{claim.number}"
    broker = Celery(broker=os.environ["REDIS_URL"])
    worker = start_worker(queue, tmp_path / "worker.log")
    try:
        for name in ("submit_claim", "follow_claim"):
            broker.send_task(f"orders.tasks.{name}", kwargs={"claim_id": claim.pk}, queue=queue)
            until(lambda: whole_claim(claim).status in SupplierClaim.HEARD)
            if name == "submit_claim":
                decide(sandbox_supplier, claim, deal=3)
        until(lambda: whole_claim(claim).status == "denied")
    finally:
        worker.terminate()
        worker.wait(timeout=30)


def until(is_so, seconds=60):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.2)


def decide(process, claim, **deal):
    process.control("decide", {"disputeId": whole_claim(claim).supplier_claim, **deal})


def test_a_poll_takes_his_money_over(sandbox_supplier, claim):
    told(claim)
    paid = claim.expected_amount - Decimal("0.01")
    decide(sandbox_supplier, claim, deal=1, amount=str(paid))
    now = timezone.now() + waiting.CLAIMS_READ_EVERY

    assert not waiting.claims_to_be_read(now=timezone.now()).exists()
    sweep(claim, now)

    settled = whole_claim(claim)
    assert (settled.status, settled.credited_amount) == ("credited", paid)
    assert settled.currency == "USD"
    broken = {found.invariant.code for found in checking.check(now=now) if found.count}
    assert not {code for code in broken if code.startswith("I9.")}


@pytest.mark.parametrize(("deal", "status"), [(2, "resent"), (3, "denied")])
def test_a_poll_takes_a_verdict_without_money_over(sandbox_supplier, claim, deal, status):
    told(claim)
    decide(sandbox_supplier, claim, deal=deal)

    settled = read(claim)

    assert (settled.status, settled.credited_amount) == (status, None)


def test_more_money_than_was_claimed_waits_for_a_person(sandbox_supplier, claim):
    told(claim)
    decide(sandbox_supplier, claim, deal=1, amount=str(claim.expected_amount + 1))

    odd = read(claim)

    assert (odd.status, odd.credited_amount) == ("requested", None)
    assert "more than was claimed" in odd.problem


def test_a_claim_that_is_taken_back_is_canceled_at_the_supplier(sandbox_supplier, claim):
    told(claim)

    following.take_back(
        claim=whole_claim(claim), reason="It was found", actor="staff", now=timezone.now()
    )

    assert whole_claim(claim).status == "canceled"
    with pytest.raises(AssertionError):  # nothing is open that could be decided
        decide(sandbox_supplier, claim, deal=9)


def test_a_cancellation_whose_answer_is_lost_is_read(sandbox_supplier, claim):
    told(claim)
    sandbox_supplier.fault("disputes/cancel", "drop_after", count=1)

    following.take_back(
        claim=whole_claim(claim), reason="It was found", actor="staff", now=timezone.now()
    )

    assert whole_claim(claim).status == "canceled"


def test_what_he_decided_first_is_not_taken_back(sandbox_supplier, claim):
    told(claim)
    decide(sandbox_supplier, claim, deal=1, amount="1.00")

    with pytest.raises(ClaimStoppedError, match="credited"):
        following.take_back(
            claim=whole_claim(claim), reason="It was found", actor="staff", now=timezone.now()
        )

    assert whole_claim(claim).credited_amount == Decimal("1.00")


def test_a_refusal_waits_for_a_person_who_may_have_it_told_again(sandbox_supplier, purchase_order):
    """He takes no complaint of an order that he does not know."""
    right = purchase_order.supplier_reference
    purchase_order.supplier_reference = "1"
    purchase_order.save(update_fields=["supplier_reference"])
    claim = make_claim(purchase_order, now=timezone.now())

    assert told(claim).status == "on_hold"
    assert disputes(sandbox_supplier) == 0

    purchase_order.supplier_reference = right
    purchase_order.save(update_fields=["supplier_reference"])
    claiming.submit_again(claim=whole_claim(claim), actor="staff", now=timezone.now())
    assert sweep_until_heard(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1


def test_the_naive_teller_complains_twice(sandbox_supplier, claim):
    """Show that these tests see what they are for: telling again blindly, under a new number."""
    sandbox_supplier.fault(CREATE, "drop_after", count=1)
    told(claim)

    SupplierClaim.objects.filter(pk=claim.pk).update(status="draft", number=f"{claim.number}R")
    told(claim)

    assert disputes(sandbox_supplier) == 2
