"""Decisions of the supplier about a claim are applied; implausible ones wait for staff."""

from decimal import Decimal

import pytest
from django.utils import timezone

from orders.claims import status as claim_status
from orders.claims import work_queue
from orders.claims.submission import ClaimStateError
from storefront.dashboard.invariants import registry
from tests.e2e.claiming import (
    claim,
    decide,
    purchase_order,
    sweep,
    told,
)
from tests.factories.claims import whole_claim
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier

__all__ = ["claim", "purchase_order", "sandbox_process", "sandbox_supplier"]

pytestmark = pytest.mark.django_db(transaction=True)


def withdraw(claim):
    claim_status.withdraw_at_supplier(
        claim=whole_claim(claim), reason="It was found", actor="staff", now=timezone.now()
    )


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


def test_withdrawal_with_a_lost_answer_is_looked_up(sandbox_supplier, claim):
    told(claim)
    sandbox_supplier.fault("disputes/cancel", "drop_after", count=1)

    withdraw(claim)

    assert whole_claim(claim).status == "canceled"


def test_claim_that_the_supplier_credited_cannot_be_withdrawn(sandbox_supplier, claim):
    told(claim)
    decide(sandbox_supplier, claim, deal=1, amount="1.00")

    with pytest.raises(ClaimStateError, match="credited"):
        withdraw(claim)

    assert whole_claim(claim).credited_amount == Decimal("1.00")
