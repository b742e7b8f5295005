"""Status and cancellation: canceled or tracked to delivery; a failed look-up proves nothing."""

import time
from contextlib import suppress

import pytest

from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from suppliers.connectors.capabilities import Capability
from suppliers.connectors.records import Acknowledgement, NotCancellableError, OrderReference
from tests.suppliers.connectors.contract.cases import (
    ORDERS,
    PATIENCE_S,
    QUICK_LOSSES,
    STANDING,
    UNKNOWN,
    calls_of,
    connectors_with,
    half_placing_connectors,
    look_up,
    request,
)
from tests.suppliers.connectors.contract.subjects import LOSSES, SUBJECTS

A = Capability


def stopped(opened, number):
    """Cancel an order; return whether it is canceled, checked against the sandbox."""
    try:
        state = opened.connector.cancel(number=number)
    except NotCancellableError:
        assert len(opened.books_of(number)) == 1
        return False
    assert state.answer is Acknowledgement.CANCELED
    assert opened.books_of(number) == []
    return True


def half_placed(opened, path):
    """Return the number of an order whose call at this path failed."""
    wish = request(opened)
    opened.fault(path, "drop_before")
    with pytest.raises(TemporaryError):
        opened.connector.place(wish)
    return wish.number


@pytest.mark.parametrize("name", connectors_with(*ORDERS, A.CANCELLATION))
def test_order_is_canceled_or_too_late(on, name):
    opened = on(name)
    number = opened.connector.place(request(opened)).number

    first, again = (stopped(opened, number) for _ in range(2))

    assert first == again


@pytest.mark.parametrize("name", half_placing_connectors())
def test_half_placed_order_is_canceled_or_resumed(on, name):
    opened = on(name)
    money = opened.money
    ends = set()

    for path in SUBJECTS[name].paths[A.ORDER_PLACING]:
        number = half_placed(opened, path)
        is_stopped = stopped(opened, number)
        ends.add(is_stopped)
        assert is_stopped or look_up(opened, number).answer is Acknowledgement.ACCEPTED
        assert opened.money == money

    assert ends == {True, False}


@pytest.mark.parametrize(("name", "path"), calls_of(A.CANCELLATION))
def test_lost_cancellation_answer_raises(on, name, path):
    opened = on(name)
    money = opened.money

    for kind in QUICK_LOSSES:
        number = half_placed(opened, opened.subject.interrupted_at)
        opened.fault(path, kind, count=0)
        with pytest.raises(ExternalServiceError) as lost:
            opened.connector.cancel(number=number)
        opened.clear_faults()
        assert (kind, isinstance(lost.value, NotCancellableError)) == (kind, False)
        assert lost.value.is_outcome_unknown or opened.books_of(number)
        assert [stopped(opened, number) for _ in range(2)] == [True, True]

    assert (opened.books, opened.money) == ([], money)


def name_of(state):
    return OrderReference(number=state.number, supplier_reference=state.supplier_reference)


def news_of(states):
    return [
        (state.number, state.answer, [parcel.number for parcel in state.parcels])
        for state in states
    ]


@pytest.mark.parametrize("name", connectors_with(*ORDERS, A.TRACKING))
def test_tracking_many_orders_skips_an_unknown_one(on, name):
    opened = on(name)
    placed = [opened.connector.place(request(opened)) for _ in range(2)]
    unknown = OrderReference(number=UNKNOWN, supplier_reference="1")

    told = list(opened.connector.track([unknown, *map(name_of, placed)]))

    assert {state.number: state.answer in STANDING for state in told} == {
        state.number: True for state in placed
    }


@pytest.mark.parametrize(
    ("name", "path"), calls_of(A.TRACKING, full={"tracking/orders", "tracking/carriers"})
)
def test_failed_tracking_neither_loses_nor_invents_parcels(on, name, path):
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
        with suppress(ExternalServiceError):
            told = news_of(opened.connector.track(names))
        with suppress(ExternalServiceError):
            alone = news_of([opened.connector.find(number=placed[0].number)])
        opened.clear_faults()
        assert time.monotonic() - started < 2 * PATIENCE_S
        assert (kind, [each for each in told if each not in truth]) == (kind, [])
        assert (kind, alone) == (kind, truth[:1])

    assert news_of(opened.connector.track(names)) == truth
