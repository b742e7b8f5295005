"""Decisions of the supplier about a claim are applied; implausible ones wait for staff."""

from decimal import Decimal

import pytest
from django.utils import timezone

from orders.claims import status as claim_status
from orders.claims import submission, work_queue
from orders.claims.submission import ClaimStateError
from storefront.dashboard.invariants import registry
from suppliers.connections.factory import open_connector
from suppliers.connectors.records import ClaimStatus
from tests.e2e.claiming import (
    claim,
    decide,
    disputes,
    purchase_order,
    read,
    sweep,
    sweep_until_heard,
    told,
)
from tests.factories.claims import make_claim, whole_claim
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier

__all__ = ["claim", "purchase_order", "sandbox_process", "sandbox_supplier"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_poll_records_the_credit(sandbox_supplier, claim):
    told(claim)
    paid = claim.expected_amount - Decimal("0.01")
    decide(sandbox_supplier, claim, deal=1, amount=str(paid))
    now = timezone.now() + work_queue.POLL_INTERVAL

    assert not work_queue.claims_to_poll(now=timezone.now()).exists()
    sweep(claim, now)

    settled = whole_claim(claim)
    assert (settled.status, settled.credited_amount) == ("credited", paid)
    assert settled.currency == "USD"
    broken = {found.invariant.code for found in registry.check_all(now=now) if found.count}
    assert not {code for code in broken if code.startswith("claims.")}


@pytest.mark.parametrize(("deal", "status"), [(2, "resent"), (3, "denied")])
def test_poll_records_a_decision_without_credit(sandbox_supplier, claim, deal, status):
    told(claim)
    decide(sandbox_supplier, claim, deal=deal)

    settled = read(claim)

    assert (settled.status, settled.credited_amount) == (status, None)


def test_credit_above_the_claim_needs_staff(sandbox_supplier, claim):
    told(claim)
    decide(sandbox_supplier, claim, deal=1, amount=str(claim.expected_amount + 1))

    odd = read(claim)

    assert (odd.status, odd.credited_amount) == ("requested", None)
    assert "more than claimed" in odd.problem


def test_a_claim_that_is_taken_back_is_canceled_at_the_supplier(sandbox_supplier, claim):
    told(claim)

    claim_status.withdraw_at_supplier(
        claim=whole_claim(claim), reason="It was found", actor="staff", now=timezone.now()
    )

    assert whole_claim(claim).status == "canceled"
    with open_connector(claim.purchase_order.supplier) as cj:
        (claimed,) = cj.claims(supplier_reference=claim.purchase_order.supplier_reference)
    assert (claimed.number, claimed.answer) == (claim.number, ClaimStatus.CANCELED)


def test_cancellation_with_a_lost_answer_is_read(sandbox_supplier, claim):
    told(claim)
    sandbox_supplier.fault("disputes/cancel", "drop_after", count=1)

    claim_status.withdraw_at_supplier(
        claim=whole_claim(claim), reason="It was found", actor="staff", now=timezone.now()
    )

    assert whole_claim(claim).status == "canceled"


def test_first_decision_of_the_supplier_stays(sandbox_supplier, claim):
    told(claim)
    decide(sandbox_supplier, claim, deal=1, amount="1.00")

    with pytest.raises(ClaimStateError, match="credited"):
        claim_status.withdraw_at_supplier(
            claim=whole_claim(claim), reason="It was found", actor="staff", now=timezone.now()
        )

    assert whole_claim(claim).credited_amount == Decimal("1.00")


def test_rejected_claim_needs_staff_who_may_resend_it(sandbox_supplier, purchase_order):
    """The supplier refuses a claim for an unknown order."""
    right = purchase_order.supplier_reference
    purchase_order.supplier_reference = "1"
    purchase_order.save(update_fields=["supplier_reference"])
    claim = make_claim(purchase_order, now=timezone.now())

    assert told(claim).status == "on_hold"
    assert disputes(sandbox_supplier) == 0

    purchase_order.supplier_reference = right
    purchase_order.save(update_fields=["supplier_reference"])
    submission.resubmit(claim=whole_claim(claim), actor="staff", now=timezone.now())
    assert sweep_until_heard(claim).status == "requested"
    assert disputes(sandbox_supplier) == 1
