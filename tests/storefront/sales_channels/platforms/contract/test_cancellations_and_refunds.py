"""Contract: a cancellation moves no money, and a refund happens once for each key."""

from dataclasses import replace

import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.sales_channels.platforms.base import PaymentState
from tests.storefront.sales_channels.platforms.contract.cases import refund_of

BLACK, SAND = "headlamp-h1-0", "headlamp-h1-3"


@pytest.fixture
def order_id(store, goods):
    return store.sell({BLACK: 2, SAND: 1})


def test_cancellation_is_made_once_without_a_refund(store, order_id):
    for _ in range(2):
        store.platform.cancel_order(order_id, reason="Out of stock")

    assert store.platform.order(order_id).is_canceled
    assert store.refunds(order_id) == []


def test_order_is_canceled_after_a_lost_answer_and_a_retry(store, order_id):
    store.fault("cancel_order", "drop_after")
    with pytest.raises(TemporaryError) as raised:
        store.platform.cancel_order(order_id, reason="Out of stock")
    assert raised.value.is_outcome_unknown

    store.platform.cancel_order(order_id, reason="Out of stock")

    assert store.platform.order(order_id).is_canceled


def test_refund_of_units_and_delivery(store, order_id):
    write = refund_of(store, order_id, "84.80", units={BLACK: 1}, delivery="4.90")

    made = store.platform.refund(write)

    assert made.external_id
    assert made.amount == store.money("84.80")
    assert made.key == "refund-1"
    order = store.platform.order(order_id)
    (read,) = order.refunds
    assert (read.external_id, read.amount, read.key) == (made.external_id, made.amount, "refund-1")
    assert dict(read.units) == dict(write.units)
    assert order.payment is PaymentState.PARTIALLY_REFUNDED
    assert [str(amount) for amount in store.refunds(order_id)] == ["84.80"]


def test_refund_of_an_amount_without_units(store, order_id):
    store.platform.refund(refund_of(store, order_id, "10.00"))

    (read,) = store.platform.order(order_id).refunds
    assert (read.amount, dict(read.units)) == (store.money("10.00"), {})


def test_refund_is_made_once_despite_a_lost_answer(store, order_id):
    write = refund_of(store, order_id, "79.90", units={BLACK: 1})
    store.fault("refund", "drop_after")
    with pytest.raises(TemporaryError) as raised:
        store.platform.refund(write)
    assert raised.value.is_outcome_unknown

    first = store.platform.refund(write)
    again = store.reconnect().refund(write)

    assert first == again
    assert [str(amount) for amount in store.refunds(order_id)] == ["79.90"]


def test_two_keys_are_two_refunds(store, order_id):
    write = refund_of(store, order_id, "10.00")
    store.platform.refund(write)
    store.platform.refund(replace(write, key="refund-2"))

    assert [str(amount) for amount in store.refunds(order_id)] == ["10.00", "10.00"]
    assert {each.key for each in store.platform.order(order_id).refunds} == {
        "refund-1",
        "refund-2",
    }


def test_key_that_begins_like_another_is_another_refund(store, order_id):
    store.platform.refund(refund_of(store, order_id, "10.00", key="refund-10"))
    store.platform.refund(refund_of(store, order_id, "10.00", key="refund-1"))

    assert len(store.refunds(order_id)) == 2


def test_more_than_was_paid_is_refused(store, order_id):
    with pytest.raises(PermanentError):
        store.platform.refund(refund_of(store, order_id, "900.00"))

    assert store.refunds(order_id) == []


def test_canceled_order_can_be_refunded(store, order_id):
    store.platform.cancel_order(order_id, reason="Out of stock")
    total = store.platform.order(order_id).total

    store.platform.refund(
        refund_of(store, order_id, str(total.amount), units={BLACK: 2, SAND: 1}, delivery="4.90")
    )

    assert store.platform.order(order_id).payment is PaymentState.REFUNDED
    assert store.refunds(order_id) == [total.amount]
