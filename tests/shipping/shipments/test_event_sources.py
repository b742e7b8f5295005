"""Two sources on one parcel: which events count."""

from datetime import timedelta
from itertools import combinations, permutations
from typing import NamedTuple

import pytest

from shipping.shipments.event_sources import drop_superseded
from shipping.shipments.statuses import RANK, WITH_CARRIER, latest
from tests.factories.suppliers import NOON


class Scan(NamedTuple):
    source: str
    carrier_status: str
    happened_at: object


def supplier(status, hours=0.0):
    return Scan("supplier", status, None if hours is None else NOON + timedelta(hours=hours))


def provider(status, hours=0.0):
    return supplier(status, hours)._replace(source="provider")


@pytest.mark.parametrize(
    ("events", "dropped"),
    [
        pytest.param([provider("in_transit")], [], id="only one source"),
        pytest.param([supplier("in_transit"), provider("in_transit", 1)], [1], id="same scan"),
        pytest.param([supplier("in_transit"), provider("in_transit", 4)], [], id="a later scan"),
        pytest.param([supplier("exception"), provider("in_transit", 1)], [1], id="contradiction"),
        pytest.param([supplier("pre_transit"), provider("in_transit", 1)], [], id="label only"),
        pytest.param([supplier("in_transit"), provider("delivered", 1)], [], id="outcome stays"),
        pytest.param([supplier("delivered", None), provider("delivered")], [1], id="same outcome"),
        pytest.param([supplier("in_transit", None), provider("in_transit")], [], id="no time"),
    ],
)
def test_the_supplier_comes_first(events, dropped):
    assert drop_superseded(events) == [one for at, one in enumerate(events) if at not in dropped]


def test_any_set_of_events_gives_one_status_and_never_hides_a_shipment_or_an_outcome():
    hours = (None, 0, 2, 8)
    known = [make(status, at) for make in (supplier, provider) for status in RANK for at in hours]
    for pair in combinations(known, 2):
        result = drop_superseded(pair)
        statuses = {one.carrier_status for one in pair}
        left = {one.carrier_status for one in result}
        assert bool(statuses & WITH_CARRIER) == bool(left & WITH_CARRIER), pair
        for outcome in ("delivered", "lost", "return_to_sender"):
            assert (outcome in statuses) == (outcome in left), pair


def test_720_orders_give_one_status():
    events = [
        supplier("pre_transit", -1),
        supplier("exception", 5),
        provider("in_transit", 0),
        provider("in_transit", 5.5),
        provider("out_for_delivery", 9),
        provider("attempt_failed", 11),
    ]
    results = set()
    for order in permutations(events):
        kept = drop_superseded([*order, order[0]])
        results.add(latest((one.happened_at, one.carrier_status) for one in kept))

    assert results == {(NOON + timedelta(hours=11), "attempt_failed")}
