"""Shopify orders: many lines and parcels, holds, other currencies."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from storefront.lib.http.errors import PermanentError
from tests.storefront.sales_channels.platforms.contract.cases import (
    headlamp,
    light,
    parcel,
    refund_of,
    variant,
    written,
)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BLACK = "headlamp-h1-0"


def test_order_with_many_lines_is_read_whole(store, calls):
    many = tuple(variant(f"big-{n}", ("Size", str(n))) for n in range(60))
    written(store, light("big", variants=many))
    order_id = store.sell({each.sku: 1 for each in many})
    calls()

    (listed,) = store.platform.orders_since(LONG_AGO)

    assert calls() == {"orders": 1, "lineItems": 1}
    assert [line.sku for line in listed.lines] == [each.sku for each in many]
    assert listed.lines == store.platform.order(order_id).lines


def test_order_with_many_refunds_is_read_again_alone(store, calls):
    written(store, light())
    order_id = store.sell({"light-1": 1})
    for number in range(12):
        store.platform.refund(refund_of(store, order_id, "1.00", key=f"r{number}"))
    calls()

    (listed,) = store.platform.orders_since(LONG_AGO)

    assert calls() == {"orders": 1, "order": 2}
    assert len(listed.refunds) == 12


def test_poll_goes_through_all_pages(store, calls):
    written(store, light())
    ids = [store.sell({"light-1": 1}) for _ in range(6)]
    calls()

    assert [order.external_id for order in store.platform.orders_since(LONG_AGO)] == ids
    assert calls() == {"orders": 2}


def test_order_on_hold_is_not_fulfilled(store):
    written(store, headlamp())
    order_id = store.sell({BLACK: 1})
    write = parcel(store, order_id)
    store.act("hold", order_id)

    with pytest.raises(PermanentError, match="on hold"):
        store.platform.write_fulfillment(write)

    store.act("hold", order_id, on=False)
    assert store.platform.write_fulfillment(write)


def test_parcel_without_a_number_is_reported_once(store):
    written(store, headlamp())
    order_id = store.sell({BLACK: 2})
    write = parcel(store, order_id, number="")

    assert store.platform.write_fulfillment(write) == store.platform.write_fulfillment(write)
    assert len(store.parcels(order_id)) == 1


def test_shipped_units_that_are_refunded_are_not_canceled(store):
    written(store, headlamp())
    order_id = store.sell({BLACK: 2})
    store.platform.write_fulfillment(parcel(store, order_id, units={BLACK: 1}))

    store.act("refund", order_id, amount="159.80", units={BLACK: 2})

    (line,) = store.platform.order(order_id).lines
    assert (line.quantity, line.canceled) == (2, 1)


def test_payment_in_another_currency_is_refunded_by_the_store(store):
    written(store, headlamp())
    order_id = store.sell({BLACK: 1}, presentment="USD")

    with pytest.raises(PermanentError, match="USD"):
        store.platform.refund(refund_of(store, order_id, "5.00"))


def test_two_simultaneous_refunds_with_one_key_are_one(store):
    """Both look the refund up before either makes it; the idempotency key decides."""
    written(store, headlamp())
    order_id = store.sell({BLACK: 1})
    write = refund_of(store, order_id, "5.00")
    store.fault("refund", "slow", count=2, delay=0.5)
    adapters = [store.platform, store.reconnect()]

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda adapter: adapter.refund(write), adapters))

    assert made[0] == made[1]
    assert [str(amount) for amount in store.refunds(order_id)] == ["5.00"]
