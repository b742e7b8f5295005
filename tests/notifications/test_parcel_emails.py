"""Parcel e-mails: trigger each by the shop's own code, check its text in both languages."""

from datetime import timedelta

import pytest

from shipping.shipments import shipments, tracking
from shipping.shipments.statuses import TrackingUpdate
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    CJ_NUMBER,
    make_accepted_purchase_order,
    make_shipment_notice,
    make_state,
)
from tests.factories.suppliers import NOON
from tests.support.emails import problems_of

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def shipped(answer="shipped"):
    purchase_order = make_accepted_purchase_order(make_sellable(), quantity=2)
    state = make_state(purchase_order, answer, make_shipment_notice())
    shipments.import_parcels(purchase_order=purchase_order, state=state, now=NOON)


def report_status(status):
    update = TrackingUpdate(status=status, happened_at=NOON - A_DAY)
    tracking.apply(carrier="CJPacket Ordinary", number=CJ_NUMBER, updates=[update], now=NOON)


def shipped_with_unknown_contents():
    shipped("accepted")
    report_status("in_transit")


def lost():
    shipped()
    report_status("lost")


def returned():
    shipped()
    report_status("return_to_sender")


CASES = [
    (
        "parcel.shipped",
        shipped,
        [
            "Your parcel is on its way.",
            "CJPacket",
            CJ_NUMBER,
            "1–5 Dec",
            "In this parcel",
            "Track the parcel",
        ],
    ),
    (
        "parcel.shipped",
        shipped_with_unknown_contents,
        ["The supplier did not say which items are in this parcel."],
    ),
    ("parcel.lost", lost, ["A parcel is lost.", "it has lost a parcel of order"]),
    (
        "parcel.returned",
        returned,
        [
            "A parcel is being returned to the sender.",
            "The carrier could not deliver a parcel of order",
        ],
    ),
]


@pytest.mark.parametrize(("name", "cause", "sentences"), CASES)
def test_parcel_email(name, cause, sentences):
    cause()

    assert problems_of(name, sentences) == []
