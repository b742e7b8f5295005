"""Claims of a connector: opened once, with any fault of the call, status never guessed."""

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

A = Capability
NOT_UNDERSTOOD = {"garbage", "truncated"}


def complaint(opened, number="R-1"):
    """Deliver an order of one unit; return a claim about it."""
    placed = opened.connector.place(request(opened))
    opened.subject.deliver(opened, placed.number)
    return ClaimRequest(
        number=number,
        supplier_reference=placed.supplier_reference,
        remedy=ClaimResolution.REFUND,
        claim_reason=ClaimReason.DAMAGED,
        message="The head is dented.",
        lines=(PurchaseOrderRequestLine(sku=opened.good.sku, quantity=1, reference="88"),),
    )


def look_up(opened, wish):
    """Return the claim's state, read as the shop does after a lost answer."""
    states = opened.connector.claims(supplier_reference=wish.supplier_reference)
    return next((state for state in states if state.number == wish.number), None)


def taken_back(opened, wish, state):
    opened.connector.cancel_claim(
        supplier_reference=wish.supplier_reference,
        supplier_claim_reference=state.supplier_claim_reference,
    )


@pytest.mark.parametrize("name", connectors_with(A.CLAIMS))
def test_claim_opened_twice_is_one(on, name):
    opened = on(name)
    wish = complaint(opened)

    first, again = (opened.connector.open_claim(wish) for _ in range(2))

    assert (first.number, first.answer, first.amount) == ("R-1", ClaimStatus.OPEN, None)
    assert (again.number, again.supplier_claim_reference) == ("R-1", first.supplier_claim_reference)
    assert look_up(opened, wish) == again
    assert list(opened.subject.claims(opened)) == ["R-1"]


@pytest.mark.parametrize(("name", "path"), calls_of(A.CLAIMS))
def test_claim_with_lost_answer_exists_once_and_is_found(on, name, path):
    opened = on(name)
    *_, opens_at = opened.subject.paths[A.CLAIMS]
    # The timeout of a read is tested with the reads.
    kinds = LOSSES if path == opens_at else QUICK_LOSSES

    for kind in kinds:
        wish = complaint(opened, f"R-{kind}")  # each for its own order
        opened.fault(path, kind, count=1 if kind == "slow" else 0)
        started = time.monotonic()
        with pytest.raises(ExternalServiceError) as lost:
            opened.connector.open_claim(wish)
        assert time.monotonic() - started < PATIENCE_S
        if kind == "slow":
            opened.wait_for_late_effect(started)
        is_there = wish.number in opened.subject.claims(opened)
        # A temporary failure is retried; an unreadable answer only after a look-up.
        assert (kind, isinstance(lost.value, TemporaryError)) == (kind, kind not in NOT_UNDERSTOOD)
        assert lost.value.is_outcome_unknown or (not is_there and kind not in NOT_UNDERSTOOD)
        opened.clear_faults()
        found = look_up(opened, wish)
        assert (kind, found is not None) == (kind, is_there)
        assert (found or opened.connector.open_claim(wish)).answer is ClaimStatus.OPEN

    assert list(opened.subject.claims(opened)) == [f"R-{kind}" for kind in kinds]


@pytest.mark.parametrize("name", connectors_with(A.CLAIMS))
def test_claim_status_is_complete_or_raises(on, name):
    opened = on(name)
    wish = complaint(opened)
    opened.subject.refund(opened, opened.connector.open_claim(wish).supplier_claim_reference)
    truth = look_up(opened, wish)
    first, *_ = opened.subject.paths[A.CLAIMS]
    failed = set()

    for path in opened.subject.paths[A.CLAIMS]:
        for kind in (*QUICK_LOSSES, "wrong_order"):
            opened.fault(path, kind, count=0)
            try:
                told = opened.connector.claims(supplier_reference=wish.supplier_reference)
            except ExternalServiceError:
                failed.add(kind)
            else:
                # Only a list may be empty here: no id in it shows that it is about another order.
                assert told == (truth,) or (told, kind, path) == ((), "wrong_order", first)
            opened.clear_faults()

    assert (truth.answer, truth.amount) == (ClaimStatus.REFUNDED, Money(Decimal("3.20"), "USD"))
    assert failed == {*QUICK_LOSSES, "wrong_order"}


@pytest.mark.parametrize("name", connectors_with(A.CLAIMS))
def test_failed_claim_cancellation_cancels_or_leaves_it_open(on, name):
    opened = on(name)
    ordered = complaint(opened)

    for kind in QUICK_LOSSES:
        wish = replace(ordered, number=f"R-{kind}")
        state = opened.connector.open_claim(wish)
        opened.fault(opened.subject.claim_cancel_path, kind, count=0)
        with pytest.raises(ExternalServiceError) as lost:
            taken_back(opened, wish, state)
        opened.clear_faults()
        stands = look_up(opened, wish)
        assert lost.value.is_outcome_unknown or stands.answer is ClaimStatus.OPEN
        if stands.answer is ClaimStatus.OPEN:
            taken_back(opened, wish, state)
        with pytest.raises(PermanentError) as late:
            taken_back(opened, wish, state)
        assert not late.value.is_outcome_unknown
        assert look_up(opened, wish).answer is ClaimStatus.CANCELED

    assert len(opened.subject.claims(opened)) == len(QUICK_LOSSES)
