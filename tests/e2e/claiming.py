"""Claim helpers: submit claims about units that the sandbox delivered, run the sweeps."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.claims import status as claim_status
from orders.claims import submission as claim_submission
from orders.claims import work_queue
from orders.claims.submission import ClaimStateError
from orders.models import SupplierClaim
from orders.purchasing import retries
from orders.purchasing import submission as purchasing_submission
from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from tests.e2e.ordering import sell_one, stock_the_shop, whole
from tests.factories.claims import make_claim, whole_claim

ROUNDS = 12


@pytest.fixture
def purchase_order(sandbox_supplier):
    """A purchase order of one unit that the sandbox delivered."""
    sold = sell_one(stock_the_shop(sandbox_supplier))
    purchasing_submission.submit(purchase_order=sold, now=timezone.now())
    sandbox_supplier.control("advance", {"orderNumber": sold.number, "to": "DELIVERED"})
    sold.move("shipped", at=timezone.now())
    return whole(sold)


@pytest.fixture
def claim(purchase_order):
    return make_claim(purchase_order, now=timezone.now())


def disputes(process):
    """Count the disputes in the supplier's ledger."""
    rows = process.control("orders")["effects"]
    return [row["kind"] for row in rows].count("disputed")


def sweep(claim, now):
    """Run the sweeps of one claim, as beat does."""
    mine = {"pk": claim.pk}
    try:
        if work_queue.claims_to_submit(now=now).filter(**mine).exists():
            claim_submission.submit(claim=whole_claim(claim), now=now)
        for find in (work_queue.claims_to_look_up, work_queue.claims_to_poll):
            if find(now=now).filter(**mine).exists():
                claim_status.look_up(claim=whole_claim(claim), now=now)
    except (ExternalServiceError, ClaimStateError, InvalidTransitionError, ConcurrentUpdateError):
        return


def sweep_until_heard(claim):
    """Run the sweeps every 5 minutes of an hour, until the supplier has the claim."""
    for step in range(ROUNDS):
        sweep(claim, timezone.now() + timedelta(minutes=5 * step))
        heard = whole_claim(claim)
        if heard.status in SupplierClaim.KNOWN_TO_SUPPLIER:
            return heard
    return whole_claim(claim)


def told(claim):
    """Submit the claim now, and return it."""
    return claim_submission.submit(claim=whole_claim(claim), now=timezone.now())


def read(claim):
    """Look up the claim at a time when the interrupted call must have ended."""
    now = timezone.now() + retries.MAX_CALL_TIME
    return claim_status.look_up(claim=whole_claim(claim), now=now)


def decide(process, claim, **deal):
    """Let the sandbox decide the claim."""
    process.control("decide", {"disputeId": whole_claim(claim).supplier_claim_reference, **deal})
