"""Claim settlement: apply answers, let staff record answers, leave implausible answers open."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from orders.claims import settlement, submission, work_queue
from orders.claims import status as claim_status
from orders.claims.submission import ClaimStateError
from orders.models import SupplierClaim
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.connectors.records import ClaimStatus
from tests.factories.claims import make_claim, submit_claim, whole_claim
from tests.factories.scripted_supplier import no_answer
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=20)


def record(claim, answer, amount=None, **known):
    credited = None if amount is None else Money(Decimal(amount), "EUR")
    words = {"reason": "by e-mail", "actor": "staff", "now": LATER, **known}
    settlement.record_answer(
        claim=claim, answer=SupplierClaim.Status(answer), credited=credited, **words
    )


def test_the_database_accepts_an_excess_credit_only_from_staff():
    claim = make_claim()
    rows = SupplierClaim.objects.filter(pk=claim.pk)

    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status="credited", credited_amount=claim.expected_amount + 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status="credited")
    record(claim, "credited", claim.expected_amount + 1)


def test_a_claim_submitted_by_staff_is_never_sent(supplier):
    claim = make_claim(is_manual=True)
    assert not work_queue.claims_to_submit(now=LATER).exists()
    with pytest.raises(ClaimStateError):
        submit_claim(claim)

    submission.mark_submitted_by_staff(claim=claim, reference="RMA 7", actor="staff", now=NOON)

    assert (claim.status, claim.supplier_claim_reference) == ("requested", "RMA 7")
    assert not work_queue.claims_to_poll(now=LATER).exists()
    with pytest.raises(ClaimStateError):
        claim_status.look_up(claim=claim, now=LATER)
    record(claim, "credited", "12.345")
    settled = whole_claim(claim)
    assert (settled.credited_amount, settled.recorded_by) == (Decimal("12.35"), "staff")
    assert supplier.calls == []


@pytest.mark.parametrize(("answer", "amount"), [("credited", None), ("denied", "5.00")])
def test_an_amount_belongs_to_a_credit_only(answer, amount):
    with pytest.raises(settlement.CannotRecordError):
        record(make_claim(), answer, amount)


def test_an_answer_recorded_by_staff_is_final(supplier):
    claim = submit_claim(make_claim())
    stale = whole_claim(claim)
    record(claim, "denied")
    supplier.decide(claim.number, ClaimStatus.REFUNDED, "1.00")
    state = supplier.claimed[claim.number]

    settlement.apply(claim=claim, state=state, now=LATER)
    with pytest.raises(ConcurrentUpdateError):
        settlement.apply(claim=stale, state=state, now=LATER)

    assert whole_claim(claim).status == "denied"


@pytest.mark.parametrize(
    ("answer", "amount", "status", "problem"),
    [
        (ClaimStatus.REFUNDED, "10.00", "credited", ""),
        (ClaimStatus.REFUNDED, "10.01", "requested", "more than claimed"),
        (ClaimStatus.REFUNDED, None, "requested", "without an amount"),
        (ClaimStatus.REFUNDED, "1.00", "requested", "another currency"),
        (ClaimStatus.RESENT, None, "resent", ""),
        (ClaimStatus.REFUSED, None, "denied", ""),
        (ClaimStatus.CANCELED, None, "canceled", ""),
        (ClaimStatus.OPEN, None, "requested", ""),
    ],
)
def test_a_plausible_answer_is_applied(supplier, answer, amount, status, problem):
    claim = make_claim()
    if problem == "another currency":
        SupplierClaim.objects.update(currency="USD")
    submit_claim(claim)
    supplier.decide(claim.number, answer, amount)

    claim_status.look_up(claim=whole_claim(claim), now=LATER)

    settled = whole_claim(claim)
    assert settled.status == status
    assert problem in settled.problem
    assert bool(settled.problem) == bool(problem)


def test_a_claim_missing_at_the_supplier_is_flagged_until_listed(supplier):
    claim = submit_claim(make_claim())
    kept = supplier.claimed.copy()
    supplier.claimed.clear()
    claim_status.look_up(claim=claim, now=LATER)
    assert whole_claim(claim).problem == "The supplier no longer lists this claim."

    supplier.claimed.update(kept)
    claim_status.look_up(claim=claim, now=LATER)

    assert (whole_claim(claim).status, whole_claim(claim).problem) == ("requested", "")


@pytest.mark.parametrize("stage", ["draft", "submit_failed", "on_hold"])
def test_an_unsubmitted_claim_is_withdrawn_without_a_call(supplier, stage):
    claim = make_claim()
    if stage != "draft":
        error = TemporaryError("busy") if stage == "submit_failed" else PermanentError("no")
        supplier.script = [error]
        submit_claim(claim)
    supplier.calls.clear()

    submission.withdraw(claim=whole_claim(claim), reason="x", actor="staff", now=LATER)

    assert whole_claim(claim).status == "canceled"
    assert supplier.calls == []


def test_an_unconfirmed_claim_is_not_withdrawn_before_a_lookup(supplier):
    supplier.script = [no_answer(effect=True)]
    claim = submit_claim(make_claim())

    for withdraw in (submission.withdraw, claim_status.withdraw_at_supplier):
        with pytest.raises(ClaimStateError, match="Check its status first"):
            withdraw(claim=claim, reason="x", actor="staff", now=LATER)


def test_a_refused_withdrawal_leaves_the_claim_open(supplier):
    claim = submit_claim(make_claim())
    supplier.script = [PermanentError("it is being decided")]

    with pytest.raises(PermanentError, match="being decided"):
        claim_status.withdraw_at_supplier(claim=claim, reason="x", actor="staff", now=LATER)

    assert whole_claim(claim).problem == "Withdrawal failed: it is being decided"
    assert whole_claim(claim).status == "requested"
