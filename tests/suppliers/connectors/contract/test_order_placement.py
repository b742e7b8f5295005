"""What a connector orders: once, whatever befalls the call, and it finds out what became of it."""

from __future__ import annotations

import time

import pytest

from storefront.lib.http.errors import OutsideError, PermanentError, TemporaryError
from suppliers.connectors.capabilities import Ability
from suppliers.connectors.records import DuplicateReferenceError
from tests.suppliers.connectors.contract.cases import (
    NOBODY,
    ORDERS,
    PATIENCE_S,
    STANDING,
    faults_of,
    looked_up,
    request,
    who_can,
    who_judges,
)
from tests.suppliers.connectors.contract.subjects import SUBJECTS

A = Ability


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
    money = opened.money
    started = time.monotonic()

    try:
        state = opened.connector.place(wish)
    except OutsideError as error:
        state, is_open = None, error.may_have_happened
    else:
        is_open = False

    assert time.monotonic() - started < PATIENCE_S
    if kind == "slow":
        opened.wait_for_what_is_late(started)  # what he does then must not be a second order
    there = opened.books_of(wish.number)
    assert len(there) == (1 if state else len(there[:1]))
    if state is None and not is_open:
        assert there == []
    opened.heal()
    found = looked_up(opened, wish.number)
    assert (found is not None) == bool(there)
    if found is None:
        opened.connector.place(wish)
    else:
        assert found.number == wish.number
        assert found.supplier_reference or not opened.subject.judges
    assert opened.books == [(wish.number, {opened.good.sku: 1})]
    assert opened.money == money  # it is paid, and once


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
