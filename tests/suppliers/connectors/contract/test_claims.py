"""Claims: a connector opens each once, despite any fault, and never guesses a status."""

import time
from dataclasses import replace
from decimal import Decimal

import pytest

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.capabilities import Capability
from suppliers.connectors.records import (
    ClaimReason,
    ClaimRequest,
    ClaimResolution,
    ClaimStatus,
    PurchaseOrderRequestLine,
)
from tests.suppliers.connectors.contract.cases import (
    PATIENCE_S,
    QUICK_LOSSES,
    calls_of,
    connectors_with,
    request,
)
from tests.suppliers.connectors.contract.subjects import LOSSES

NOT_UNDERSTOOD = {"garbage", "truncated"}


def make_claim_request(opened, number="R-1"):
    """Deliver an order of one unit; return a claim about it."""
    placed = opened.connector.place(request(opened))
    opened.subject.deliver(opened, placed.number)
    return ClaimRequest(
        number=number,
        supplier_reference=placed.supplier_reference,
        remedy=ClaimResolution.REFUND,
        claim_reason=ClaimReason.DAMAGED,
        message="The head is dented.",
        lines=(PurchaseOrderRequestLine(sku=opened.item.sku, quantity=1, reference="88"),),
    )


def look_up(opened, claim_request):
    """Look a claim up as the shop does after a lost answer; return its state or None."""
    states = opened.connector.claims(supplier_reference=claim_request.supplier_reference)
    return next((state for state in states if state.number == claim_request.number), None)


def cancel_claim(opened, claim_request, state):
    opened.connector.cancel_claim(
        supplier_reference=claim_request.supplier_reference,
        supplier_claim_reference=state.supplier_claim_reference,
    )


@pytest.mark.parametrize("name", connectors_with(Capability.CLAIMS))
def test_claim_opened_twice_is_one(connect, name):
    opened = connect(name)
    claim_request = make_claim_request(opened)

    first, again = (opened.connector.open_claim(claim_request) for _ in range(2))

    assert (first.number, first.answer, first.amount) == ("R-1", ClaimStatus.OPEN, None)
    assert (again.number, again.supplier_claim_reference) == ("R-1", first.supplier_claim_reference)
    assert look_up(opened, claim_request) == again
    assert list(opened.subject.claims(opened)) == ["R-1"]


@pytest.mark.parametrize(("name", "path"), calls_of(Capability.CLAIMS))
def test_claim_with_lost_answer_exists_once_and_is_found(connect, name, path):
    opened = connect(name)
    *_, opens_at = opened.subject.paths[Capability.CLAIMS]
    # The timeout of a read is tested with the reads.
    kinds = LOSSES if path == opens_at else QUICK_LOSSES

    for kind in kinds:
        claim_request = make_claim_request(opened, f"R-{kind}")  # each for its own order
        opened.fault(path, kind, count=1 if kind == "slow" else 0)
        started = time.monotonic()
        with pytest.raises(ExternalServiceError) as lost:
            opened.connector.open_claim(claim_request)
        assert time.monotonic() - started < PATIENCE_S
        if kind == "slow":
            opened.wait_for_late_effect(started)
        is_there = claim_request.number in opened.subject.claims(opened)
        # A temporary failure is retried; an unreadable answer only after a look-up.
        assert (kind, isinstance(lost.value, TemporaryError)) == (kind, kind not in NOT_UNDERSTOOD)
        assert lost.value.is_outcome_unknown or (not is_there and kind not in NOT_UNDERSTOOD)
        opened.clear_faults()
        found = look_up(opened, claim_request)
        assert (kind, found is not None) == (kind, is_there)
        assert (found or opened.connector.open_claim(claim_request)).answer is ClaimStatus.OPEN

    assert list(opened.subject.claims(opened)) == [f"R-{kind}" for kind in kinds]


@pytest.mark.parametrize("name", connectors_with(Capability.CLAIMS))
def test_claim_status_is_complete_or_raises(connect, name):
    opened = connect(name)
    claim_request = make_claim_request(opened)
    opened.subject.refund(
        opened, opened.connector.open_claim(claim_request).supplier_claim_reference
    )
    expected = look_up(opened, claim_request)
    first, *_ = opened.subject.paths[Capability.CLAIMS]
    failed = set()

    for path in opened.subject.paths[Capability.CLAIMS]:
        for kind in (*QUICK_LOSSES, "wrong_order"):
            opened.fault(path, kind, count=0)
            try:
                states = opened.connector.claims(
                    supplier_reference=claim_request.supplier_reference
                )
            except ExternalServiceError:
                failed.add(kind)
            else:
                # Of the answers about another order only the empty list passes: it has no order id.
                assert states == (expected,) or (states, kind, path) == ((), "wrong_order", first)
            opened.clear_faults()

    assert (expected.answer, expected.amount) == (
        ClaimStatus.REFUNDED,
        Money(Decimal("3.20"), "USD"),
    )
    assert failed == {*QUICK_LOSSES, "wrong_order"}


@pytest.mark.parametrize("name", connectors_with(Capability.CLAIMS))
def test_failed_claim_cancellation_cancels_or_leaves_it_open(connect, name):
    opened = connect(name)
    ordered = make_claim_request(opened)

    for kind in QUICK_LOSSES:
        claim_request = replace(ordered, number=f"R-{kind}")
        state = opened.connector.open_claim(claim_request)
        opened.fault(opened.subject.claim_cancel_path, kind, count=0)
        with pytest.raises(ExternalServiceError) as lost:
            cancel_claim(opened, claim_request, state)
        opened.clear_faults()
        remaining = look_up(opened, claim_request)
        assert lost.value.is_outcome_unknown or remaining.answer is ClaimStatus.OPEN
        if remaining.answer is ClaimStatus.OPEN:
            cancel_claim(opened, claim_request, state)
        with pytest.raises(PermanentError) as late:
            cancel_claim(opened, claim_request, state)
        assert not late.value.is_outcome_unknown
        assert look_up(opened, claim_request).answer is ClaimStatus.CANCELED

    assert len(opened.subject.claims(opened)) == len(QUICK_LOSSES)
