"""What a connector complains of: once, whatever befalls the call, and nothing is guessed."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal

import pytest

from storefront.lib.http.errors import OutsideError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.capabilities import Ability
from suppliers.connectors.records import ClaimAnswer, ClaimRequest, Remedy, RequestLine, Trouble
from tests.suppliers.connectors.contract.cases import (
    PATIENCE_S,
    QUICK_LOSSES,
    calls_of,
    request,
    who_can,
)
from tests.suppliers.connectors.contract.subjects import LOSSES

A = Ability
NOT_UNDERSTOOD = {"garbage", "truncated"}


def complaint(opened, number="R-1"):
    """Have him deliver one unit, and complain of it."""
    placed = opened.connector.place(request(opened))
    opened.subject.deliver(opened, placed.number)
    return ClaimRequest(
        number=number,
        supplier_reference=placed.supplier_reference,
        remedy=Remedy.REFUND,
        trouble=Trouble.DAMAGED,
        message="The head is dented.",
        lines=(RequestLine(sku=opened.good.sku, quantity=1, reference="88"),),
    )


def looked_up(opened, wish):
    """Find out how a claim stands, as the shop does after a lost answer."""
    his = opened.connector.claims(supplier_reference=wish.supplier_reference)
    return next((state for state in his if state.number == wish.number), None)


def taken_back(opened, wish, state):
    opened.connector.cancel_claim(
        supplier_reference=wish.supplier_reference, supplier_claim=state.supplier_claim
    )


@pytest.mark.parametrize("name", who_can(A.CLAIMS))
def test_a_claim_that_is_told_twice_is_one(on, name):
    opened = on(name)
    wish = complaint(opened)

    first, again = (opened.connector.open_claim(wish) for _ in range(2))

    assert (first.number, first.answer, first.amount) == ("R-1", ClaimAnswer.OPEN, None)
    assert (again.number, again.supplier_claim) == ("R-1", first.supplier_claim)
    assert looked_up(opened, wish) == again
    assert list(opened.subject.claims(opened)) == ["R-1"]


@pytest.mark.parametrize(("name", "path"), calls_of(A.CLAIMS))
def test_a_claim_whose_answer_is_lost_is_there_once_and_found(on, name, path):
    opened = on(name)
    *_, opens_at = opened.subject.paths[A.CLAIMS]
    # How long it waits for a read is tried where it reads.
    kinds = LOSSES if path == opens_at else QUICK_LOSSES

    for kind in kinds:
        wish = complaint(opened, f"R-{kind}")  # of an order that has no other
        opened.fault(path, kind, count=1 if kind == "slow" else 0)
        started = time.monotonic()
        with pytest.raises(OutsideError) as lost:
            opened.connector.open_claim(wish)
        assert time.monotonic() - started < PATIENCE_S
        if kind == "slow":
            opened.wait_for_what_is_late(started)
        is_there = wish.number in opened.subject.claims(opened)
        # A moment's trouble is told again; what nobody understood, only after a look.
        assert (kind, isinstance(lost.value, TemporaryError)) == (kind, kind not in NOT_UNDERSTOOD)
        assert lost.value.may_have_happened or (not is_there and kind not in NOT_UNDERSTOOD)
        opened.heal()
        found = looked_up(opened, wish)
        assert (kind, found is not None) == (kind, is_there)
        assert (found or opened.connector.open_claim(wish)).answer is ClaimAnswer.OPEN

    assert list(opened.subject.claims(opened)) == [f"R-{kind}" for kind in kinds]


@pytest.mark.parametrize("name", who_can(A.CLAIMS))
def test_how_a_claim_stands_is_told_whole_or_not_at_all(on, name):
    opened = on(name)
    wish = complaint(opened)
    opened.subject.refund(opened, opened.connector.open_claim(wish).supplier_claim)
    truth = looked_up(opened, wish)
    first, *_ = opened.subject.paths[A.CLAIMS]
    failed = set()

    for path in opened.subject.paths[A.CLAIMS]:
        for kind in (*QUICK_LOSSES, "wrong_order"):
            opened.fault(path, kind, count=0)
            try:
                told = opened.connector.claims(supplier_reference=wish.supplier_reference)
            except OutsideError:
                failed.add(kind)
            else:
                # Only a list may tell of none: there is no name in it that would give it away.
                assert told == (truth,) or (told, kind, path) == ((), "wrong_order", first)
            opened.heal()

    assert (truth.answer, truth.amount) == (ClaimAnswer.REFUNDED, Money(Decimal("3.20"), "USD"))
    assert failed == {*QUICK_LOSSES, "wrong_order"}


@pytest.mark.parametrize("name", who_can(A.CLAIMS))
def test_a_claim_is_taken_back_or_stays_open_whatever_befalls_the_call(on, name):
    opened = on(name)
    ordered = complaint(opened)

    for kind in QUICK_LOSSES:
        wish = replace(ordered, number=f"R-{kind}")
        state = opened.connector.open_claim(wish)
        opened.fault(opened.subject.takes_back_at, kind, count=0)
        with pytest.raises(OutsideError) as lost:
            taken_back(opened, wish, state)
        opened.heal()
        stands = looked_up(opened, wish)
        assert lost.value.may_have_happened or stands.answer is ClaimAnswer.OPEN
        if stands.answer is ClaimAnswer.OPEN:
            taken_back(opened, wish, state)
        with pytest.raises(PermanentError) as late:
            taken_back(opened, wish, state)
        assert not late.value.may_have_happened
        assert looked_up(opened, wish).answer is ClaimAnswer.CANCELED

    assert len(opened.subject.claims(opened)) == len(QUICK_LOSSES)
