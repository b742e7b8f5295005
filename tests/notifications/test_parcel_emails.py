"""Parcel e-mails: trigger each by the shop's own code, check its text in both languages."""

from datetime import timedelta

import pytest

from shipping.models import Parcel
from shipping.shipments import shipments
from shipping.shipments.statuses import TrackingUpdate
from tests.factories.orders import make_sellable
from tests.factories.parcels import correct_tracking
from tests.factories.shipping import (
    CJ_NUMBER,
    apply_updates,
    make_accepted_purchase_order,
    make_shipment_notice,
    make_state,
)
from tests.factories.suppliers import NOON
from tests.support.emails import email_test

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


def shipped(answer="shipped"):
    purchase_order = make_accepted_purchase_order(make_sellable(), quantity=2)
    state = make_state(purchase_order, answer, make_shipment_notice())
    shipments.import_parcels(purchase_order=purchase_order, state=state, now=NOON)


def report_status(status, at=NOON - A_DAY):
    apply_updates(TrackingUpdate(status=status, happened_at=at))


def shipped_with_unknown_contents():
    shipped("accepted")
    report_status("in_transit")


def lost():
    shipped()
    report_status("lost")


def returned():
    shipped()
    report_status("return_to_sender")


def out_for_delivery():
    shipped()
    report_status("out_for_delivery")


def not_at_home():
    shipped()
    report_status("attempt_failed")


def interrupted():
    shipped()
    report_status("exception")


def without_number(text):
    """Return the cause of an e-mail: a parcel without a number, for which the supplier states this."""

    def cause():
        purchase_order = make_accepted_purchase_order(make_sellable())
        notice = make_shipment_notice(number="", carrier="", carrier_text=text)
        state = make_state(purchase_order, "shipped", notice)
        shipments.import_parcels(purchase_order=purchase_order, state=state, now=NOON)

    return cause


def delivered():
    shipped()
    report_status("delivered")


def delivered_without_number():
    purchase_order = make_accepted_purchase_order(make_sellable())
    state = make_state(purchase_order, "delivered")
    shipments.import_parcels(purchase_order=purchase_order, state=state, now=NOON)


def delivered_with_unknown_contents():
    shipped("accepted")
    report_status("delivered")


def ready_for_pickup():
    shipped()
    report_status("available_for_pickup", at=NOON)


def corrected():
    shipped()
    correct_tracking(Parcel.objects.get(), "JJD000111222333444")


def corrected_through_an_empty_number():
    shipped()
    correct_tracking(Parcel.objects.get(), "")
    correct_tracking(Parcel.objects.get(), "JJD000111222333444")


CASES = [
    (
        "parcel.ready_for_pickup",
        ready_for_pickup,
        [
            "Your parcel is ready for pickup.",
            "or it goes back to the sender. The tracking page shows where it is",
            CJ_NUMBER,
        ],
    ),
    (
        "parcel.ready_for_pickup",
        without_number("ready for pickup"),
        ["Please collect it soon, or it goes back to the sender."],
    ),
    (
        "parcel.out_for_delivery",
        out_for_delivery,
        ["Your parcel is out for delivery.", CJ_NUMBER, "Track the parcel"],
    ),
    ("parcel.out_for_delivery", without_number("out for delivery"), ["See the order"]),
    (
        "parcel.exception",
        not_at_home,
        ["The carrier could not deliver your parcel.", CJ_NUMBER, "Track the parcel"],
    ),
    (
        "parcel.exception",
        interrupted,
        [
            "The carrier reports a problem with your parcel.",
            "you may need to do something, for example pay customs duty.",
        ],
    ),
    ("parcel.exception", without_number("exception"), ["See the order"]),
    (
        "parcel.delivered",
        delivered,
        ["Your parcel was delivered.", CJ_NUMBER, "In this parcel", "If it did not reach you"],
    ),
    ("parcel.delivered", delivered_without_number, ["Your parcel was delivered."]),
    ("parcel.delivered", delivered_with_unknown_contents, ["If it did not reach you"]),
    (
        "parcel.tracking_changed",
        corrected,
        [
            "A parcel has a new tracking number.",
            "DHL",
            "JJD000111222333444",
            "Former tracking number",
            CJ_NUMBER,
            "Track the parcel",
        ],
    ),
    (
        "parcel.tracking_changed",
        corrected_through_an_empty_number,
        ["A parcel has a new tracking number.", "JJD000111222333444"],
    ),
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
    ("parcel.lost", lost, ["A parcel is lost.", "did not arrive and counts as lost"]),
    (
        "parcel.returned",
        returned,
        [
            "A parcel is being returned to the sender.",
            "The carrier could not deliver a parcel of order",
        ],
    ),
]


test_parcel_email = email_test(CASES)
