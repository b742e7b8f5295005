"""What becomes of an order: it is stopped, or followed to the door; a failed look tells nothing."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from storefront.lib.http.errors import OutsideError, TemporaryError
from suppliers.connectors.capabilities import Ability
from suppliers.connectors.records import Answer, NotStoppableError, OrderName
from tests.suppliers.connectors.contract.cases import (
    NOBODY,
    ORDERS,
    PATIENCE_S,
    QUICK_LOSSES,
    STANDING,
    calls_of,
    looked_up,
    request,
    who_can,
    who_halts,
)
from tests.suppliers.connectors.contract.subjects import LOSSES, SUBJECTS

A = Ability


def stopped(opened, number):
    """Ask him to stop an order; tell whether he did, which his books have to show."""
    try:
        state = opened.connector.cancel(number=number)
    except NotStoppableError:
        assert len(opened.books_of(number)) == 1
        return False
    assert state.answer is Answer.CANCELED
    assert opened.books_of(number) == []
    return True


def half_placed(opened, path):
    """Let the call of an order fail that is made at this path."""
    wish = request(opened)
    opened.fault(path, "drop_before")
    with pytest.raises(TemporaryError):
        opened.connector.place(wish)
    return wish.number


@pytest.mark.parametrize("name", who_can(*ORDERS, A.CANCELLATION))
def test_an_order_is_canceled_or_said_to_be_too_late_for_it(on, name):
    opened = on(name)
    number = opened.connector.place(request(opened)).number

    first, again = (stopped(opened, number) for _ in range(2))

    assert first == again


@pytest.mark.parametrize("name", who_halts())
def test_an_order_that_stands_half_way_is_stopped_or_can_go_on(on, name):
    opened = on(name)
    money = opened.money
    ends = set()

    for path in SUBJECTS[name].paths[A.ORDER_PLACING]:
        number = half_placed(opened, path)
        is_stopped = stopped(opened, number)
        ends.add(is_stopped)
        assert is_stopped or looked_up(opened, number).answer is Answer.ACCEPTED
        assert opened.money == money

    assert ends == {True, False}


@pytest.mark.parametrize(("name", "path"), calls_of(A.CANCELLATION))
def test_a_lost_answer_about_a_stop_is_no_answer(on, name, path):
    opened = on(name)
    money = opened.money

    for kind in QUICK_LOSSES:
        number = half_placed(opened, opened.subject.halts_at)
        opened.fault(path, kind, count=0)
        with pytest.raises(OutsideError) as lost:
            opened.connector.cancel(number=number)
        opened.heal()
        assert (kind, isinstance(lost.value, NotStoppableError)) == (kind, False)
        assert lost.value.may_have_happened or opened.books_of(number)
        assert [stopped(opened, number) for _ in range(2)] == [True, True]

    assert (opened.books, opened.money) == ([], money)


def name_of(state):
    return OrderName(number=state.number, supplier_reference=state.supplier_reference)


def news_of(states):
    return [
        (state.number, state.answer, [parcel.number for parcel in state.parcels])
        for state in states
    ]


@pytest.mark.parametrize("name", who_can(*ORDERS, A.TRACKING))
def test_many_orders_are_followed_at_once_and_one_that_he_has_not_stops_none(on, name):
    opened = on(name)
    placed = [opened.connector.place(request(opened)) for _ in range(2)]
    nobodys = OrderName(number=NOBODY, supplier_reference="1")

    told = list(opened.connector.track([nobodys, *map(name_of, placed)]))

    assert {state.number: state.answer in STANDING for state in told} == {
        state.number: True for state in placed
    }


@pytest.mark.parametrize(("name", "path"), calls_of(A.TRACKING))
def test_no_parcel_is_lost_or_made_up_because_a_look_failed(on, name, path):
    opened = on(name)
    placed = [opened.connector.place(request(opened)) for _ in range(2)]
    opened.subject.deliver(opened, placed[0].number)
    names = [name_of(state) for state in placed]
    truth = news_of(opened.connector.track(names))
    assert [len(parcels) for _, _, parcels in truth] == [1, 0]

    for kind in (*LOSSES, "wrong_order"):
        started = time.monotonic()
        opened.fault(path, kind, reference=placed[0].supplier_reference, count=0)
        told, alone = [], truth[:1]
        with suppress(OutsideError):
            told = news_of(opened.connector.track(names))
        with suppress(OutsideError):
            alone = news_of([opened.connector.find(number=placed[0].number)])
        opened.heal()
        assert time.monotonic() - started < 2 * PATIENCE_S
        assert (kind, [each for each in told if each not in truth]) == (kind, [])
        assert (kind, alone) == (kind, truth[:1])

    assert news_of(opened.connector.track(names)) == truth
