"""Contract: a parcel is reported once, with its units and its tracking number."""

from dataclasses import replace

import pytest

from storefront.lib.http.errors import PermanentError, TemporaryError
from tests.storefront.sales_channels.platforms.contract.cases import parcel

BLACK, SAND = "headlamp-h1-0", "headlamp-h1-3"


@pytest.fixture
def order_id(store, goods):
    return store.sell({BLACK: 2, SAND: 1})


def reported(store, order_id):
    return [(row["number"], row["units"]) for row in store.parcels(order_id)]


def test_parcel_is_reported_with_its_number(store, order_id):
    fulfillment = parcel(store, order_id)

    assert store.platform.write_fulfillment(fulfillment)

    (row,) = store.parcels(order_id)
    assert (row["number"], row["url"]) == ("JJD0001", "https://track.example/JJD0001")
    assert row["units"] == {BLACK: 2, SAND: 1}


def test_parcel_is_reported_once_despite_a_lost_answer(store, order_id):
    fulfillment = parcel(store, order_id)
    store.fault("write_fulfillment", "drop_after")
    with pytest.raises(TemporaryError) as raised:
        store.platform.write_fulfillment(fulfillment)
    assert raised.value.is_outcome_unknown

    first = store.platform.write_fulfillment(fulfillment)

    assert store.reconnect().write_fulfillment(fulfillment) == first
    assert len(store.parcels(order_id)) == 1


def test_rest_goes_in_a_second_parcel(store, order_id):
    first = parcel(store, order_id, units={BLACK: 1})
    second = parcel(store, order_id, units={BLACK: 1, SAND: 1}, number="JJD0002", key="parcel-2")

    assert store.platform.write_fulfillment(first) != store.platform.write_fulfillment(second)

    assert reported(store, order_id) == [
        ("JJD0001", {BLACK: 1}),
        ("JJD0002", {BLACK: 1, SAND: 1}),
    ]


def test_tracking_number_can_change(store, order_id):
    fulfillment = parcel(store, order_id)
    key = store.platform.write_fulfillment(fulfillment)
    changed = replace(
        fulfillment, tracking_number="JJD0009", tracking_url="https://track.example/JJD0009"
    )

    for _ in range(2):
        store.platform.update_tracking(key, changed)

    (row,) = store.parcels(order_id)
    assert (row["number"], row["url"]) == ("JJD0009", "https://track.example/JJD0009")
    assert store.platform.write_fulfillment(changed) == key


def test_parcel_of_a_canceled_order_is_refused(store, order_id):
    fulfillment = parcel(store, order_id)
    store.act("cancel", order_id)

    with pytest.raises(PermanentError):
        store.platform.write_fulfillment(fulfillment)

    assert store.parcels(order_id) == []


def test_parcel_of_an_unknown_order_is_refused(store, order_id):
    fulfillment = parcel(store, order_id)
    head, _, number = order_id.rpartition("/")
    unknown = f"{head}/{int(number) + 900_000}" if head else str(int(number) + 900_000)

    with pytest.raises(PermanentError):
        store.platform.write_fulfillment(replace(fulfillment, order_id=unknown))
