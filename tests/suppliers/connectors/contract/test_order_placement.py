"""Order placement: each order is placed once and can be found, whatever fault hits the call."""

import time

import pytest

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from suppliers.connectors.capabilities import Capability
from suppliers.connectors.records import DuplicateReferenceError
from tests.suppliers.connectors.contract.cases import (
    OPEN_ANSWERS,
    ORDERS,
    PATIENCE_S,
    UNKNOWN,
    connectors_with,
    faults_of,
    look_up,
    request,
    validating_connectors,
)
from tests.suppliers.connectors.contract.subjects import SUBJECTS


@pytest.mark.parametrize("name", connectors_with(*ORDERS))
def test_order_is_placed_once_and_found(connect, name):
    opened = connect(name)
    order_request = request(opened, quantity=2)

    placed = opened.connector.place(order_request)

    found = opened.connector.find(number=order_request.number)
    assert (placed.number, placed.answer in OPEN_ANSWERS) == (order_request.number, True)
    assert (found.number, found.supplier_reference) == (
        order_request.number,
        placed.supplier_reference,
    )
    assert opened.supplier_orders == [(order_request.number, {opened.item.sku: 2})]


@pytest.mark.parametrize("name", connectors_with(*ORDERS))
def test_order_placed_twice_is_one_and_adopted(connect, name):
    opened = connect(name)
    order_request = request(opened)
    first = opened.connector.place(order_request)

    try:
        again = opened.connector.place(order_request)
    except DuplicateReferenceError:
        again = opened.connector.find(number=order_request.number)

    assert again.supplier_reference == first.supplier_reference
    assert opened.supplier_orders == [(order_request.number, {opened.item.sku: 1})]


@pytest.mark.parametrize("name", validating_connectors())
def test_unavailable_item_is_rejected_without_effect(connect, name):
    opened = connect(name)
    order_requests = [
        request(opened, sku="NO-SUCH-SKU"),
        request(opened, quantity=opened.item.quantity + 100_000),
    ]

    for order_request in order_requests:
        with pytest.raises(PermanentError) as refused:
            opened.connector.place(order_request)
        assert not refused.value.is_outcome_unknown
        assert opened.connector.find(number=order_request.number) is None
    assert opened.supplier_orders == []


@pytest.mark.parametrize("name", connectors_with(Capability.ORDER_READING))
def test_an_order_unknown_to_the_supplier_is_none(connect, name):
    assert connect(name).connector.find(number=UNKNOWN) is None


@pytest.mark.parametrize("name", connectors_with(Capability.ORDER_VALIDATION))
def test_validation_places_no_order(connect, name):
    opened = connect(name)

    opened.connector.validate(request(opened))
    with pytest.raises(PermanentError):
        opened.connector.validate(request(opened, sku="NO-SUCH-SKU"))

    assert opened.supplier_orders == []


@pytest.mark.parametrize(
    ("name", "ability", "path", "kind"), faults_of(Capability.ORDER_PLACING, every="cj")
)
def test_order_with_lost_answer_exists_once_and_is_found(connect, name, ability, path, kind):
    opened = connect(name)
    order_request = request(opened)
    opened.fault(path, kind, number=order_request.number, count=1)
    money = opened.money
    started = time.monotonic()

    try:
        state = opened.connector.place(order_request)
    except ExternalServiceError as error:
        state, is_open = None, error.is_outcome_unknown
    else:
        is_open = False

    assert time.monotonic() - started < PATIENCE_S
    if kind == "slow":
        opened.wait_for_late_effect(started)  # the late request must not add a second order
    stored = opened.supplier_orders_of(order_request.number)
    assert len(stored) == (1 if state else len(stored[:1]))
    if state is None and not is_open:
        assert stored == []
    opened.clear_faults()
    found = look_up(opened, order_request.number)
    assert (found is not None) == bool(stored)
    if found is None:
        opened.connector.place(order_request)
    else:
        assert found.number == order_request.number
        assert found.supplier_reference or not opened.subject.validates_orders
    assert opened.supplier_orders == [(order_request.number, {opened.item.sku: 1})]
    assert opened.money == money  # paid once


@pytest.mark.parametrize(
    ("name", "ability", "path", "kind"), faults_of(Capability.ORDER_READING, every="cj")
)
def test_failed_lookup_never_reports_absence(connect, name, ability, path, kind):
    opened = connect(name)
    order_request = request(opened)
    placed = opened.connector.place(order_request)
    opened.fault(path, kind, number=order_request.number, count=0)

    try:
        found = opened.connector.find(number=order_request.number)
    except ExternalServiceError:
        found = placed

    assert found is not None
    assert found.supplier_reference == placed.supplier_reference
    assert len(opened.supplier_orders) == 1


@pytest.mark.parametrize("name", validating_connectors())
def test_write_with_unknown_effect_is_not_retried(connect, name):
    for path in SUBJECTS[name].paths[Capability.ORDER_PLACING]:
        opened = connect(name)
        order_request = request(opened)
        opened.fault(path, "drop_after", count=0)
        before = opened.context.gate.count

        with pytest.raises(TemporaryError) as lost:
            opened.connector.place(order_request)

        asked = [str(call) for call in opened.context.gate.calls[before:]]
        made = opened.supplier_orders_of(order_request.number)
        assert lost.value.is_outcome_unknown or not made
        assert len(made) <= 1
        assert not made or sum(path in call for call in asked) == 1
