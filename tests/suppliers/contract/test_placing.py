"""What a connector orders: once, whatever befalls the call, and it finds out what became of it."""

from __future__ import annotations

import time

import pytest

from storefront.lib.failures import OutsideError, PermanentError, TemporaryError
from suppliers.adapters.abilities import Ability, OrderResuming
from suppliers.adapters.base import (
    Answer,
    DuplicateReferenceError,
    NotStoppableError,
    OrderName,
)
from tests.suppliers.contract.cases import (
    DELAYS_S,
    NOBODY,
    PATIENCE_S,
    faults_of,
    request,
    who_can,
    who_judges,
)
from tests.suppliers.contract.subjects import SUBJECTS

A = Ability
ORDERS = (A.ORDER_PLACING, A.ORDER_READING)
STANDING = {Answer.RECEIVED, Answer.ACCEPTED}


def looked_up(opened, number):
    """Find out how an order stands, as the shop does after a lost answer."""
    if isinstance(opened.connector, OrderResuming):
        return opened.connector.resume(number=number)
    return opened.connector.find(number=number)


@pytest.mark.parametrize("name", who_can(*ORDERS))
def test_an_order_is_placed_once_and_found(on, name):
    opened = on(name)
    wish = request(opened, quantity=2)

    placed = opened.connector.place(wish)

    found = opened.connector.find(number=wish.number)
    assert (placed.number, placed.answer in STANDING) == (wish.number, True)
    assert (found.number, found.supplier_reference) == (wish.number, placed.supplier_reference)
    assert opened.books == [(wish.number, {opened.good.sku: 2})]


@pytest.mark.parametrize("name", who_can(*ORDERS))
def test_the_same_order_twice_is_one_and_is_adopted(on, name):
    opened = on(name)
    wish = request(opened)
    first = opened.connector.place(wish)

    try:
        again = opened.connector.place(wish)
    except DuplicateReferenceError:
        again = opened.connector.find(number=wish.number)

    assert again.supplier_reference == first.supplier_reference
    assert opened.books == [(wish.number, {opened.good.sku: 1})]


@pytest.mark.parametrize("name", who_judges())
def test_what_he_does_not_have_is_refused_without_any_effect(on, name):
    opened = on(name)
    wishes = [
        request(opened, sku="NO-SUCH-SKU"),
        request(opened, quantity=opened.good.quantity + 100_000),
    ]

    for wish in wishes:
        with pytest.raises(PermanentError) as refused:
            opened.connector.place(wish)
        assert not refused.value.may_have_happened
        assert opened.connector.find(number=wish.number) is None
    assert opened.books == []


@pytest.mark.parametrize("name", who_can(A.ORDER_READING))
def test_nobody_is_proof_that_he_does_not_have_it(on, name):
    assert on(name).connector.find(number=NOBODY) is None


@pytest.mark.parametrize("name", who_can(A.ORDER_VALIDATION))
def test_to_ask_whether_he_would_take_it_orders_nothing(on, name):
    opened = on(name)

    opened.connector.validate(request(opened))
    with pytest.raises(PermanentError):
        opened.connector.validate(request(opened, sku="NO-SUCH-SKU"))

    assert opened.books == []


@pytest.mark.parametrize(("name", "ability", "path", "kind"), faults_of(A.ORDER_PLACING))
def test_an_order_whose_answer_is_lost_is_there_once_and_found(on, name, ability, path, kind):
    opened = on(name)
    wish = request(opened)
    opened.fault(path, kind, number=wish.number, count=1)
    started = time.monotonic()

    try:
        state = opened.connector.place(wish)
    except OutsideError as error:
        state, is_open = None, error.may_have_happened
    else:
        is_open = False

    assert time.monotonic() - started < PATIENCE_S
    if kind == "slow":
        # We stopped waiting, and he goes on: what he does later must not be a second order.
        time.sleep(max(0.0, started + DELAYS_S[kind] + 0.5 - time.monotonic()))
    there = opened.books_of(wish.number)
    assert len(there) == (1 if state else len(there[:1]))
    if state is None and not is_open:
        assert there == []
    opened.stage.control("faults/clear", {})
    found = looked_up(opened, wish.number)
    assert (found is not None) == bool(there)
    if found is None:
        opened.connector.place(wish)
    else:
        assert found.number == wish.number
        assert found.supplier_reference or not opened.subject.judges
    assert opened.books == [(wish.number, {opened.good.sku: 1})]


@pytest.mark.parametrize(("name", "ability", "path", "kind"), faults_of(A.ORDER_READING))
def test_an_order_is_never_said_to_be_missing_because_a_look_failed(on, name, ability, path, kind):
    opened = on(name)
    wish = request(opened)
    placed = opened.connector.place(wish)
    opened.fault(path, kind, number=wish.number, count=0)

    try:
        found = opened.connector.find(number=wish.number)
    except OutsideError:
        found = placed

    assert found is not None
    assert found.supplier_reference == placed.supplier_reference
    assert len(opened.books) == 1


@pytest.mark.parametrize("name", who_can(*ORDERS, A.CANCELLATION))
def test_an_order_is_canceled_or_said_to_be_too_late_for_it(on, name):
    opened = on(name)
    wish = request(opened)
    opened.connector.place(wish)

    for _ in range(2):
        try:
            state = opened.connector.cancel(number=wish.number)
        except NotStoppableError:
            assert [number for number, _ in opened.books] == [wish.number]
        else:
            assert state.answer is Answer.CANCELED
            assert opened.books == []


@pytest.mark.parametrize("name", who_can(*ORDERS, A.TRACKING))
def test_many_orders_are_followed_at_once_and_none_of_others(on, name):
    opened = on(name)
    wishes = [request(opened), request(opened)]
    placed = [opened.connector.place(wish) for wish in wishes]
    names = [
        OrderName(number=state.number, supplier_reference=state.supplier_reference)
        for state in placed
    ]

    told = list(opened.connector.track(names))

    assert {state.number for state in told} <= {wish.number for wish in wishes}
    assert all(isinstance(state.answer, Answer) for state in told)


@pytest.mark.parametrize("name", who_judges())
def test_a_call_that_may_have_had_an_effect_is_not_repeated_by_itself(on, name):
    for path in SUBJECTS[name].paths[A.ORDER_PLACING]:
        opened = on(name)
        wish = request(opened)
        opened.fault(path, "drop_after", count=0)
        before = opened.line.gate.count

        with pytest.raises(TemporaryError) as lost:
            opened.connector.place(wish)

        asked = [str(call) for call in opened.line.gate.calls[before:]]
        made = opened.books_of(wish.number)
        assert lost.value.may_have_happened or not made
        assert len(made) <= 1
        assert not made or sum(path in call for call in asked) == 1
