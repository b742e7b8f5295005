"""Parcel rules: each cause of the inbox ends with an act on its parcel."""

from datetime import timedelta

import pytest

from orders.models import Order
from shipping.models import Parcel
from storefront.dashboard.inbox.rules.parcels import PARCELS, SILENT_PARCELS
from tests.factories.parcels import (
    act_on_parcel,
    correct_tracking,
    make_parcel_in,
    report_status,
)
from tests.factories.silence import make_silent, watch
from tests.factories.suppliers import NOON
from tests.storefront.dashboard.inbox.test_query import items_of

pytestmark = pytest.mark.django_db

RULES = (*PARCELS, *SILENT_PARCELS)
LONG_AGO = NOON - timedelta(days=12)
RIGHT = "JJD000111222333444"


def make_unscanned():
    make_silent("", status="label_created")
    Parcel.objects.update(label_created_at=LONG_AGO)
    watch(0)


def make_reported(status, text=""):
    make_silent(status, days=12, text=text)
    watch(0)


def make_late():
    make_silent("in_transit")
    order = Order.objects.get()
    order.delivery_plan[0]["arrives_to"] = LONG_AGO.date().isoformat()
    order.save()
    watch(0)


def make_exception():
    make_parcel_in("shipped")
    report_status("exception", at=LONG_AGO)


def make_doubtful(finding):
    make_parcel_in("shipped")
    Parcel.objects.update(carrier_finding=finding)


CAUSES = {
    "parcel_check_digit": lambda: make_doubtful("check_digit"),
    "parcel_other_carrier": lambda: make_doubtful("other_carrier"),
    "parcel_exception": make_exception,
    "parcel_not_scanned": make_unscanned,
    "parcel_not_collected": lambda: make_reported("available_for_pickup"),
    "parcel_without_updates": lambda: make_reported("in_transit"),
    "parcel_late": make_late,
    "parcel_in_customs": lambda: make_reported("in_transit", text="Held by customs"),
    "parcel_going_back": lambda: make_reported("return_to_sender"),
    "parcel_tracking_ended": lambda: make_reported("expired"),
    "parcel_unresolved": lambda: make_parcel_in("lost"),
    "parcel_found": lambda: make_parcel_in("delivered refunded"),
}
# The acts that end each cause; of ``mark_lost`` and ``mark_returned`` another one follows.
ACTS = {
    "parcel_check_digit": "mark_lost mark_returned mark_delivered correct_tracking",
    "parcel_other_carrier": "mark_lost mark_returned mark_delivered correct_tracking",
    "parcel_exception": "mark_lost mark_returned mark_delivered correct_tracking",
    "parcel_not_scanned": "void_label mark_lost mark_returned mark_delivered correct_tracking",
    **dict.fromkeys(
        (
            "parcel_not_collected",
            "parcel_without_updates",
            "parcel_in_customs",
            "parcel_going_back",
            "parcel_tracking_ended",
        ),
        "mark_lost mark_returned mark_delivered correct_tracking",
    ),
    "parcel_late": "mark_lost mark_returned mark_delivered",
    "parcel_unresolved": "refund replace close mark_delivered",
    "parcel_found": "close",
}


def found():
    return {rule.code for rule in RULES if items_of(rule.code)}


def test_each_cause_has_acts():
    others = {"tracking_number_rejected", "tracking_provider_failing"}  # of the tracking provider

    assert {rule.code for rule in RULES} - others == set(CAUSES) == set(ACTS)


@pytest.mark.parametrize(
    ("code", "act"), [(code, act) for code, acts in ACTS.items() for act in acts.split()]
)
def test_each_act_ends_the_row_of_its_cause(code, act):
    CAUSES[code]()
    parcel = Parcel.objects.get()
    before = found()

    if act == "correct_tracking":
        correct_tracking(parcel, RIGHT)
    else:
        act_on_parcel(parcel, act)
    watch(0)

    follows = {"parcel_unresolved"} if act in {"mark_lost", "mark_returned"} else set()
    assert (before, found()) == ({code}, follows)
