"""Status and cancellation: a failed call neither cancels an order nor changes its parcels."""

import time
from contextlib import suppress

import pytest

from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from suppliers.connectors.capabilities import Capability
from suppliers.connectors.records import Acknowledgement, NotCancellableError, OrderReference
from tests.suppliers.connectors.contract.cases import (
    OPEN_ANSWERS,
    ORDERS,
    PATIENCE_S,
    QUICK_LOSSES,
    UNKNOWN,
    calls_of,
    connectors_with,
    half_placing_connectors,
    look_up,
    request,
)
from tests.suppliers.connectors.contract.subjects import LOSSES, SUBJECTS


def is_canceled(opened, number):
    """Cancel an order; return whether it is canceled, checked against the sandbox."""
    try:
        state = opened.connector.cancel(number=number)
    except NotCancellableError:
        assert len(opened.supplier_orders_of(number)) == 1
        return False
    assert state.answer is Acknowledgement.CANCELED
    assert opened.supplier_orders_of(number) == []
    return True


def half_place(opened, path):
    """Return the number of an order whose call at this path failed."""
    order_request = request(opened)
    opened.fault(path, "drop_before")
    with pytest.raises(TemporaryError):
        opened.connector.place(order_request)
    return order_request.number


@pytest.mark.parametrize("name", connectors_with(*ORDERS, Capability.CANCELLATION))
def test_order_is_canceled_or_too_late(connect, name):
    opened = connect(name)
    number = opened.connector.place(request(opened)).number

    first, again = (is_canceled(opened, number) for _ in range(2))

    assert first == again


@pytest.mark.parametrize("name", half_placing_connectors())
def test_half_placed_order_is_canceled_or_resumed(connect, name):
    opened = connect(name)
    money = opened.money
    results = set()

    for path in SUBJECTS[name].paths[Capability.ORDER_PLACING]:
        number = half_place(opened, path)
        was_canceled = is_canceled(opened, number)
        results.add(was_canceled)
        assert was_canceled or look_up(opened, number).answer is Acknowledgement.ACCEPTED
        assert opened.money == money

    assert results == {True, False}


@pytest.mark.parametrize(("name", "path"), calls_of(Capability.CANCELLATION))
def test_lost_cancellation_answer_raises(connect, name, path):
    opened = connect(name)
    money = opened.money

    for kind in QUICK_LOSSES:
        if opened.subject.interrupted_at:
            number = half_place(opened, opened.subject.interrupted_at)
        else:
            number = opened.connector.place(request(opened)).number
        opened.fault(path, kind, count=0)
        with pytest.raises(ExternalServiceError) as lost:
            opened.connector.cancel(number=number)
        opened.clear_faults()
        assert (kind, isinstance(lost.value, NotCancellableError)) == (kind, False)
        assert lost.value.is_outcome_unknown or opened.supplier_orders_of(number)
        assert [is_canceled(opened, number) for _ in range(2)] == [True, True]

    assert (opened.supplier_orders, opened.money) == ([], money)


def reference_of(state):
    return OrderReference(number=state.number, supplier_reference=state.supplier_reference)


def reports(states):
    return [
        (state.number, state.answer, [parcel.number for parcel in state.parcels])
        for state in states
    ]


@pytest.mark.parametrize("name", connectors_with(*ORDERS, Capability.TRACKING))
def test_tracking_many_orders_skips_an_unknown_one(connect, name):
    opened = connect(name)
    placed = [opened.connector.place(request(opened)) for _ in range(2)]
    unknown = OrderReference(number=UNKNOWN, supplier_reference="1")

    found = list(opened.connector.track([unknown, *map(reference_of, placed)]))

    assert {state.number: state.answer in OPEN_ANSWERS for state in found} == {
        state.number: True for state in placed
    }


@pytest.mark.parametrize(
    ("name", "path"), calls_of(Capability.TRACKING, full={"tracking/orders", "tracking/carriers"})
)
def test_failed_tracking_neither_loses_nor_invents_parcels(connect, name, path):
    opened = connect(name)
    placed = [opened.connector.place(request(opened)) for _ in range(2)]
    opened.subject.deliver(opened, placed[0].number)
    references = [reference_of(state) for state in placed]
    expected = reports(opened.connector.track(references))
    assert [len(parcels) for _, _, parcels in expected] == [1, 0]

    for kind in (*LOSSES, "wrong_order"):
        started = time.monotonic()
        opened.fault(path, kind, reference=placed[0].supplier_reference, count=0)
        found, alone = [], expected[:1]
        with suppress(ExternalServiceError):
            found = reports(opened.connector.track(references))
        with suppress(ExternalServiceError):
            alone = reports([opened.connector.find(number=placed[0].number)])
        opened.clear_faults()
        assert time.monotonic() - started < 2 * PATIENCE_S
        assert (kind, [each for each in found if each not in expected]) == (kind, [])
        assert (kind, alone) == (kind, expected[:1])

    assert reports(opened.connector.track(references)) == expected
