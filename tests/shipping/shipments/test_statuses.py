from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from shipping.models import Parcel
from shipping.shipments import statuses

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_every_status_has_a_rank():
    assert set(statuses.RANK) == set(Parcel.CarrierStatus.values)
    assert len(set(statuses.RANK.values())) == len(statuses.RANK)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("No tracking", "unknown"),
        ("Shipment information received", "pre_transit"),
        ("Label created, not yet scanned", "pre_transit"),
        ("Left the warehouse", "in_transit"),
        ("In transit", "in_transit"),
        ("in_transit", "in_transit"),
        ("Customs clearance completed", "in_transit"),
        ("Picked up by the local carrier", "in_transit"),
        ("Out for delivery", "out_for_delivery"),
        ("Available for pickup", "available_for_pickup"),
        ("Delivered to parcel shop, awaiting collection", "available_for_pickup"),
        ("Delivery attempt: nobody at home", "attempt_failed"),
        ("Delivery failed", "attempt_failed"),
        ("Not delivered", "attempt_failed"),
        ("Damaged in the hub", "exception"),
        ("Returned to sender", "return_to_sender"),
        ("Delivered, returned to sender", "return_to_sender"),
        ("Parcel lost", "lost"),
        ("DELIVERED", "delivered"),
        ("Signed by Erika", "delivered"),
        ("12", "delivered"),
        ("99", "unknown"),
        ("Das Paket ist weg", "unknown"),
        ("", "unknown"),
        ("a" * 100_000, "unknown"),
    ],
)
def test_carrier_texts_are_mapped(words, status):
    assert statuses.from_text(words) == status


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, "pre_transit"),
        (7, "in_transit"),
        (12, "delivered"),
        (14, "return_to_sender"),
        (77, "unknown"),
    ],
)
def test_cj_codes_are_mapped(code, status):
    assert statuses.from_code(code) == status


def at(hours):
    return NOON + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("updates", "state"),
    [
        ([(at(0), "in_transit"), (at(5), "out_for_delivery"), (at(6), "delivered")], "delivered"),
        ([(at(6), "delivered"), (at(9), "in_transit")], "delivered"),
        ([(at(1), "in_transit"), (at(1), "out_for_delivery")], "out_for_delivery"),
        ([(at(1), "attempt_failed"), (at(20), "in_transit")], "in_transit"),
        ([(None, "exception"), (at(1), "in_transit")], "in_transit"),
        ([(None, "delivered"), (at(1), "in_transit")], "delivered"),
        ([(at(1), "in_transit"), (at(2), "unknown")], "in_transit"),
        ([(None, "pre_transit"), (None, "in_transit")], "in_transit"),
        ([], "unknown"),
    ],
)
def test_the_latest_status_does_not_depend_on_order(updates, state):
    twice = [*updates, *updates[:1]]

    results = {statuses.latest(order)[1] for order in permutations(twice)}

    assert results == {state}
