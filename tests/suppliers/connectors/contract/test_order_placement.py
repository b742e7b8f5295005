"""Order placement: each order is placed once and can be found, whatever fault hits the call."""

import time

import pytest

from storefront.lib.http.errors import ExternalServiceError, PermanentError, TemporaryError
from suppliers.connectors.capabilities import Capability
from suppliers.connectors.records import DuplicateReferenceError
from tests.suppliers.connectors.contract.cases import (
    ORDERS,
    PATIENCE_S,
    STANDING,
    UNKNOWN,
    connectors_with,
    faults_of,
    look_up,
    request,
    validating_connectors,
)
from tests.suppliers.connectors.contract.subjects import SUBJECTS

A = Capability


@pytest.mark.parametrize("name", connectors_with(*ORDERS))
def test_order_is_placed_once_and_found(on, name):
    opened = on(name)
    wish = request(opened, quantity=2)

    placed = opened.connector.place(wish)

    found = opened.connector.find(number=wish.number)
    assert (placed.number, placed.answer in STANDING) == (wish.number, True)
    assert (found.number, found.supplier_reference) == (wish.number, placed.supplier_reference)
    assert opened.books == [(wish.number, {opened.good.sku: 2})]


@pytest.mark.parametrize("name", connectors_with(*ORDERS))
def test_order_placed_twice_is_one_and_adopted(on, name):
    opened = on(name)
    wish = request(opened)
    first = opened.connector.place(wish)

    try:
        again = opened.connector.place(wish)
    except DuplicateReferenceError:
        again = opened.connector.find(number=wish.number)

    assert again.supplier_reference == first.supplier_reference
    assert opened.books == [(wish.number, {opened.good.sku: 1})]


@pytest.mark.parametrize("name", validating_connectors())
def test_unavailable_item_is_rejected_without_effect(on, name):
    opened = on(name)
    wishes = [
        request(opened, sku="NO-SUCH-SKU"),
        request(opened, quantity=opened.good.quantity + 100_000),
    ]

    for wish in wishes:
        with pytest.raises(PermanentError) as refused:
            opened.connector.place(wish)
        assert not refused.value.is_outcome_unknown
        assert opened.connector.find(number=wish.number) is None
    assert opened.books == []


@pytest.mark.parametrize("name", connectors_with(A.ORDER_READING))
def test_none_proves_absence(on, name):
    assert on(name).connector.find(number=UNKNOWN) is None


@pytest.mark.parametrize("name", connectors_with(A.ORDER_VALIDATION))
def test_validation_places_no_order(on, name):
    opened = on(name)

    opened.connector.validate(request(opened))
    with pytest.raises(PermanentError):
        opened.connector.validate(request(opened, sku="NO-SUCH-SKU"))

    assert opened.books == []


@pytest.mark.parametrize(
    ("name", "ability", "path", "kind"), faults_of(A.ORDER_PLACING, every="cj")
)
def test_order_with_lost_answer_exists_once_and_is_found(on, name, ability, path, kind):
    opened = on(name)
    wish = request(opened)
    opened.fault(path, kind, number=wish.number, count=1)
    money = opened.money
    started = time.monotonic()

    try:
        state = opened.connector.place(wish)
    except ExternalServiceError as error:
        state, is_open = None, error.is_outcome_unknown
    else:
        is_open = False

    assert time.monotonic() - started < PATIENCE_S
    if kind == "slow":
        opened.wait_for_late_effect(started)  # the late request must not add a second order
    there = opened.books_of(wish.number)
    assert len(there) == (1 if state else len(there[:1]))
    if state is None and not is_open:
        assert there == []
    opened.clear_faults()
    found = look_up(opened, wish.number)
    assert (found is not None) == bool(there)
    if found is None:
        opened.connector.place(wish)
    else:
        assert found.number == wish.number
        assert found.supplier_reference or not opened.subject.validates_orders
    assert opened.books == [(wish.number, {opened.good.sku: 1})]
    assert opened.money == money  # paid once


@pytest.mark.parametrize(
    ("name", "ability", "path", "kind"), faults_of(A.ORDER_READING, every="cj")
)
def test_failed_lookup_never_reports_absence(on, name, ability, path, kind):
    opened = on(name)
    wish = request(opened)
    placed = opened.connector.place(wish)
    opened.fault(path, kind, number=wish.number, count=0)

    try:
        found = opened.connector.find(number=wish.number)
    except ExternalServiceError:
        found = placed

    assert found is not None
    assert found.supplier_reference == placed.supplier_reference
    assert len(opened.books) == 1


@pytest.mark.parametrize("name", validating_connectors())
def test_write_with_unknown_effect_is_not_retried(on, name):
    for path in SUBJECTS[name].paths[A.ORDER_PLACING]:
        opened = on(name)
        wish = request(opened)
        opened.fault(path, "drop_after", count=0)
        before = opened.line.gate.count

        with pytest.raises(TemporaryError) as lost:
            opened.connector.place(wish)

        asked = [str(call) for call in opened.line.gate.calls[before:]]
        made = opened.books_of(wish.number)
        assert lost.value.is_outcome_unknown or not made
        assert len(made) <= 1
        assert not made or sum(path in call for call in asked) == 1
